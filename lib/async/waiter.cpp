// Parking and waking; see waiter.hpp.

#include "async/waiter.hpp"

#include "async/loop.hpp"
#include "async/loop_runner.hpp"
#include "async/task_node.hpp"

namespace belfry::async {
namespace detail {

void TaskNode::make_ready() noexcept {
  if (queued()) return;
  retain();
  loop_->make_ready(*this);
}

void TaskNode::park(Waiter& waiter) noexcept {
  parked_ = &waiter;
  place.store(waiter.promise_->site(), std::memory_order_relaxed);
  waits_for.store(waiter.waits_for(), std::memory_order_relaxed);
}

void TaskNode::unpark(Waiter& waiter) noexcept {
  if (parked_ == &waiter) parked_ = nullptr;
}

void TaskNode::cancel_wait() noexcept {
  if (parked_ == nullptr || !parked_->waiting() || parked_->deaf_) return;
  if (parked_->abandon()) parked_->complete_cancelled();
}

}  // namespace detail

void Waiter::report(WaitReport& /*report*/) const {}

void Waiter::leave_task() noexcept { task().unpark(*this); }

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
  if (!task.loop()->runner().spend_fairness()) {
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

void Waiter::throw_cancelled() const {
  const detail::ScopeNode* const source = task().scope().source();
  if (source == nullptr) throw Cancelled(CancelReason::user);  // the operation itself ended in complete_cancelled()
  source->throw_cancelled();
}

}  // namespace belfry::async
