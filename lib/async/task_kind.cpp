// The process-wide table of kinds; see task_kind.hpp.

#include "async/task_kind.hpp"

#include <deque>
#include <mutex>

namespace belfry::async {
namespace {

constexpr std::size_t max_kinds = 64;

struct Kinds {
  std::mutex mutex;
  std::deque<TaskKind> kinds;  // never shrinks: references stay good
};

Kinds& kinds() {
  static Kinds table;
  return table;
}

TaskKind& find_or_make(Kinds& table, std::string_view name) {
  for (TaskKind& kind : table.kinds) {
    if (kind.name() == name) return kind;
  }
  if (table.kinds.size() >= max_kinds - 1 && name != "other") return find_or_make(table, "other");
  return table.kinds.emplace_back(name);
}

}  // namespace

TaskKind& task_kind(std::string_view name) {
  Kinds& table = kinds();
  const std::scoped_lock lock(table.mutex);
  return find_or_make(table, name);
}

TaskKind& register_task_kind(std::string_view name, Duration expected_life) {
  TaskKind& kind = task_kind(name);
  kind.set_expected_life(expected_life);
  return kind;
}

std::vector<TaskKind*> all_task_kinds() {
  Kinds& table = kinds();
  const std::scoped_lock lock(table.mutex);
  std::vector<TaskKind*> all;
  for (TaskKind& kind : table.kinds) all.push_back(&kind);
  return all;
}

}  // namespace belfry::async
