// See complaints.hpp.

#include "async/complaints.hpp"

#include "async/task_node.hpp"

namespace belfry::async::detail {

Complaint about(const TaskNode& task, std::string detail) {
  Complaint complaint;
  complaint.task_id = task.id;
  complaint.task = task.name();
  complaint.task_kind = task.kind().name();
  complaint.place = Place(task.place.load(std::memory_order_relaxed));
  complaint.detail = std::move(detail);
  return complaint;
}

}  // namespace belfry::async::detail
