// The list of living tasks; see registry.hpp.

#include "async/registry.hpp"

#include <array>
#include <atomic>
#include <utility>

namespace belfry::async::detail {

Registry::Cursor::Cursor(Registry& registry) : registry_(registry) {
  const Reading reading(registry_);
  registry_.readers_.fetch_add(1, std::memory_order_acq_rel);  // for its life: remove() must move it on
  // NOLINTBEGIN(*-prefer-member-initializer): in the Reading
  task_ = registry_.first();
  left_ = registry_.size_.load(std::memory_order_relaxed);
  // NOLINTEND(*-prefer-member-initializer)
  next_ = std::exchange(registry_.cursors_, this);
}

Registry::Cursor::~Cursor() {
  const Reading reading(registry_);
  Cursor** link = &registry_.cursors_;
  while (*link != this) link = &(*link)->next_;
  *link = next_;
  registry_.readers_.fetch_sub(1, std::memory_order_release);
}

void Registry::remove(TaskNode& task) noexcept {
  TaskNode* const next = task.next.load(std::memory_order_relaxed);
  (task.previous != nullptr ? task.previous->next : first_).store(next, std::memory_order_release);
  (next != nullptr ? next->previous : last_) = task.previous;
  change(size_, -1);
  if (task.ownership >= TaskNode::Owner::detached) change(ownerless_, -1);
  kinds_.note_finished(task.kind_index);
  std::uint32_t nobody = 0;
  if (readers_.compare_exchange_strong(nobody, 0, std::memory_order_acq_rel)) return;
  const std::scoped_lock lock(mutex_);
  for (Cursor* cursor = cursors_; cursor != nullptr; cursor = cursor->next_) {
    if (cursor->task_ == &task) cursor->task_ = next;
  }
}

void Registry::set_ownerless(TaskNode& task, TaskNode::Owner how) noexcept {
  const std::scoped_lock lock(mutex_);
  task.ownership = how;
  change(ownerless_, 1);
}

void Registry::more_ids() noexcept {
  constexpr std::uint64_t at_once = 64;  // so that loops do not take turns at one cache line for each task
  static std::atomic<std::uint64_t> first_free = 1;
  next_id_ = first_free.fetch_add(at_once, std::memory_order_relaxed);
  ids_end_ = next_id_ + at_once;
}

bool is_leaked(const TaskNode& task, std::int64_t now) noexcept {
  if (task.ownership == TaskNode::Owner::leaked) return true;
  const std::int64_t life = task.kind().expected_life().count();
  return task.ownership == TaskNode::Owner::detached && life > 0 && now - task.created > life;
}

void Registry::snapshot(LoopStats& stats, std::int64_t now) const {
  stats.tasks = size_.load(std::memory_order_relaxed);
  const std::size_t ownerless = ownerless_.load(std::memory_order_relaxed);
  std::size_t oldest_to_find = 0;
  const std::vector<TaskKind*> kinds = all_task_kinds();
  const KindCounts::Totals totals = KindCounts::totals();
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const auto [created, finished] = totals[i];
    stats.kinds.push_back(
        {.kind = kinds[i]->name(), .created = created, .finished = finished, .live = created - finished});
    if (created > finished) ++oldest_to_find;
  }
  std::array<bool, TaskKinds::limit> found{};
  for (const TaskNode* task = first(); task != nullptr; task = task->next.load(std::memory_order_acquire)) {
    if (oldest_to_find == 0 && ownerless == 0) return;
    if (task->kind_index >= stats.kinds.size()) continue;
    KindStats& kind = stats.kinds[task->kind_index];
    if (!std::exchange(found[task->kind_index], true)) {
      kind.oldest = Duration(now - task->created);
      if (oldest_to_find > 0) --oldest_to_find;
    }
    if (is_leaked(*task, now)) ++kind.leaked;
  }
}

}  // namespace belfry::async::detail
