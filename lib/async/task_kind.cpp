// See task_kind.hpp.

#include "async/task_kind.hpp"

namespace belfry::async {
namespace {

TaskKinds& process_kinds() {
  static TaskKinds kinds;
  return kinds;
}

}  // namespace

TaskKind& TaskKinds::get(std::string_view name) {
  const std::scoped_lock lock(mutex_);
  return find_or_make(name);
}

TaskKind& TaskKinds::find_or_make(std::string_view name) {
  for (TaskKind& kind : kinds_) {
    if (kind.name() == name) return kind;
  }
  if (kinds_.size() >= limit - 1 && name != "other") return find_or_make("other");
  return kinds_.emplace_back(name);
}

std::vector<TaskKind*> TaskKinds::all() {
  const std::scoped_lock lock(mutex_);
  std::vector<TaskKind*> all;
  for (TaskKind& kind : kinds_) all.push_back(&kind);
  return all;
}

TaskKind& task_kind(std::string_view name) { return process_kinds().get(name); }

TaskKind& register_task_kind(std::string_view name, Duration expected_life) {
  TaskKind& kind = task_kind(name);
  kind.set_expected_life(expected_life);
  return kind;
}

std::vector<TaskKind*> all_task_kinds() { return process_kinds().all(); }

}  // namespace belfry::async
