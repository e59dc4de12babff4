// What a schedule does in the nights when the clock is changed, in words. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "time/dst.hpp"
#include "time/trigger.hpp"
#include "time/zone.hpp"

namespace belfry::daemon {

/// One change of the clock that a schedule meets.
struct ClockChange {
  time::Transition transition;
  std::string text;  ///< "2027-03-28: 02:30 is skipped ...; it is due at 03:00:00 +02:00"
};

/// The changes from `now` to a year later at which the clock of `zone` skips or repeats a time that `pattern` names,
/// and what `trigger`, made of that pattern, does then.
std::vector<ClockChange> clock_changes(const time::LocalPattern& pattern, const time::Trigger& trigger,
                                       const time::Zone& zone, time::WallTime now);

/// How an instant lies beside a change of the clock: "first pass", "second pass", "after the gap"; empty: it does not.
std::string mark_of(time::WallTime instant, const time::Zone& zone);

}  // namespace belfry::daemon
