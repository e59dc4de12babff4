// A task parked at a function; see thread_pool_call.hpp.
#include "async/thread_pool_call.hpp"

#include "async/loop.hpp"
#include "async/thread_pool_core.hpp"

namespace belfry::async::detail {

ThreadWait::~ThreadWait() {
  call_->wait_ = nullptr;
  core_->forget(*call_);
  over();
}

bool ThreadWait::start() {
  call_->wait_ = this;
  call_->context_ = current_context();
  core_->submit(call_, loop());
  loop().external_work_begin();
  under_way_ = true;
  return true;
}

bool ThreadWait::abandon() noexcept {
  const Release release = core_->release(*call_, on_cancel_);
  if (release == Release::ended) return false;  // what came of it is on its way, and it was there first
  call_->request_stop();  // only now: a function that obeys at once must not look as if it had ended before
  if (release == Release::released) {
    over();
    return true;
  }
  cancelled_ = true;
  return false;
}

void ThreadWait::delivered() noexcept {
  over();
  if (cancelled_) {
    complete_cancelled();
  } else {
    complete();
  }
}

void ThreadWait::over() noexcept {
  if (under_way_) loop().external_work_end();
  under_way_ = false;
}

}  // namespace belfry::async::detail
