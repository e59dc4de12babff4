// The list of living tasks; see registry.hpp.

#include "async/registry.hpp"

#include <algorithm>
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
  task.kind->note_created();
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
  task.kind->note_finished();
}

void Registry::set_ownerless(TaskNode& task, TaskNode::Owner how) noexcept {
  const std::scoped_lock lock(mutex_);
  task.ownership = how;
  ++ownerless_;
}

bool is_leaked(const TaskNode& task, std::int64_t now) noexcept {
  if (task.ownership == TaskNode::Owner::leaked) return true;
  const std::int64_t life = task.kind->expected_life().count();
  return task.ownership == TaskNode::Owner::detached && life > 0 && now - task.created > life;
}

void Registry::snapshot(LoopStats& stats, std::int64_t now) const {
  stats.tasks = size_;
  for (const TaskKind* kind : all_task_kinds()) {
    const std::uint64_t finished = kind->finished();  // before created: live must not go below zero
    const std::uint64_t created = kind->created();
    stats.kinds.push_back({.kind = kind->name(), .created = created, .finished = finished, .live = created - finished});
  }
  if (ownerless_ == 0) return;
  for (const TaskNode* task = first_; task != nullptr; task = task->next) {
    if (!is_leaked(*task, now)) continue;
    const auto kind = std::find_if(stats.kinds.begin(), stats.kinds.end(),
                                   [&](const KindStats& entry) { return entry.kind == task->kind->name(); });
    if (kind != stats.kinds.end()) ++kind->leaked;
  }
}

}  // namespace belfry::async::detail
