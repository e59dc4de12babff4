// Linking, marking and the propagation of a cancellation down the tree; see cancel_tree.hpp.

#include "async/cancel_tree.hpp"

#include <stdexcept>

#include "async/cancel.hpp"
#include "async/cancel_patrol.hpp"
#include "async/loop.hpp"
#include "async/task_node.hpp"

namespace belfry::async {

std::string_view to_string(CancelReason reason) noexcept {
  switch (reason) {
    case CancelReason::user:
      return "user";
    case CancelReason::timeout:
      return "timeout";
    case CancelReason::shutdown:
      return "shutdown";
    case CancelReason::sibling_failed:
      return "sibling_failed";
    case CancelReason::replaced:
      return "replaced";
    case CancelReason::owner_gone:
      return "owner_gone";
    case CancelReason::lost_race:
      return "lost_race";
  }
  return "unknown";
}

bool is_cancelled(const std::exception_ptr& error) noexcept {
  if (!error) return false;
  try {
    std::rethrow_exception(error);
  } catch (const Cancelled&) {
    return true;
  } catch (...) {
    return false;
  }
}

namespace detail {
namespace {

std::uint64_t next_cancellation() noexcept {
  static std::atomic<std::uint64_t> last = 0;
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

TaskNode& running_task() {
  TaskNode* const task = Loop::current().running();
  if (task == nullptr) throw std::logic_error("no task runs here: a callback has no cancel scope");
  return *task;
}

}  // namespace

void ScopeNode::link(ScopeNode* parent, TaskNode& task) {
  if (task_ != nullptr) throw std::logic_error("this CancelScope runs a body already: use one scope for each");
  task_ = &task;
  parent_ = parent;
  if (parent != nullptr) {
    next_ = parent->first_child_;
    if (next_ != nullptr) next_->previous_ = this;
    parent->first_child_ = this;
  }
  if (cancelled_ || (parent != nullptr && parent->source_ != nullptr)) update();  // else nothing is to be obeyed
}

void ScopeNode::unlink() noexcept {
  for (ScopeNode* child = first_child_; child != nullptr;) {  // only when frames are destroyed in mid-flight
    ScopeNode* const next = child->next_;
    child->parent_ = child->previous_ = child->next_ = nullptr;
    child->source_ = child->cancelled() ? child : nullptr;
    child = next;
  }
  first_child_ = nullptr;
  if (parent_ != nullptr) (previous_ != nullptr ? previous_->next_ : parent_->first_child_) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  parent_ = previous_ = next_ = nullptr;
  source_ = cancelled() ? this : nullptr;
  task_ = nullptr;
}

void ScopeNode::cancel(CancelReason reason) noexcept {
  if (cancelled()) return;
  id_ = next_cancellation();
  cancelled_ = true;
  reason_ = reason;
  if (task_ != nullptr) task_->loop()->cancel_patrol().expect_end(id_);
  update();
}

void ScopeNode::lift_shield() noexcept {
  shield_ = false;
  id_ = next_cancellation();
  task_->loop()->cancel_patrol().expect_end(id_);
  update();
}

const ScopeNode* ScopeNode::disobeyed(std::uint64_t id) const noexcept {
  for (const ScopeNode* scope = this; scope != nullptr && !scope->shield_; scope = scope->parent_) {
    if (scope->id_ == 0) continue;
    if (scope->cancelled_ && scope->id_ <= id) return scope;
    if (!scope->cancelled_ && scope->id_ > id) return nullptr;  // its shield has just ended
  }
  return nullptr;
}

void ScopeNode::update() noexcept {
  const ScopeNode* const above = parent_ != nullptr ? parent_->source_ : nullptr;
  if (shield_ && above != nullptr) static_cast<Shield*>(this)->parent_cancelled();
  const ScopeNode* source = cancelled() ? this : nullptr;
  if (above != nullptr && !shield_) source = above;
  if (source == source_) return;
  source_ = source;
  if (source != nullptr && task_ != nullptr && &task_->scope() == this) task_->cancel_wait();
  for (ScopeNode* child = first_child_; child != nullptr; child = child->next_) child->update();
}

ScopeEntry::ScopeEntry(ScopeNode& scope) : scope_(scope), task_(running_task()) {
  scope_.link(&task_.scope(), task_);
  task_.set_scope(scope_);
}

ScopeEntry::~ScopeEntry() {
  task_.set_scope(*scope_.parent());
  scope_.unlink();
}

}  // namespace detail

void check_cancelled() {
  const detail::ScopeNode* const source = detail::running_task().scope().source();
  if (source != nullptr) source->throw_cancelled();
}

}  // namespace belfry::async
