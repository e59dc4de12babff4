// From local times to instants: what happens to a schedule in the nights when the clock is changed.
//
// A pattern says which local times match; this file decides at which instants they fire. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "time/wall_time.hpp"
#include "time/zone.hpp"

namespace belfry::time {

/// What happens to local times that the clock jumps over.
enum class DstGap : std::uint8_t {
  run_after,  ///< one fire at the first instant after the gap, however many times were skipped
  skip,       ///< no fire
  shift,      ///< each fires as much later as the clock was set forward: 02:30 becomes 03:30
};

/// What happens to local times that the clock shows twice.
enum class DstOverlap : std::uint8_t {
  first,   ///< one fire, in the first pass
  second,  ///< one fire, in the second pass
  both,    ///< two fires
};

/// The default is the rule of cronie and vixie cron: a job at a fixed time runs exactly once, a job whose minute or
/// hour field starts with `*` follows real time (cron(8), "Daylight Saving Time and other time changes").
struct DstPolicy {
  DstGap gap = DstGap::run_after;
  DstOverlap overlap = DstOverlap::first;
  bool wildcards_follow_real_time =
      true;  ///< patterns with a wildcard fire whenever the clock matches, whatever is above

  friend bool operator==(const DstPolicy&, const DstPolicy&) = default;
};

/// The rule of cronie; and "whenever the wall clock matches": skipped in a gap, twice in an overlap.
inline constexpr DstPolicy dst_cronie{};
inline constexpr DstPolicy dst_real_time{DstGap::skip, DstOverlap::both, true};

/// Longer gaps are a change of the calendar, not of the season (Pacific/Apia 2011-12-30): nothing is replayed.
inline constexpr std::chrono::hours longest_replayed_gap{3};

/// A set of local times. Immutable and pure.
class LocalPattern {
 public:
  virtual ~LocalPattern() = default;

  /// The first match at or after `from`, or the last at or before it; none outside the years 1900 to 2199.
  virtual std::optional<LocalTime> first_from(LocalTime from) const noexcept = 0;
  virtual std::optional<LocalTime> last_until(LocalTime until) const noexcept = 0;

  /// Fires many times an hour or every hour, so that it follows real time (see DstPolicy).
  virtual bool is_wild() const noexcept = 0;
};

/// The first fire strictly after `after`. Costs a few look-ups, however far away it is; allocates nothing.
std::optional<WallTime> next_fire(const LocalPattern& pattern, const Zone& zone, DstPolicy policy,
                                  WallTime after) noexcept;

/// The last fire strictly before `before`.
std::optional<WallTime> previous_fire(const LocalPattern& pattern, const Zone& zone, DstPolicy policy,
                                      WallTime before) noexcept;

}  // namespace belfry::time
