// A calendar expression as a trigger: the second is found as for cron, then the place within the second.
#include <algorithm>

#include "time/calendar.hpp"

namespace belfry::time {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

constexpr unsigned per_second = 1'000'000;
constexpr unsigned per_minute = 60 * per_second;

/// The last value of an element, in microseconds of the minute.
unsigned end_of(const CalendarEntry& entry) noexcept {
  return entry.last.value_or(entry.step > 0 ? per_minute - 1 : entry.first);
}

/// The first value of the list in [from, end), or none.
std::optional<unsigned> first_in(const CalendarList& list, unsigned from, unsigned end) noexcept {
  std::optional<unsigned> found;
  for (const CalendarEntry& entry : list) {
    unsigned value = entry.first;
    if (value < from && entry.step > 0) value += (from - value + entry.step - 1) / entry.step * entry.step;
    if (value < from || value >= end || value > end_of(entry)) continue;
    found = std::min(found.value_or(value), value);
  }
  return found;
}

/// The last value of the list in [begin, until], or none.
std::optional<unsigned> last_in(const CalendarList& list, unsigned begin, unsigned until) noexcept {
  std::optional<unsigned> found;
  for (const CalendarEntry& entry : list) {
    const unsigned most = std::min(until, end_of(entry));
    if (entry.first > most) continue;
    const unsigned value = entry.step > 0 ? most - (most - entry.first) % entry.step : entry.first;
    if (value >= begin) found = std::max(found.value_or(value), value);
  }
  return found;
}

/// Where in its minute a second begins, in microseconds.
unsigned begin_of(WallSeconds second, const Zone& zone) noexcept {
  const auto of_day = zone.to_local(second) - std::chrono::floor<std::chrono::days>(zone.to_local(second));
  return static_cast<unsigned>(of_day.count() % 60) * per_second;
}

}  // namespace

CalendarTrigger::CalendarTrigger(Calendar calendar, Zone zone, DstPolicy policy)
    : calendar_(std::move(calendar)), zone_(calendar_.zone.value_or(zone)), policy_(policy) {}

bool CalendarTrigger::fires_in(WallSeconds second) const noexcept {
  return next_fire(calendar_.pattern, zone_, policy_, second - seconds{1}) == second;
}

// A fire that a gap has moved to the first second behind it need not be a second of the list: it lies on the second.
std::optional<WallTime> CalendarTrigger::next(WallTime after) const noexcept {
  if (!calendar_.has_fractions) return next_fire(calendar_.pattern, zone_, policy_, after);
  const WallSeconds whole = std::chrono::floor<seconds>(after);
  if (fires_in(whole)) {
    const unsigned begin = begin_of(whole, zone_);
    const auto passed = static_cast<unsigned>(std::chrono::floor<microseconds>(after - whole).count());
    if (const auto found = first_in(calendar_.seconds, begin + passed + 1, begin + per_second)) {
      return whole + microseconds(*found - begin);
    }
  }
  const auto found = next_fire(calendar_.pattern, zone_, policy_, whole);
  if (!found) return std::nullopt;
  const unsigned begin = begin_of(std::chrono::floor<seconds>(*found), zone_);
  return *found + microseconds(first_in(calendar_.seconds, begin, begin + per_second).value_or(begin) - begin);
}

std::optional<WallTime> CalendarTrigger::previous(WallTime before) const noexcept {
  if (!calendar_.has_fractions) return previous_fire(calendar_.pattern, zone_, policy_, before);
  for (auto second = previous_fire(calendar_.pattern, zone_, policy_, before); second;
       second = previous_fire(calendar_.pattern, zone_, policy_, *second)) {
    const unsigned begin = begin_of(std::chrono::floor<seconds>(*second), zone_);
    const auto room = std::min<Duration>(before - *second - Duration{1}, Duration{seconds{1}} - Duration{1});
    const unsigned until = begin + static_cast<unsigned>(std::chrono::floor<microseconds>(room).count());
    if (const auto found = last_in(calendar_.seconds, begin, until)) return *second + microseconds(*found - begin);
    if (!first_in(calendar_.seconds, begin, begin + per_second)) return second;
  }
  return std::nullopt;
}

std::string CalendarTrigger::describe() const {
  std::string text = calendar_.pattern.describe();
  if (calendar_.has_fractions) {
    const std::string normal = calendar_.normalise();
    const std::size_t start = normal.rfind(':') + 1;
    text += " (at the seconds " + normal.substr(start, normal.find(' ', start) - start) + " of the minute)";
  }
  return text + ", " + zone_.name();
}

}  // namespace belfry::time
