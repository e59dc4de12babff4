// Consecutive slots of one job, counted: what has come due since its last slot was closed. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "time/days_off.hpp"
#include "time/trigger.hpp"

namespace belfry::engine {

using time::WallTime;

/// `count` slots from `first` to `last`; one slot when count is 1.
struct SlotSpan {
  WallTime first;
  WallTime last;
  std::uint64_t count = 1;
};

/// A fortnight of 5 s slots is one span: a job that was due a million times makes a handful of ledger entries.
struct DueSlots {
  std::vector<WallTime> newest;    ///< the newest working slots, the oldest of them first; at most as many as asked for
  std::vector<SlotSpan> older;     ///< the working slots before them; what lies between them splits the span
  std::vector<SlotSpan> days_off;  ///< slots on days off
  WallTime last;                   ///< the newest of all
};

/// Walks the trigger from `first`, a slot that is due (first <= now), to the newest slot not after `now`, and keeps
/// the `keep` newest working ones apart. Those in `accounted` (in order of time) are on record already and left out.
DueSlots due_slots(const time::Trigger& trigger, const time::DaysOff& off, WallTime first, WallTime now,
                   std::size_t keep, std::span<const WallTime> accounted = {});

}  // namespace belfry::engine
