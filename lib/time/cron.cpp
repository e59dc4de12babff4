// Which dates and times match: every search leaps from field to field, never from second to second.
#include "time/cron.hpp"

#include <algorithm>
#include <bit>

#include "time/each_bit.hpp"

namespace belfry::time {
namespace {

using detail::for_each_bit;
using std::chrono::day;
using std::chrono::days;
using std::chrono::local_days;
using std::chrono::month;
using std::chrono::months;
using std::chrono::seconds;
using std::chrono::year;
using std::chrono::year_month;
using std::chrono::year_month_day;
using std::chrono::year_month_day_last;

constexpr int first_year_of_field = 1970;

/// The lowest bit at or above `from`, or none.
std::optional<unsigned> lowest_from(std::uint64_t bits, unsigned from) noexcept {
  const std::uint64_t rest = from < 64 ? bits >> from << from : 0;
  return rest == 0 ? std::nullopt : std::optional(static_cast<unsigned>(std::countr_zero(rest)));
}

/// The highest bit at or below `until`, or none.
std::optional<unsigned> highest_until(std::uint64_t bits, unsigned until) noexcept {
  const std::uint64_t rest = until < 63 ? bits & ((std::uint64_t{2} << until) - 1) : bits;
  return rest == 0 ? std::nullopt : std::optional(static_cast<unsigned>(std::bit_width(rest)) - 1);
}

unsigned lowest(std::uint64_t bits) noexcept { return static_cast<unsigned>(std::countr_zero(bits)); }
unsigned highest(std::uint64_t bits) noexcept { return static_cast<unsigned>(std::bit_width(bits)) - 1; }

std::uint32_t bit(unsigned n) noexcept { return std::uint32_t{1} << n; }

/// A month's shape: how long it is and with which weekday it begins (0 is Sunday).
struct Shape {
  unsigned length;
  unsigned first_weekday;

