// See cancel_patrol.hpp.

#include "async/cancel_patrol.hpp"

#include "async/complaints.hpp"
#include "async/registry.hpp"
#include "async/waiter.hpp"

namespace belfry::async::detail {
namespace {

std::string excuse(const TaskNode& task, const ScopeNode& scope) {
  std::string words(to_string(scope.reason()));
  if (const Waiter* waiter = task.parked(); waiter != nullptr)
    words += std::string(", waits for ") + waiter->waits_for();
  return words;
}

}  // namespace

void CancelPatrol::plan() noexcept {
  mark_ = latest_;
  planned_ = clock_.now_ns();
  due_ = planned_ + grace_.count();
}

void CancelPatrol::run() noexcept {
  const Duration since(clock_.now_ns() - planned_);
  registry_.for_each([&](TaskNode& task) {
    const ScopeNode& root = task.root_scope();
    const bool overdue = root.cancelled() && root.id() <= mark_;
    if (overdue && task.ownership == TaskNode::Owner::dropped) task.ownership = TaskNode::Owner::leaked;
    const ScopeNode* const disobeyed = task.scope().disobeyed(mark_);
    if (disobeyed != nullptr && !task.complained) {
      complaints_.add(ComplaintKind::cancellation_ignored, [&] {
        Complaint complaint = about(task, excuse(task, *disobeyed));
        complaint.lasted = since;
        return complaint;
      });
    }
    task.complained = disobeyed != nullptr;
  });
  due_ = TimerHeap::never;
  if (latest_ > mark_) plan();
}

}  // namespace belfry::async::detail
