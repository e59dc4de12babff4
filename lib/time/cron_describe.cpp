// A cron expression in plain English, from its sets of values: what two expressions have in common reads the same.
#include <array>
#include <bit>
#include <string>
#include <vector>

#include "time/cron.hpp"

namespace belfry::time {
namespace {

constexpr std::array<std::string_view, 7> weekday_names{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                        "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 13> month_names{"",        "January",  "February", "March",  "April",
                                                       "May",     "June",     "July",     "August", "September",
                                                       "October", "November", "December"};
constexpr std::array<std::string_view, 5> ordinals{"first", "second", "third", "fourth", "fifth"};

using Parts = std::vector<std::string>;

/// "a", "a and b", "a, b and c".
std::string join(const Parts& parts, std::string_view last = " and ") {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += i + 1 == parts.size() ? last : ", ";
    text += parts[i];
  }
  return text;
}

template <typename Name>
std::string list(std::uint64_t bits, Name name) {
  Parts parts;
  while (bits != 0) {
    const auto first = static_cast<unsigned>(std::countr_zero(bits));
    const auto length = static_cast<unsigned>(std::countr_one(bits >> first));
    const unsigned last = first + length - 1;
    if (length >= 3) {
      parts.push_back(name(first) + " through " + name(last));
    } else {
      parts.push_back(name(first));
      if (length == 2) parts.push_back(name(last));
    }
    bits &= length == 64 ? 0 : ~(((std::uint64_t{1} << length) - 1) << first);
  }
  return join(parts);
}

std::string number(unsigned value) { return std::to_string(value); }

std::string clock(unsigned hour, unsigned minute, std::optional<unsigned> second = std::nullopt) {
  const auto two_digits = [](unsigned value) { return (value < 10 ? "0" : "") + number(value); };
  return two_digits(hour) + ":" + two_digits(minute) + (second ? ":" + two_digits(*second) : "");
}

std::uint64_t all(unsigned count) noexcept { return (std::uint64_t{1} << count) - 1; }

/// n when the bits are 0, n, 2n, ... up to `count`, which n divides: "every n".
std::optional<unsigned> even_step(std::uint64_t bits, unsigned count) noexcept {
  for (unsigned step = 1; step <= count / 2; ++step) {
    if (count % step != 0) continue;
    std::uint64_t pattern = 0;
    for (unsigned value = 0; value < count; value += step) pattern |= std::uint64_t{1} << value;
    if (pattern == bits) return step;
  }
  return std::nullopt;
}

std::string every(unsigned step, std::string_view unit) {
  return step == 1 ? "every " + std::string(unit) : "every " + number(step) + " " + std::string(unit) + "s";
}

/// "at minutes 5, 20 and 35".
std::string at_values(std::uint64_t bits, std::string_view unit) {
  return "at " + std::string(unit) + (std::has_single_bit(bits) ? " " : "s ") + list(bits, number);
}

/// "every 5 minutes" when they are evenly spread, else "at minutes 5, 20 and 35".
std::string values_of(std::uint64_t bits, std::string_view unit) {
  const auto step = even_step(bits, 60);
  return step ? every(*step, unit) : at_values(bits, unit);
}

std::vector<unsigned> values(std::uint64_t bits) {
  std::vector<unsigned> found;
  for (; bits != 0; bits &= bits - 1) found.push_back(static_cast<unsigned>(std::countr_zero(bits)));
  return found;
}

/// "from 09:00 through 17:59": the hours, when the minutes are said already.
std::string hours_of(std::uint32_t hours) {
  if (const auto step = even_step(hours, 24); step && *step > 1) {
    const std::string ending = *step == 2 ? "nd" : "rd";
    return "in every " + number(*step) + (*step <= 3 ? ending : "th") + " hour from 00:00";
  }
  const auto first = static_cast<unsigned>(std::countr_zero(hours));
  const auto last = static_cast<unsigned>(std::bit_width(hours)) - 1;
  const bool one_range = static_cast<unsigned>(std::popcount(hours)) == last - first + 1;
  if (one_range) return "from " + clock(first, 0) + " through " + clock(last, 59);
  return "in the hours " + list(hours, [](unsigned hour) { return clock(hour, 0); });
}

std::string time_of_day(const CronFields& fields) {
  const bool one_second = std::has_single_bit(fields.seconds);
  const bool on_the_minute = fields.seconds == 1;
  const bool all_hours = fields.hours == all(24);
  const auto hour_step = even_step(fields.hours, 24);
  constexpr unsigned longest_hour_step = 8;  // 0,12 reads better as two times
  if (on_the_minute && fields.minutes == 1 && hour_step && *hour_step <= longest_hour_step)
    return every(*hour_step, "hour");
  const auto combinations = std::popcount(fields.minutes) * std::popcount(fields.hours);
  constexpr int most_times_listed = 6;
  if (one_second && !all_hours && combinations <= most_times_listed) {
    Parts times;
    const auto second = static_cast<unsigned>(std::countr_zero(fields.seconds));
    for (const unsigned hour : values(fields.hours)) {
      for (const unsigned minute : values(fields.minutes)) {
        times.push_back(clock(hour, minute, on_the_minute ? std::nullopt : std::optional(second)));
      }
    }
    return "at " + join(times);
  }
  const bool all_minutes = fields.minutes == all(60);
  std::string text = on_the_minute ? values_of(fields.minutes, "minute") : values_of(fields.seconds, "second");
  if (!on_the_minute && !all_minutes) text += ", " + at_values(fields.minutes, "minute");
  if (!all_hours) return text + " " + hours_of(fields.hours);
  const bool says_every = on_the_minute ? even_step(fields.minutes, 60).has_value() : all_minutes;
  if (says_every && (on_the_minute || even_step(fields.seconds, 60))) return text;
  return text + (all_minutes ? " of every minute" : " of every hour");
}

/// The days that the day-of-month field names.
std::string days_of(const CronFields& fields) {
  Parts parts;
  if (fields.days != 0) {
    parts.push_back((std::has_single_bit(fields.days) ? "day " : "days ") + list(fields.days, number));
  }
  for (const unsigned n : values(fields.days_from_end)) {
    parts.push_back(n == 0 ? "the last day" : "day " + number(n) + " before the last");
  }
  for (const unsigned n : values(fields.nearest_weekdays))
    parts.push_back("the working day nearest to day " + number(n));
  for (const unsigned n : values(fields.nearest_weekdays_from_end)) {
    parts.push_back(n == 0 ? "the last working day"
                           : "the working day nearest to day " + number(n) + " before the last");
  }
  return join(parts) + " of the month";
}

std::string weekday_name(unsigned n) { return std::string(weekday_names[n]); }

/// The weekdays, with Sunday at the end of the week so that Saturday and Sunday are neighbours.
std::string weekdays_of(const CronFields& fields) {
  Parts parts;
  if (fields.weekdays != 0) {
    const std::uint32_t from_monday = (fields.weekdays & 0x7eU) | (fields.weekdays & 1U) << 7;
    parts.push_back(list(from_monday, [](unsigned n) { return weekday_name(n % 7); }));
  }
  for (const unsigned n : values(fields.last_weekdays))
    parts.push_back("the last " + weekday_name(n) + " of the month");
  for (std::size_t week = 0; week < fields.nth_weekdays.size(); ++week) {
    for (const unsigned n : values(fields.nth_weekdays[week])) {
      parts.push_back("the " + std::string(ordinals[week]) + " " + weekday_name(n) + " of the month");
    }
  }
  return join(parts);
}

std::string dates_of(const CronFields& fields) {
  const bool free_day = fields.days == (all(32) & ~std::uint64_t{1});
  const bool free_weekday = fields.weekdays == all(7);
  const bool both = fields.any_day || fields.any_weekday || fields.day_and_weekday;
  if (both ? free_day && free_weekday : free_day || free_weekday) return {};
  if (free_weekday) return " on " + days_of(fields);
  if (free_day) return " on " + weekdays_of(fields);
  return " on " + days_of(fields) + (both ? " if it is also " : " or on ") + weekdays_of(fields);
}

std::string years_of(const CronFields& fields) {
  Parts parts;
  for (unsigned n = 0; n < fields.years.size() * 64; ++n) {
    const auto has = [&](unsigned k) {
      return k < fields.years.size() * 64 && (fields.years[k / 64] >> (k % 64) & 1U) != 0;
    };
    if (!has(n)) continue;
    unsigned last = n;
    while (has(last + 1)) ++last;
    parts.push_back(number(1970 + n) + (last > n ? " through " + number(1970 + last) : ""));
    n = last;
  }
  return join(parts);
}

}  // namespace

std::string Cron::describe() const {
  std::string text = time_of_day(fields_) + dates_of(fields_);
  if (fields_.months != (all(13) & ~std::uint64_t{1})) {
    text += " in " + list(fields_.months, [](unsigned n) { return std::string(month_names[n]); });
  }
  if (fields_.has_year) text += " in " + years_of(fields_);
  return text;
}

}  // namespace belfry::time
