// The life of a spawned task: begin, step, park, end; see task_node.hpp.

#include "async/task_node.hpp"

#include "async/loop.hpp"
#include "async/registry.hpp"
#include "async/waiter.hpp"

namespace belfry::async::detail {

TaskNode::~TaskNode() {
  if (root_) root_.destroy();
}

void TaskNode::begin(Loop& loop, ScopeNode* parent_scope, TaskOwner* group) {
  loop_ = &loop;
  owner_ = group;
  created = loop.now_ns();
  context = current_context();
  root_scope_.link(parent_scope, *this);
  owner = group != nullptr ? Owner::group : Owner::handle;
  loop.registry().add(*this);
  retain();
  make_ready();
}

void TaskNode::make_ready() noexcept {
  if (!queued()) loop_->make_ready(*this);
}

void TaskNode::park(Waiter& waiter) noexcept {
  parked_ = &waiter;
  place.store(waiter.promise_->site(), std::memory_order_relaxed);
  waits_for.store(waiter.waits_for(), std::memory_order_relaxed);
}

void TaskNode::unpark(Waiter& waiter) noexcept {
  if (parked_ != &waiter) return;
  parked_ = nullptr;
  leave_queue();
}

void TaskNode::cancel_wait() noexcept {
  if (parked_ == nullptr || !parked_->waiting() || parked_->deaf_) return;
  if (parked_->abandon()) parked_->complete_cancelled();
}

void TaskNode::run() noexcept {
  if (started_) {
    resume();
  } else if (started_ = true; root_scope_.source() != nullptr) {
    fail(std::make_exception_ptr(root_scope_.source()->as_exception()));
    end();
    return;
  } else {
    root_.resume();
  }
  if (root_.done()) {
    take_result();
    end();
  }
}

void TaskNode::resume() {
  Waiter& waiter = *parked_;
  parked_ = nullptr;
  waits_for.store(nullptr, std::memory_order_relaxed);
  waiter.handle_.resume();
}

void TaskNode::destroy_frame() noexcept {
  fail(std::make_exception_ptr(Cancelled(CancelReason::shutdown)));
  end();
}

void TaskNode::end() noexcept {
  std::exchange(root_, nullptr).destroy();
  leave_queue();
  root_scope_.unlink();
  ended_ = true;
  loop_->registry().remove(*this);
  joiners.complete_all();
  if (owner_ != nullptr) {
    retrieved = true;
    std::exchange(owner_, nullptr)->task_ended(error());
  }
  if (owner == Owner::detached || owner == Owner::dropped) report_lost_error();
  release();  // the loop's reference
}

void TaskNode::report_lost_error() noexcept {
  if (std::exchange(retrieved, true)) return;
  const std::exception_ptr error = this->error();
  if (!error || is_cancelled(error)) return;
  if (Loop* const loop = Loop::current_or_null(); loop != nullptr) loop->error_not_retrieved();
}

}  // namespace belfry::async::detail
