#include "engine/slot_span.hpp"

namespace belfry::engine {

DueSlots due_slots(const time::Trigger& trigger, WallTime first, WallTime now) noexcept {
  DueSlots due{.older = std::nullopt, .newest = first};
  for (std::optional<WallTime> slot = trigger.next(first); slot && *slot <= now; slot = trigger.next(*slot)) {
    if (due.older) {
      due.older->last = due.newest;
      ++due.older->count;
    } else {
      due.older = SlotSpan{.first = due.newest, .last = due.newest};
    }
    due.newest = *slot;
  }
  return due;
}

}  // namespace belfry::engine