  unsigned weekday_of(unsigned day_of_month) const noexcept { return (first_weekday + day_of_month - 1) % 7; }
};

/// The days of a month that fall on one of `weekdays`, as bits 1 to 31.
std::uint32_t days_on(std::uint32_t weekdays, const Shape& shape) noexcept {
  const std::uint32_t from_first = (weekdays >> shape.first_weekday | weekdays << (7 - shape.first_weekday)) & 0x7fU;
  const std::uint64_t all_weeks = from_first * 0x10204081ULL;  // five copies, seven bits apart
  return static_cast<std::uint32_t>(all_weeks << 1) &
         static_cast<std::uint32_t>((std::uint64_t{2} << shape.length) - 2);
}

/// The Monday to Friday nearest to a day, in the same month.
unsigned nearest_weekday(unsigned day_of_month, const Shape& shape) noexcept {
  const unsigned weekday = shape.weekday_of(day_of_month);
  if (weekday == 6) return day_of_month == 1 ? 3 : day_of_month - 1;
  if (weekday == 0) return day_of_month == shape.length ? day_of_month - 2 : day_of_month + 1;
  return day_of_month;
}

std::uint32_t matching_days(const CronFields& fields, const Shape& shape) noexcept {
  std::uint32_t matching = fields.days & static_cast<std::uint32_t>((std::uint64_t{2} << shape.length) - 2);
  for_each_bit(fields.days_from_end, [&](unsigned n) {
    if (n < shape.length) matching |= bit(shape.length - n);
  });
  for_each_bit(fields.nearest_weekdays, [&](unsigned n) {
    if (n <= shape.length) matching |= bit(nearest_weekday(n, shape));
  });
  for_each_bit(fields.nearest_weekdays_from_end, [&](unsigned n) {
    if (n < shape.length) matching |= bit(nearest_weekday(shape.length - n, shape));
  });
  return matching;
}

std::uint32_t matching_weekdays(const CronFields& fields, const Shape& shape) noexcept {
  std::uint32_t matching = days_on(fields.weekdays, shape);
  const std::uint32_t last_week = (bit(7) - 1) << (shape.length - 6);
  matching |= days_on(fields.last_weekdays, shape) & last_week;
  for (unsigned week = 0; week < fields.nth_weekdays.size(); ++week) {
    const auto of_week = static_cast<std::uint32_t>(std::uint64_t{0x7fU} << (week * 7 + 1));
    matching |= days_on(fields.nth_weekdays[week], shape) & of_week;
  }
  return matching;
}

}  // namespace

bool Cron::has_year(year y) const noexcept {
  const int value = static_cast<int>(y);
  if (!fields_.has_year) return value >= first_year && value <= last_year;
  if (value < first_year_of_field || value > last_year) return false;
  const auto n = static_cast<unsigned>(value - first_year_of_field);
  return (fields_.years[n / 64] >> (n % 64) & 1U) != 0;
}

/// The first year of the pattern at or after `from`; past the last one if there is none.
int Cron::year_from(int from) const noexcept {
  if (!fields_.has_year) return std::max(from, first_year);
  const auto n = static_cast<unsigned>(std::clamp(from, first_year_of_field, last_year + 1) - first_year_of_field);
  for (std::size_t word = n / 64; word < fields_.years.size(); ++word) {
    const auto found = lowest_from(fields_.years[word], word == n / 64 ? n % 64 : 0);
    if (found) return first_year_of_field + static_cast<int>(word * 64 + *found);
  }
  return last_year + 1;
}

std::uint32_t Cron::days_of_month(year_month which) const noexcept {
  const auto first = local_days(which / day{1});
  const Shape shape{static_cast<unsigned>(year_month_day_last(which.year(), which.month() / std::chrono::last).day()),
                    std::chrono::weekday(first).c_encoding()};
  const std::uint32_t by_day = matching_days(fields_, shape);
  const std::uint32_t by_weekday = matching_weekdays(fields_, shape);
  const bool both = fields_.any_day || fields_.any_weekday || fields_.day_and_weekday;
  return both ? by_day & by_weekday : by_day | by_weekday;
}

bool Cron::matches_day(local_days which) const noexcept {
  const year_month_day date(which);
  if (!has_year(date.year()) || (fields_.months >> static_cast<unsigned>(date.month()) & 1U) == 0) return false;
  return (days_of_month(date.year() / date.month()) >> static_cast<unsigned>(date.day()) & 1U) != 0;
}

std::optional<local_days> Cron::first_day_from(local_days from) const noexcept {
  const year_month_day start(from);
  unsigned from_month = static_cast<unsigned>(start.month());
  unsigned from_day = static_cast<unsigned>(start.day());
  for (int y = year_from(static_cast<int>(start.year())); y <= last_year; y = year_from(y + 1)) {
    if (y > static_cast<int>(start.year())) from_month = from_day = 1;
    for (auto m = lowest_from(fields_.months, from_month); m; m = lowest_from(fields_.months, *m + 1)) {
      const bool in_start = y == static_cast<int>(start.year()) && *m == static_cast<unsigned>(start.month());
      const auto d = lowest_from(days_of_month(year{y} / month{*m}), in_start ? from_day : 1);
      if (d) return local_days(year{y} / month{*m} / day{*d});
    }
  }
  return std::nullopt;
}

std::optional<local_days> Cron::last_day_until(local_days until) const noexcept {
  const year_month_day end(until);
  for (int y = std::min(static_cast<int>(end.year()), last_year); y >= first_year; --y) {
    if (!has_year(year{y})) continue;
    const bool in_end_year = y == static_cast<int>(end.year());
    const unsigned until_month = in_end_year ? static_cast<unsigned>(end.month()) : 12;
    for (auto m = highest_until(fields_.months, until_month); m; m = highest_until(fields_.months, *m - 1)) {
      const bool in_end = in_end_year && *m == static_cast<unsigned>(end.month());
      const auto d = highest_until(days_of_month(year{y} / month{*m}), in_end ? static_cast<unsigned>(end.day()) : 31);
      if (d) return local_days(year{y} / month{*m} / day{*d});
    }
  }
  return std::nullopt;
}

std::optional<seconds> Cron::first_time_from(seconds time_of_day) const noexcept {
  const auto total = static_cast<unsigned>(time_of_day.count());
  const unsigned hour = total / 3600;
  const unsigned minute = total / 60 % 60;
  const auto at = [](unsigned h, unsigned m, unsigned s) { return seconds((h * 60 + m) * 60 + s); };
  if ((fields_.hours >> hour & 1U) != 0) {
    if ((fields_.minutes >> minute & 1U) != 0) {
      if (const auto s = lowest_from(fields_.seconds, total % 60)) return at(hour, minute, *s);
    }
    if (const auto m = lowest_from(fields_.minutes, minute + 1)) return at(hour, *m, lowest(fields_.seconds));
  }
  const auto h = lowest_from(fields_.hours, hour + 1);
  if (!h) return std::nullopt;
  return at(*h, lowest(fields_.minutes), lowest(fields_.seconds));
}

std::optional<seconds> Cron::last_time_until(seconds time_of_day) const noexcept {
  const auto total = static_cast<unsigned>(time_of_day.count());
  const unsigned hour = total / 3600;
  const unsigned minute = total / 60 % 60;
  const auto at = [](unsigned h, unsigned m, unsigned s) { return seconds((h * 60 + m) * 60 + s); };
  if ((fields_.hours >> hour & 1U) != 0) {
    if ((fields_.minutes >> minute & 1U) != 0) {
      if (const auto s = highest_until(fields_.seconds, total % 60)) return at(hour, minute, *s);
    }
    if (minute > 0) {
      if (const auto m = highest_until(fields_.minutes, minute - 1)) return at(hour, *m, highest(fields_.seconds));
    }
  }
  if (hour == 0) return std::nullopt;
  const auto h = highest_until(fields_.hours, hour - 1);
  if (!h) return std::nullopt;
  return at(*h, highest(fields_.minutes), highest(fields_.seconds));
}

std::optional<LocalTime> Cron::first_from(LocalTime from) const noexcept {
  const auto today = std::chrono::floor<days>(from);
  if (matches_day(today)) {
    if (const auto time = first_time_from(from - today)) return today + *time;
  }
  const auto found = first_day_from(today + days{1});
  const auto time = first_time_from(seconds{0});
  return found && time ? std::optional(*found + *time) : std::nullopt;
}

std::optional<LocalTime> Cron::last_until(LocalTime until) const noexcept {
  const auto today = std::chrono::floor<days>(until);
  if (matches_day(today)) {
    if (const auto time = last_time_until(until - today)) return today + *time;
  }
  const auto found = last_day_until(today - days{1});
  const auto time = last_time_until(days{1} - seconds{1});
  return found && time ? std::optional(*found + *time) : std::nullopt;
}

// Without a year field 28 years in a row without a common century year hold every kind of year that there is.
bool Cron::never_fires() const noexcept {
  if (fields_.has_year) return !first_day_from(local_days(year{first_year} / std::chrono::January / 1)).has_value();
  for (int y = 1972; y < 2000; ++y) {
    for (auto m = lowest_from(fields_.months, 1); m; m = lowest_from(fields_.months, *m + 1)) {
      if (days_of_month(year{y} / month{*m}) != 0) return false;
    }
  }
  return true;
}

// Two sets of fields can differ and mean the same: `*` and `1-31` beside a free weekday. All that the day fields say is
// what they say of the fourteen kinds of year, and 28 years in a row without a common century year hold each of them.
bool Cron::has_same_fires(const Cron& other) const noexcept {
  const CronFields& x = fields_;
  const CronFields& y = other.fields_;
  if (x.seconds != y.seconds || x.minutes != y.minutes || x.hours != y.hours) return false;
  const bool any_year = !x.has_year && !y.has_year;
  for (int which = any_year ? 1972 : first_year; which <= (any_year ? 1999 : last_year); ++which) {
    for (unsigned m = 1; m <= 12; ++m) {
      const auto days_in = [&](const Cron& cron) {
        const bool has_month = (cron.fields_.months >> m & 1U) != 0 && cron.has_year(year{which});
        return has_month ? cron.days_of_month(year{which} / month{m}) : 0;
      };
      if (days_in(*this) != days_in(other)) return false;
    }
  }
  return true;
}

std::optional<WallTime> CronTrigger::next(WallTime after) const noexcept {
  return next_fire(cron_, zone_, policy_, after);
}

std::optional<WallTime> CronTrigger::previous(WallTime before) const noexcept {
  return previous_fire(cron_, zone_, policy_, before);
}

std::string CronTrigger::describe() const { return cron_.describe() + ", " + zone_.name(); }

}  // namespace belfry::time
