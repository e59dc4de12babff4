// Calendar expressions of systemd: "Mon..Fri *-*-* 09:00", "*-*~1 23:00 Europe/Berlin", "hourly", "*:*:0/2.5".
//
// Follows systemd.time(7), "CALENDAR EVENTS". Pure; any thread.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "time/cron.hpp"
#include "time/dst.hpp"
#include "time/parse_error.hpp"
#include "time/trigger.hpp"
#include "time/zone.hpp"

namespace belfry::time {

/// What systemd itself does when the clock is changed: skip in a gap, the first pass of an overlap, also for `hourly`.
inline constexpr DstPolicy dst_systemd{DstGap::skip, DstOverlap::first, false};

/// One element of a list: "first", "first..last", "first/step" or all three. Seconds are counted in microseconds.
struct CalendarEntry {
  unsigned first = 0;
  std::optional<unsigned> last;
  unsigned step = 0;  ///< 0: the first value only

  friend auto operator<=>(const CalendarEntry&, const CalendarEntry&) = default;
};

/// Sorted, without doubles; empty for `*`.
using CalendarList = std::vector<CalendarEntry>;

/// The dates and times of an expression. Filled by parse_calendar().
struct Calendar {
  Cron pattern;              ///< the seconds that hold a fire, as the fields of a cron expression that says the same
  std::optional<Zone> zone;  ///< when the expression names one
  CalendarList years;
  CalendarList months;
  CalendarList days;
  bool days_from_end = false;  ///< `~`
  CalendarList hours;
  CalendarList minutes;
  CalendarList seconds;
  bool has_fractions = false;  ///< some fires lie between two seconds

  /// Exactly what `systemd-analyze calendar` prints as the normalised form; parse_calendar() reads it back as equal.
  std::string normalise() const;
};

/// Errors name the part, the place and what it takes. A date that never comes is no error here: see never_fires().
Parsed<Calendar> parse_calendar(std::string_view text);

/// Whether `text` can only be meant as a calendar expression: no cron expression has a colon, two dots, a tilde, a date
/// with hyphens in less than five words, or a name like "daily".
bool looks_like_calendar(std::string_view text) noexcept;

/// A calendar expression in a zone; the zone that it names wins.
class CalendarTrigger final : public Trigger {
 public:
  CalendarTrigger(Calendar calendar, Zone zone, DstPolicy policy = dst_cronie);

  std::optional<WallTime> next(WallTime after) const noexcept override;
  std::optional<WallTime> previous(WallTime before) const noexcept override;
  bool never_fires() const noexcept override { return calendar_.pattern.never_fires(); }
  std::string describe() const override;
  std::string normalise() const override { return calendar_.normalise(); }

  const Calendar& calendar() const noexcept { return calendar_; }
  const Zone& zone() const noexcept { return zone_; }

 private:
  bool fires_in(WallSeconds second) const noexcept;

  Calendar calendar_;
  Zone zone_;
  DstPolicy policy_;
};

}  // namespace belfry::time
