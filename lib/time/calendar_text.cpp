// The normalised form of a calendar expression, character by character as systemd prints it.
#include <array>
#include <string_view>

#include "time/calendar.hpp"

namespace belfry::time {
namespace {

constexpr unsigned micros_of_a_second = 1'000'000;

std::string padded(unsigned value, std::size_t width) {
  const std::string digits = std::to_string(value);
  return std::string(digits.size() < width ? width - digits.size() : 0, '0') + digits;
}

/// "09", or with a fraction "09.500000".
std::string fixed_width(unsigned value, std::size_t width, unsigned unit) {
  const std::string whole = padded(value / unit, width);
  return value % unit == 0 ? whole : whole + "." + padded(value % unit, 6);
}

std::string entries_text(const CalendarList& entries, std::size_t width, unsigned unit = 1) {
  const bool every_second = unit > 1 && entries == CalendarList{{0, std::nullopt, unit}};
  if (entries.empty() || every_second) return "*";
  std::string text;
  for (const CalendarEntry& entry : entries) {
    text += (text.empty() ? "" : ",") + fixed_width(entry.first, width, unit);
    if (entry.last) text += ".." + fixed_width(*entry.last, width, unit);
    const bool shown = entry.step > 0 && (!entry.last || entry.step != unit);
    if (shown) text += "/" + fixed_width(entry.step, 1, unit);
  }
  return text;
}

/// "Mon..Wed,Fri " from the bits of cron, or nothing for all days.
std::string weekdays(std::uint8_t bits) {
  constexpr std::array<std::string_view, 7> names{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  const auto has = [bits](std::size_t day) { return day < 7 && (bits >> (day + 1) % 7 & 1U) != 0; };
  if (bits == 0x7f) return {};
  std::string text;
  for (std::size_t first = 0; first < names.size(); ++first) {
    if (!has(first)) continue;
    std::size_t last = first;
    while (has(last + 1)) ++last;
    text += (text.empty() ? "" : ",") + std::string(names[first]);
    if (last > first) text += (last > first + 1 ? ".." : ",") + std::string(names[last]);
    first = last;
  }
  return text + " ";
}

}  // namespace

std::string Calendar::normalise() const {
  return weekdays(pattern.fields().weekdays) + entries_text(years, 4) + "-" + entries_text(months, 2) +
         (days_from_end ? "~" : "-") + entries_text(days, 2) + " " + entries_text(hours, 2) + ":" +
         entries_text(minutes, 2) + ":" + entries_text(seconds, 2, micros_of_a_second) +
         (zone ? " " + zone->name() : "");
}

}  // namespace belfry::time
