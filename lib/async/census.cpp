// See census.hpp.

#include "async/census.hpp"

#include <cstdio>

#include "async/loop.hpp"
#include "async/registry.hpp"
#include "async/waiter.hpp"

namespace belfry::async {
namespace detail {

class Census {
 public:
  Census(const Loop& loop, const TaskNode* running)
      : now_(loop.now_ns()),
        leak_grace_(loop.leak_grace()),
        running_(running),
        on_loop_(Loop::current_or_null() == &loop) {}

  TaskInfo look(const TaskNode& task) const {
    TaskInfo info;
    info.id = task.id;
    info.name = task.name;
    info.kind = task.kind->name();
    info.parent = task.parent;
    info.age = Duration(now_ - task.created);
    info.busy = Duration(task.busy.load(std::memory_order_relaxed));
    info.steps = task.steps.load(std::memory_order_relaxed);
    info.leaked = is_leaked(task, now_, leak_grace_);
    if (const char* what = task.waits_for.load(std::memory_order_relaxed); what != nullptr) {
      info.state = TaskState::waiting;
      info.waits_for = what;
    } else if (&task == running_) {
      info.state = TaskState::running;
    }
    info.places = places(task);
    return info;
  }

 private:
  std::vector<Place> places(const TaskNode& task) const {
    const Waiter* const parked = on_loop_ ? task.parked() : nullptr;
    if (parked == nullptr) return {Place(task.place.load(std::memory_order_relaxed))};
    std::vector<Place> chain;
    for (const PromiseBase* frame = parked->promise_; frame != nullptr; frame = frame->awaiter()) {
      chain.emplace_back(frame->site());
    }
    return chain;
  }

  std::int64_t now_;
  Duration leak_grace_;
  const TaskNode* running_;
  bool on_loop_;
};

}  // namespace detail

namespace {

std::string describe(const TaskInfo& task) {
  std::string line =
      std::to_string(task.id) + " " + task.name + " [" + task.kind + "] " + std::string(to_string(task.state));
  if (!task.waits_for.empty()) line += " for " + task.waits_for;
  char age[32];
  std::snprintf(age, sizeof age, " %.1fs", std::chrono::duration<double>(task.age).count());
  line += age;
  const char* separator = " ";
  for (const Place& place : task.places) {
    line += separator + to_string(place);
    separator = " < ";
  }
  if (task.leaked) line += " LEAKED";
  return line;
}

}  // namespace

std::string_view to_string(TaskState state) noexcept {
  switch (state) {
    case TaskState::ready:
      return "ready";
    case TaskState::running:
      return "running";
    case TaskState::waiting:
      return "waiting";
  }
  return "unknown";
}

std::vector<TaskInfo> all_tasks(const Loop& loop) {
  const detail::Census census(loop, loop.running());
  std::vector<TaskInfo> all;
  loop.registry().for_each([&](const detail::TaskNode& task) { all.push_back(census.look(task)); });
  return all;
}

std::optional<TaskInfo> current_task() {
  const Loop* const loop = Loop::current_or_null();
  if (loop == nullptr || loop->running() == nullptr) return std::nullopt;
  const detail::TaskNode& task = *loop->running();
  const std::scoped_lock lock(loop->registry().mutex());
  return detail::Census(*loop, &task).look(task);
}

std::string describe(const std::vector<TaskInfo>& tasks) {
  std::string text;
  for (const TaskInfo& task : tasks) text += describe(task) + "\n";
  return text;
}

}  // namespace belfry::async
