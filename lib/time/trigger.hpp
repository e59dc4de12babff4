// When a job is due: the one interface behind cron, every, at and after.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "time/wall_time.hpp"

namespace belfry::time {

/// Says when. Immutable and pure: no clock, no I/O, no allocation in next(); safe from any thread.
class Trigger {
 public:
  virtual ~Trigger() = default;

  /// The first due instant strictly later than `after`, or none if there is none before the year 2200.
  virtual std::optional<WallTime> next(WallTime after) const noexcept = 0;

  /// The last due instant strictly earlier than `before`, or none if there is none from the year 1900 on, or if this
  /// trigger cannot look back (the default; every trigger of this folder can).
  virtual std::optional<WallTime> previous([[maybe_unused]] WallTime before) const noexcept { return std::nullopt; }

  /// In plain English, e.g. "every 10 seconds", "at 02:30 on Monday through Friday, Europe/Berlin".
  virtual std::string describe() const = 0;
};

/// The due instants later than `after` and not later than `until`, the first `limit` of them.
std::vector<WallTime> fires_between(const Trigger& trigger, WallTime after, WallTime until, std::size_t limit);

}  // namespace belfry::time
