#include "engine/due_queue.hpp"

#include "engine/job_state.hpp"

namespace belfry::engine {

void DueQueue::set(DueSlot& slot, WallTime due) {
  const std::int64_t key = due.time_since_epoch().count();
  if (slot.linked()) {
    heap_.update(slot, key);
  } else {
    heap_.push(slot, key);
  }
}

void DueQueue::clear(DueSlot& slot) noexcept { slot.cancel(); }

std::optional<WallTime> DueQueue::earliest() const noexcept {
  if (heap_.empty()) return std::nullopt;
  return WallTime(time::Duration(heap_.next_key()));
}

std::optional<WallTime> DueQueue::earliest_slot() const noexcept {
  const auto* slot = static_cast<const DueSlot*>(heap_.top());
  return slot == nullptr ? std::nullopt : slot->job->next;
}

JobState* DueQueue::take_due(WallTime now) noexcept {
  auto* slot = static_cast<DueSlot*>(heap_.pop_due(now.time_since_epoch().count()));
  return slot == nullptr ? nullptr : slot->job;
}

}  // namespace belfry::engine
