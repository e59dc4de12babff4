// A cron expression written in its one canonical way, from its sets of values: see Cron::normalise().
#include <algorithm>
#include <array>
#include <bitset>
#include <string>
#include <vector>

#include "time/cron.hpp"
#include "time/each_bit.hpp"

namespace belfry::time {
namespace {

using detail::for_each_bit;
using Values = std::bitset<256>;  // by value minus the base of the field

/// What a field can hold, and what the value of bit 0 is.
struct Field {
  unsigned least;
  unsigned most;
  unsigned base = 0;
};
constexpr Field second_field{0, 59};
constexpr Field minute_field{0, 59};
constexpr Field hour_field{0, 23};
constexpr Field day_field{1, 31};
constexpr Field month_field{1, 12};
constexpr Field weekday_field{0, 6};
constexpr Field year_field{1970, 2199, 1970};

std::vector<unsigned> members(const Values& values, const Field& field) {
  std::vector<unsigned> found;
  for (unsigned value = field.least; value <= field.most; ++value) {
    if (values.test(value - field.base)) found.push_back(value);
  }
  return found;
}

void add(std::string& list, const std::string& entry) { list += (list.empty() ? "" : ",") + entry; }

/// "1-5,8" or, when they are evenly spread, "0-45/15".
std::string list(const std::vector<unsigned>& values) {
  const auto number = [](unsigned value) { return std::to_string(value); };
  if (values.size() > 2) {
    const unsigned step = values[1] - values[0];
    const bool even =
        std::ranges::adjacent_find(values, [&](unsigned a, unsigned b) { return b - a != step; }) == values.end();
    if (even && step > 1) return number(values.front()) + "-" + number(values.back()) + "/" + number(step);
  }
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::size_t last = i;
    while (last + 1 < values.size() && values[last + 1] == values[last] + 1) ++last;
    add(text, last > i + 1 ? number(values[i]) + "-" + number(values[last]) : number(values[i]));
    if (last > i + 1) i = last;
  }
  return text;
}

std::string list(const Values& values, const Field& field) { return list(members(values, field)); }

Values all(const Field& field) {
  Values values;
  for (unsigned value = field.least; value <= field.most; ++value) values.set(value - field.base);
  return values;
}

Values multiples(unsigned step, const Field& field) {
  Values values;
  for (unsigned value = field.least; value <= field.most; value += step) values.set(value - field.base);
  return values;
}

/// "*", "*/5", or "*/20,7" when the rest is no multiple; none when the least value is missing.
std::optional<std::string> with_star(const Values& values, const Field& field) {
  if (values == all(field)) return "*";
  for (unsigned step = 2; step <= field.most + 1; ++step) {
    const Values covered = multiples(step, field);
    if ((covered & ~values).any()) continue;
    const Values rest = values & ~covered;
    return "*/" + std::to_string(step) + (rest.any() ? "," + list(rest, field) : "");
  }
  return std::nullopt;
}

std::string star_or_list(const Values& values, const Field& field) {
  return values == all(field) ? "*" : list(values, field);
}

/// Whether an expression is wild, and so follows real time, shows in these two fields only.
std::string minute_and_hour(const CronFields& fields) {
  const Values minutes(fields.minutes);
  const Values hours(fields.hours);
  if (!fields.wild) return list(minutes, minute_field) + " " + list(hours, hour_field);
  const auto starred = [](const Values& values, const Field& field) {  // plain patterns only
    const auto text = with_star(values, field);
    return text && text->find(',') == std::string::npos ? *text : list(values, field);
  };
  const std::string minute = starred(minutes, minute_field);
  const std::string hour = starred(hours, hour_field);
  if (minute.starts_with('*') || hour.starts_with('*')) return minute + " " + hour;
  if (const auto text = with_star(minutes, minute_field)) return *text + " " + hour;
  return minute + " " + with_star(hours, hour_field).value_or(hour);
}

std::string day_list(const CronFields& fields) {
  std::string text = list(Values(fields.days), day_field);
  const auto from_end = [](unsigned n) { return n == 0 ? std::string("L") : "L-" + std::to_string(n); };
  for_each_bit(fields.days_from_end, [&](unsigned n) { add(text, from_end(n)); });
  for_each_bit(fields.nearest_weekdays, [&](unsigned n) { add(text, std::to_string(n) + "W"); });
  for_each_bit(fields.nearest_weekdays_from_end, [&](unsigned n) { add(text, from_end(n) + "W"); });
  return text;
}

std::string weekday_list(const CronFields& fields) {
  std::string text = list(Values(fields.weekdays), weekday_field);
  for (unsigned week = 0; week < fields.nth_weekdays.size(); ++week) {
    for_each_bit(fields.nth_weekdays[week],
                 [&](unsigned n) { add(text, std::to_string(n) + "#" + std::to_string(week + 1)); });
  }
  for_each_bit(fields.last_weekdays, [&](unsigned n) { add(text, std::to_string(n) + "L"); });
  return text;
}

/// The two day fields, which are read together: `*` is written where a field leaves the choice to the other.
struct DayFields {
  std::string day;
  std::string weekday;
};

DayFields day_fields(const CronFields& fields) {
  const bool all_days = Values(fields.days) == all(day_field);
  const bool all_weekdays = Values(fields.weekdays) == all(weekday_field);
  const bool both = fields.any_day || fields.any_weekday || fields.day_and_weekday;
  if (!both && (all_days || all_weekdays)) return {"*", "*"};
  const std::string plus = both && !all_days && !all_weekdays ? "+" : "";
  return {all_days ? "*" : day_list(fields), all_weekdays ? "*" : plus + weekday_list(fields)};
}

Values year_values(const CronFields& fields) {
  Values values;
  for (std::size_t n = 0; n < values.size(); ++n) values[n] = (fields.years[n / 64] >> (n % 64) & 1U) != 0;
  return values;
}

}  // namespace

std::string Cron::normalise() const {
  const DayFields days = day_fields(fields_);
  std::string text = minute_and_hour(fields_) + " " + days.day + " " +
                     star_or_list(Values(fields_.months), month_field) + " " + days.weekday;
  if (fields_.seconds == 1 && !fields_.has_year) return text;
  text = with_star(Values(fields_.seconds), second_field) == "*"
             ? "* " + text
             : list(Values(fields_.seconds), second_field) + " " + text;
  return fields_.has_year ? text + " " + list(year_values(fields_), year_field) : text;
}

}  // namespace belfry::time
