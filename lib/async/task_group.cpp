// See task_group.hpp.

#include "async/task_group.hpp"

#include <string>

#include "async/complaint.hpp"
#include "async/wait_report.hpp"

namespace belfry::async {
namespace {

std::string describe(const std::vector<std::exception_ptr>& errors) {
  std::string text = std::to_string(errors.size()) + " tasks of the group failed";
  const char* separator = ": ";
  for (const std::exception_ptr& error : errors) {
    text += separator + describe_error(error);
    separator = "; ";
  }
  return text;
}

}  // namespace

TaskGroupError::TaskGroupError(std::vector<std::exception_ptr> errors)
    : std::runtime_error(describe(errors)), errors_(std::move(errors)) {}

void TaskGroup::begin(detail::TaskNode& node) {
  if (!scope_.linked()) throw std::logic_error("this TaskGroup has ended: nothing can be started in it");
  detail::begin_child(node, &scope_, this);
  ++size_;
}

void TaskGroup::task_ended(detail::TaskNode& task, const std::exception_ptr& error) noexcept {
  task.retrieved = true;
  if (is_cancelled(error)) {
    note_outer_cancellation();
  } else if (error) {
    add_error(error);
  }
  if (--size_ == 0) closing_.complete_all();
}

void TaskGroup::body_failed(const std::exception_ptr& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (const Cancelled& cancelled) {
    if (scope_.caused(cancelled)) return;
    cancelled_ = error;
    scope_.cancel(CancelReason::sibling_failed);
  } catch (...) {
    add_error(error);
  }
}

void TaskGroup::note_outer_cancellation() noexcept {
  const detail::ScopeNode* const source = scope_.source();
  if (source != nullptr && source != &scope_) cancelled_ = std::make_exception_ptr(source->as_exception());
}

void TaskGroup::add_error(const std::exception_ptr& error) noexcept {
  if (errors_.empty() || !first_error_only_) errors_.push_back(error);
  scope_.cancel(CancelReason::sibling_failed);
}

void TaskGroup::rethrow() {
  if (errors_.size() > 1) throw TaskGroupError(std::move(errors_));
  if (!errors_.empty()) std::rethrow_exception(errors_.front());
  if (cancelled_) std::rethrow_exception(cancelled_);
}

namespace detail {

GroupRun::Orphans::~Orphans() {
  group_.scope_.for_each_child([this](TaskNode& task) {
    if (task.owner() == &group_) task.set_owner(nullptr);
  });
}

void GroupRun::Ended::report(WaitReport& report) const {
  report.object(&group_);
  group_.scope_.for_each_child([&](const TaskNode& child) {
    if (child.owner() == &group_) report.all_of(child.id);
  });
}

bool GroupRun::Ended::start() {
  if (group_.size_ == 0) return false;
  group_.closing_.push(*this);
  return true;
}

}  // namespace detail
}  // namespace belfry::async
