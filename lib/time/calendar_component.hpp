// One part of a calendar expression, "9..17/2" or "*", read before it is known whether it is a month or an hour.
// Part of calendar.cpp.
#pragma once

#include <bitset>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "time/parse_error.hpp"
#include "time/text_cursor.hpp"

namespace belfry::time::detail::calendar {

/// What a component takes.
struct Rule {
  std::string_view name;
  unsigned least;
  unsigned most;
  unsigned base = 0;  ///< the value of bit 0
};
inline constexpr Rule year_rule{"year", 1970, 2199, 1970};
inline constexpr Rule month_rule{"month", 1, 12};
inline constexpr Rule day_rule{"day", 1, 31};
inline constexpr Rule last_day_rule{"day from the month's end", 1, 28};
inline constexpr Rule hour_rule{"hour", 0, 23};
inline constexpr Rule minute_rule{"minute", 0, 59};
inline constexpr Rule second_rule{"second", 0, 59};

/// One element of a list.
struct Entry {
  unsigned first = 0;
  std::optional<unsigned> last;
  std::optional<unsigned> step;
  std::size_t offset = 0;
  std::size_t length = 0;
};

struct Component {
  bool any = false;  ///< `*`
  std::vector<Entry> entries;
};

using Values = std::bitset<256>;

/// "... was expected, not ...", at the cursor.
ParseError unexpected(const Cursor& cursor, std::string_view expected);

/// Reads a component of whatever kind.
Parsed<Component> take_component(Cursor& cursor);

/// The values of a component that turned out to be what `rule` says. `from_end`: they count back from the month's end.
Parsed<Values> values_of(const Component& component, const Rule& rule, bool from_end = false);

}  // namespace belfry::time::detail::calendar
