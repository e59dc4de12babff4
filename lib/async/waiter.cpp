// Parking and waking; see waiter.hpp.

#include "async/waiter.hpp"

#include "async/loop.hpp"
#include "async/task_node.hpp"

namespace belfry::async {

Waiter::~Waiter() {
  if (task_ != nullptr && task_->parked() == this) task_->unpark(*this);
}

Loop& Waiter::loop() const noexcept { return *task_->loop(); }

bool Waiter::suspend(detail::PromiseBase& promise, std::coroutine_handle<> handle) {
  task_ = promise.task();
  promise_ = &promise;
  handle_ = handle;
  if (task_->scope().source() != nullptr && !deaf_) {
    state_ = State::cancelled;
    return false;
  }
  state_ = State::waiting;
  bool wait = false;
  try {
    wait = start();
  } catch (...) {
    state_ = State::idle;
    throw;
  }
  if (wait) {
    task_->park(*this);
    return true;
  }
  state_ = State::completed;
  if (!task_->loop()->spend_fairness()) return false;
  task_->park(*this);
  task_->make_ready();
  return true;
}

void Waiter::complete() noexcept {
  if (state_ != State::waiting) return;
  state_ = State::completed;
  task_->make_ready();
}

void Waiter::complete_cancelled() noexcept {
  if (state_ != State::waiting) return;
  state_ = State::cancelled;
  task_->make_ready();
}

void Waiter::finish() const {
  if (state_ != State::cancelled) return;
  const detail::ScopeNode* const source = task_->scope().source();
  if (source == nullptr) throw Cancelled(CancelReason::user);  // the operation itself ended in complete_cancelled()
  source->throw_cancelled();
}

}  // namespace belfry::async
