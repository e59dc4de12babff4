// A task parked at a function; see thread_pool_call.hpp.
#include "async/thread_pool_call.hpp"

#include "async/loop.hpp"
#include "async/thread_pool_core.hpp"

namespace belfry::async::detail {

void CallList::push(CallRef call) noexcept {
  ThreadCall& last = *call.release();
  last.previous_ = last_;
  last.next_ = nullptr;
  (last_ != nullptr ? last_->next_ : first_) = &last;
  last_ = &last;
  ++size_;
}

CallRef CallList::remove(ThreadCall& call) noexcept {
  (call.previous_ != nullptr ? call.previous_->next_ : first_) = call.next_;
  (call.next_ != nullptr ? call.next_->previous_ : last_) = call.previous_;
  --size_;
  return CallRef(&call);
}

void CallList::append(CallList& other) noexcept {
  if (other.empty()) return;
  other.first_->previous_ = last_;
  (last_ != nullptr ? last_->next_ : first_) = other.first_;
  last_ = other.last_;
  size_ += other.size_;
  other.first_ = other.last_ = nullptr;
  other.size_ = 0;
}

ThreadWait::~ThreadWait() {
  if (!submitted_) return;
  core_->forget(*call_);
  over();
}

bool ThreadWait::start() {
  call_->wait_ = this;
  call_->context_ = current_context();
  core_->submit(call_, loop());
  submitted_ = true;
  holds_clock_ = loop().clock().manual() != nullptr;
  if (holds_clock_) loop().external_work_begin();
  return true;
}

bool ThreadWait::abandon() noexcept {
  const Release release = core_->release(*call_, on_cancel_);
  if (release == Release::ended) return false;  // what came of it is on its way, and it was there first
  call_->request_stop();                        // only now: a function that obeys at once must not
                                                // look as if it had ended before
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
  submitted_ = false;
  call_->wait_ = nullptr;
  if (std::exchange(holds_clock_, false)) loop().external_work_end();
}

}  // namespace belfry::async::detail
