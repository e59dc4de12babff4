// The parking lot; see wait_queue.hpp.

#include "async/wait_queue.hpp"

namespace belfry::async::detail {

WaitQueue::~WaitQueue() {
  while (pop() != nullptr) {
  }
}

void WaitQueue::push(QueuedWaiter& waiter) noexcept {
  waiter.queue_ = this;
  waiter.previous_ = last_;
  waiter.next_ = nullptr;
  (last_ != nullptr ? last_->next_ : first_) = &waiter;
  last_ = &waiter;
  ++size_;
}

void WaitQueue::remove(QueuedWaiter& waiter) noexcept {
  (waiter.previous_ != nullptr ? waiter.previous_->next_ : first_) = waiter.next_;
  (waiter.next_ != nullptr ? waiter.next_->previous_ : last_) = waiter.previous_;
  waiter.queue_ = nullptr;
  --size_;
}

QueuedWaiter* WaitQueue::pop() noexcept {
  QueuedWaiter* const waiter = first_;
  if (waiter != nullptr) remove(*waiter);
  return waiter;
}

void WaitQueue::complete_all() noexcept {
  while (QueuedWaiter* const waiter = pop()) waiter->serve();
}

}  // namespace belfry::async::detail
