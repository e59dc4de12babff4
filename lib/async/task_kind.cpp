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
  for (std::size_t i = 0; i < size_; ++i) {
    if (kinds_[i]->name() == name) return *kinds_[i];
  }
  if (size_ >= limit - 1 && name != "other") return find_or_make("other");
  kinds_[size_] = std::make_unique<TaskKind>(name, static_cast<std::uint8_t>(size_));
  return *kinds_[size_++];
}

std::vector<TaskKind*> TaskKinds::all() {
  const std::scoped_lock lock(mutex_);
  std::vector<TaskKind*> all;
  for (std::size_t i = 0; i < size_; ++i) all.push_back(kinds_[i].get());
  return all;
}

TaskKind& task_kind(std::string_view name) { return process_kinds().get(name); }

TaskKind& register_task_kind(std::string_view name, Duration expected_life) {
  TaskKind& kind = task_kind(name);
  kind.set_expected_life(expected_life);
  return kind;
}

TaskKind& task_kind_at(std::uint8_t index) noexcept { return process_kinds().at(index); }

std::vector<TaskKind*> all_task_kinds() { return process_kinds().all(); }

}  // namespace belfry::async
