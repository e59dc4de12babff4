// The list of living tasks; see registry.hpp.

#include "async/registry.hpp"

#include <array>
#include <utility>

namespace belfry::async::detail {

Registry::Cursor::Cursor(Registry& registry) : registry_(registry) {
  const std::scoped_lock lock(registry_.mutex_);
  task_ = registry_.first_;
  left_ = registry_.size_;
  next_ = std::exchange(registry_.cursors_, this);
}

Registry::Cursor::~Cursor() {
  const std::scoped_lock lock(registry_.mutex_);
  Cursor** link = &registry_.cursors_;
  while (*link != this) link = &(*link)->next_;
  *link = next_;
}

void Registry::add(TaskNode& task) {
  const std::scoped_lock lock(mutex_);
  task.previous = last_;
  (last_ != nullptr ? last_->next : first_) = &task;
  last_ = &task;
  ++size_;
  task.kind().note_created();
}

void Registry::remove(TaskNode& task) noexcept {
  const std::scoped_lock lock(mutex_);
  (task.previous != nullptr ? task.previous->next : first_) = task.next;
  (task.next != nullptr ? task.next->previous : last_) = task.previous;
  --size_;
  for (Cursor* cursor = cursors_; cursor != nullptr; cursor = cursor->next_) {
    if (cursor->task_ == &task) cursor->task_ = task.next;
  }
  if (task.ownership >= TaskNode::Owner::detached) --ownerless_;
  task.kind().note_finished();
}

void Registry::set_ownerless(TaskNode& task, TaskNode::Owner how) noexcept {
  const std::scoped_lock lock(mutex_);
  task.ownership = how;
  ++ownerless_;
}

bool is_leaked(const TaskNode& task, std::int64_t now) noexcept {
  if (task.ownership == TaskNode::Owner::leaked) return true;
  const std::int64_t life = task.kind().expected_life().count();
  return task.ownership == TaskNode::Owner::detached && life > 0 && now - task.created > life;
}

void Registry::snapshot(LoopStats& stats, std::int64_t now) const {
  stats.tasks = size_;
  std::size_t oldest_to_find = 0;
  for (const TaskKind* kind : all_task_kinds()) {
    const std::uint64_t finished = kind->finished();  // before created: live must not go below zero
    const std::uint64_t created = kind->created();
    stats.kinds.push_back({.kind = kind->name(), .created = created, .finished = finished, .live = created - finished});
    if (created > finished) ++oldest_to_find;
  }
  std::array<bool, TaskKinds::limit> found{};
  for (const TaskNode* task = first_; task != nullptr; task = task->next) {  // the oldest first
    if (oldest_to_find == 0 && ownerless_ == 0) return;
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
