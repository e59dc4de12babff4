// See running_task.hpp.

#include "async/running_task.hpp"

#include "async/loop.hpp"
#include "async/task_node.hpp"

namespace belfry::async::detail {
namespace {

const TaskNode* running_task() noexcept {
  const Loop* const loop = Loop::current_or_null();
  return loop != nullptr ? loop->running() : nullptr;
}

}  // namespace

std::uint64_t running_task_id() noexcept {
  const TaskNode* const task = running_task();
  return task != nullptr ? task->id : 0;
}

std::string describe_running_task() {
  const TaskNode* const task = running_task();
  return task != nullptr ? "task " + std::to_string(task->id) + " (" + task->name() + ")" : "a callback";
}

}  // namespace belfry::async::detail
