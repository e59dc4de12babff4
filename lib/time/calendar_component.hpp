// One part of a calendar expression, "9..17/2" or "*", read before it is known whether it is a month or an hour.
// Part of calendar.cpp.
#pragma once

#include <bitset>
#include <cstddef>
#include <string_view>
#include <vector>

#include "time/calendar.hpp"
#include "time/parse_error.hpp"
#include "time/text_cursor.hpp"

namespace belfry::time::detail::calendar {

/// What a component takes.
struct Rule {
  std::string_view name;
  unsigned least;
  unsigned most;
  unsigned base = 0;  ///< the value of bit 0
  unsigned unit = 1;  ///< 1'000'000 for the seconds, which are counted in microseconds
};
inline constexpr unsigned microseconds = 1'000'000;
inline constexpr Rule year_rule{"year", 1970, 2199, 1970};
inline constexpr Rule month_rule{"month", 1, 12};
inline constexpr Rule day_rule{"day", 1, 31};
inline constexpr Rule last_day_rule{"day from the month's end", 1, 28};
inline constexpr Rule hour_rule{"hour", 0, 23};
inline constexpr Rule minute_rule{"minute", 0, 59};
inline constexpr Rule second_rule{"second", 0, 60 * microseconds - 1, 0, microseconds};

/// A list as it was written, and where each of its elements stands.
struct Component {
  struct Entry : CalendarEntry {
    std::size_t offset = 0;
    std::size_t length = 0;
  };
  bool any = false;  ///< `*`
  std::vector<Entry> entries;
};

using Values = std::bitset<256>;

/// "... was expected, not ...", at the cursor.
ParseError unexpected(const Cursor& cursor, std::string_view expected);

/// Reads a component of whatever kind; with `unit` 1'000'000 its numbers may have a fraction.
Parsed<Component> take_component(Cursor& cursor, unsigned unit = 1);

/// The elements of a component that turned out to be what `rule` says, normalised as systemd does: two-digit years
/// completed, ranges cut to whole steps, sorted, none twice. Empty for `*`. `from_end`: they count from the month's
/// end.
Parsed<CalendarList> normalised(const Component& component, const Rule& rule, bool from_end = false);

/// The values of normalised elements: whole seconds for the seconds.
Values values_of(const CalendarList& list, const Rule& rule, bool from_end = false);

}  // namespace belfry::time::detail::calendar
