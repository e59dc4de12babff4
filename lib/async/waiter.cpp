// Parking and waking; see waiter.hpp.

#include "async/waiter.hpp"

#include "async/loop.hpp"
#include "async/task_node.hpp"

namespace belfry::async {

Waiter::~Waiter() {
  // Only while it is parked the task is certain to live: a generator's frame may be destroyed after the task that ran
  // it.
  if (promise_ != nullptr && waits_for_ != nullptr) task().unpark(*this);
}

Loop& Waiter::loop() const noexcept { return *task().loop(); }

bool Waiter::suspend(detail::PromiseBase& promise) {
  detail::TaskNode& task = *promise.task();
  promise_ = &promise;
  if (task.scope().source() != nullptr && !deaf_) {
    state_ = State::cancelled;
    waits_for_ = nullptr;
    return false;
  }
  state_ = State::waiting;
  bool wait = false;
  try {
    wait = start();
  } catch (...) {
    state_ = State::idle;
    waits_for_ = nullptr;
    throw;
  }
  if (wait) {
    task.park(*this);
    return true;
  }
  state_ = State::completed;
  if (!task.loop()->spend_fairness()) {
    waits_for_ = nullptr;
    return false;
  }
  task.park(*this);
  task.make_ready();
  return true;
}

void Waiter::complete() noexcept {
  if (state_ != State::waiting) return;
  state_ = State::completed;
  task().make_ready();
}

void Waiter::complete_cancelled() noexcept {
  if (state_ != State::waiting) return;
  state_ = State::cancelled;
  task().make_ready();
}

void Waiter::finish() const {
  if (state_ != State::cancelled) return;
  const detail::ScopeNode* const source = task().scope().source();
  if (source == nullptr)
    throw Cancelled(CancelReason::user);  // the operation itself ended in
                                          // complete_cancelled()
  source->throw_cancelled();
}

}  // namespace belfry::async
