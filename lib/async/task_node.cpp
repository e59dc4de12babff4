// The life of a spawned task: begin, step, end; see task_node.hpp. How it parks is in waiter.cpp.

#include "async/task_node.hpp"

#include "async/complaints.hpp"
#include "async/loop.hpp"
#include "async/loop_runner.hpp"
#include "async/waiter.hpp"

namespace belfry::async::detail {

TaskNode::~TaskNode() {
  if (!root_) return;
  const QuietDestruction consequences;
  root_.destroy();
}

std::string TaskNode::name() const {
  if (name_size == 0) return "task-" + std::to_string(id);
  return {given_name(), name_size};
}

void TaskNode::begin(Loop& loop, ScopeNode* parent_scope, TaskOwner* group) {
  loop_ = &loop;
  owner_ = group;
  Registry& registry = loop.runner().registry;
  id = registry.new_id();
  root_scope_.link(parent_scope, *this);
  ownership = group != nullptr ? Owner::group : Owner::handle;
  registry.add(*this);
  retain();  // the loop
  retain();  // its ready queue
  loop.make_ready(*this);
}

void TaskNode::step() noexcept {
  if (ended_) return;  // destroyed while it was queued
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
    take_outcome();
    end();
  }
}

void TaskNode::resume() {
  Waiter* const waiter = std::exchange(parked_, nullptr);
  if (waiter == nullptr) return;  // its frame is gone: nothing is left to resume
  waits_for.store(nullptr, std::memory_order_relaxed);
  waiter->waits_for_ = nullptr;  // it no longer waits, and may outlive the task
  waiter->promise_->frame().resume();
}

void TaskNode::destroy_frame() noexcept {
  fail(std::make_exception_ptr(Cancelled(CancelReason::shutdown)));
  end();
  loop_->registry().remove(*this);
  release();  // the loop's reference
}

void TaskNode::end() noexcept {
  {
    const QuietDestruction consequences;
    std::exchange(root_, nullptr).destroy();
  }
  root_scope_.unlink();
  ended_ = true;
  if (owner_ != nullptr) std::exchange(owner_, nullptr)->task_ended(*this, error());
  if (ownership >= Owner::detached) report_lost_error();
}

void TaskNode::report_lost_error() noexcept {
  if (retrieved) return;
  retrieved = true;
  const std::exception_ptr error = this->error();
  if (!error || is_cancelled(error)) return;
  Loop* const loop = Loop::current_or_null();  // a handle may outlive its loop
  if (loop == nullptr) return;
  loop->complaints().add(ComplaintKind::error_lost, [&] { return about(*this, describe_error(error)); });
}

}  // namespace belfry::async::detail
