// The all-day events of an iCalendar file (RFC 5545), as a set of dates: holidays from an .ics.
//
// What cannot be understood is refused with its line, so that no holiday is lost or invented in silence. Any bytes give
// dates or an error, in time and memory that the size of the text bounds. Pure; any thread.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "time/day_set.hpp"

namespace belfry::time {

/// Why a text is no calendar, and in which of its lines (from 1).
struct IcsError {
  std::size_t line = 0;
  std::string message;
};

struct IcsCalendar {
  DaySet days;  ///< of all events that are not cancelled, up to 2199
  std::size_t events = 0;
  std::size_t timed_events = 0;         ///< passed over: they have a time of day, so they are no days off
  std::optional<LocalDay> last_finite;  ///< the last day of what does not recur for ever; none: all does, or nothing is
};

/// The longest text that is taken, in bytes.
inline constexpr std::size_t longest_ics = std::size_t{4} << 20U;

/// Events are all-day when they begin with a DATE, or at midnight without a zone of UTC and last whole days. RRULE with
/// FREQ=DAILY to YEARLY, RDATE, EXDATE, RECURRENCE-ID and STATUS:CANCELLED are obeyed; EXRULE is refused.
std::expected<IcsCalendar, IcsError> parse_ics(std::string_view text);

}  // namespace belfry::time
