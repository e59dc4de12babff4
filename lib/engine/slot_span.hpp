// Consecutive slots of one job, counted: what has piled up since its last slot was closed. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "time/trigger.hpp"

namespace belfry::engine {

using time::WallTime;

/// `count` slots from `first` to `last`; one slot when count is 1.
struct SlotSpan {
  WallTime first;
  WallTime last;
  std::uint64_t count = 1;
};

/// The slots of a job that are due by `now`: the newest, and all those before it, if any.
struct DueSlots {
  std::optional<SlotSpan> older;
  WallTime newest;
};

/// Walks the trigger from `first`, a slot that is due (first <= now), to the newest slot not after `now`.
DueSlots due_slots(const time::Trigger& trigger, WallTime first, WallTime now) noexcept;

}  // namespace belfry::engine
