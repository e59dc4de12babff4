// On which instants the clock of a zone shows a day off: what `on_holiday: skip` asks. Immutable; any thread.
#pragma once

#include <chrono>
#include <memory>

#include "time/day_set.hpp"
#include "time/zone.hpp"

namespace belfry::time {

struct DaysOff {
  std::shared_ptr<const DaySet> days;  ///< none: no day is off
  Zone zone;

  bool contains(WallTime instant) const noexcept {
    return days && days->contains(std::chrono::floor<std::chrono::days>(zone.to_local(instant)));
  }
};

}  // namespace belfry::time
