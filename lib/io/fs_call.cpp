#include "io/fs_call.hpp"

#include <utility>

#include "async/loop.hpp"

namespace belfry::io::fs {

Call::~Call() {
  if (!waiting()) return;
  // The frame is destroyed while a thread works on the request: done() frees it.
  uv_cancel(reinterpret_cast<uv_req_t*>(&state_->request));
  state_.release()->waiter = nullptr;
}

bool Call::start() {
  state_->waiter = this;
  state_->request.data = state_.get();
  const int result = begin_(loop().uv(), *state_, &Call::done);
  state_->begun = true;
  if (result < 0) state_->request.result = result;
  return result >= 0;
}

bool Call::abandon() noexcept {
  uv_cancel(reinterpret_cast<uv_req_t*>(&state_->request));  // refused when it runs already; done() comes in both cases
  return false;
}

void Call::done(uv_fs_t* request) {
  auto* state = static_cast<CallState*>(request->data);
  if (state->waiter == nullptr) {
    FreeCallState()(state);
  } else if (request->result == UV_ECANCELED) {
    state->waiter->complete_cancelled();
  } else {
    state->waiter->complete();
  }
}

CallStatePtr Call::await_resume() {
  finish();
  return std::move(state_);
}

async::Task<CallStatePtr> perform(const char* operation, std::string path, Begin begin) {
  Call call(operation, std::move(begin));
  CallStatePtr state = co_await call;
  if (state->request.result < 0) throw IoError(static_cast<int>(-state->request.result), operation, std::move(path));
  co_return state;
}

}  // namespace belfry::io::fs
