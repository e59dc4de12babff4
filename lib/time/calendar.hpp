// Calendar expressions of systemd: "Mon..Fri *-*-* 09:00", "*-*~1 23:00 Europe/Berlin", "hourly".
//
// Follows systemd.time(7), "CALENDAR EVENTS", but for fractions of a second, which are refused. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "time/cron.hpp"
#include "time/dst.hpp"
#include "time/parse_error.hpp"
#include "time/zone.hpp"

namespace belfry::time {

/// What systemd itself does when the clock is changed: skip in a gap, the first pass of an overlap, also for `hourly`.
inline constexpr DstPolicy dst_systemd{DstGap::skip, DstOverlap::first, false};

/// The dates and times of an expression, as the fields of a cron expression that says the same.
struct Calendar {
  Cron pattern;
  std::optional<Zone> zone;  ///< when the expression names one
};

/// Errors name the part, the place and what it takes. A date that never comes is no error here: see never_fires().
Parsed<Calendar> parse_calendar(std::string_view text);

/// Whether `text` can only be meant as a calendar expression: no cron expression has a colon, two dots, a tilde, a date
/// with hyphens in less than five words, or a name like "daily".
bool looks_like_calendar(std::string_view text) noexcept;

}  // namespace belfry::time
