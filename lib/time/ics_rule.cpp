#include "time/ics_rule.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "time/text_cursor.hpp"

namespace belfry::time::detail {
namespace {

using std::chrono::days;
using std::chrono::month;
using std::chrono::months;
using std::chrono::year;
using std::chrono::year_month;
using std::chrono::year_month_day;
using Problem = std::optional<std::string>;

constexpr std::array<std::string_view, 7> weekday_codes{"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
constexpr std::size_t longest_list = 366;

std::optional<int> to_int(std::string_view text, int least, int most) noexcept {
  if (text.starts_with('+')) text.remove_prefix(1);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) return std::nullopt;
  return value;
}

std::optional<unsigned> to_weekday(std::string_view code) noexcept {
  const auto* const found = std::ranges::find_if(weekday_codes, [&](std::string_view c) { return same_word(c, code); });
  if (found == weekday_codes.end()) return std::nullopt;
  return static_cast<unsigned>(found - weekday_codes.begin());
}

/// Calls `take` with every item of a list; false when it is too long or `take` refuses one.
template <typename Take>
bool each_item(std::string_view list, Take take) {
  for (std::size_t n = 0; n < longest_list; ++n) {
    const std::size_t comma = list.find(',');
    if (!take(list.substr(0, comma))) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
  return false;
}

/// Numbers from -most to most, but not 0.
bool take_numbers(std::string_view list, int most, std::vector<int>& numbers) {
  return each_item(list, [&](std::string_view item) {
    const auto number = to_int(item, -most, most);
    if (!number || *number == 0) return false;
    numbers.push_back(*number);
    return true;
  });
}

bool take_months(std::string_view list, std::uint32_t& months) {
  return each_item(list, [&](std::string_view item) {
    const auto number = to_int(item, 1, 12);
    if (number) months |= 1U << static_cast<unsigned>(*number);
    return number.has_value();
  });
}

bool take_weekdays(std::string_view list, std::vector<IcsWeekday>& weekdays) {
  return each_item(list, [&](std::string_view item) {
    if (item.size() < 2) return false;
    const auto weekday = to_weekday(item.substr(item.size() - 2));
    const std::string_view ordinal = item.substr(0, item.size() - 2);
    const auto nth = ordinal.empty() ? std::optional(0) : to_int(ordinal, -53, 53);
    if (!weekday || !nth || (*nth == 0 && !ordinal.empty())) return false;
    weekdays.push_back({*nth, *weekday});
    return true;
  });
}

bool take_frequency(std::string_view value, IcsFrequency& frequency) noexcept {
  constexpr std::array<std::string_view, 4> names{"YEARLY", "MONTHLY", "WEEKLY", "DAILY"};
  const auto* const found = std::ranges::find_if(names, [&](std::string_view name) { return same_word(name, value); });
  if (found == names.end()) return false;
  frequency = static_cast<IcsFrequency>(found - names.begin());
  return true;
}

bool take_count(std::string_view value, IcsRule& rule) noexcept {
  const auto count = to_int(value, 1, 1'000'000'000);
  if (count) rule.count = *count;
  return count.has_value();
}

bool take_interval(std::string_view value, IcsRule& rule) noexcept {
  const auto interval = to_int(value, 1, 1'000'000);
  if (interval) rule.interval = *interval;
  return interval.has_value();
}

bool take_until(std::string_view value, IcsRule& rule) noexcept {
  rule.until = parse_ics_date(value);
  return rule.until.has_value();
}

bool take_week_start(std::string_view value, IcsRule& rule) noexcept {
  const auto weekday = to_weekday(value);
  if (weekday) rule.week_start = *weekday;
  return weekday.has_value();
}

/// Takes one part of the rule; says what is wrong with it.
Problem take_part(std::string_view name, std::string_view value, IcsRule& rule) {
  const auto is = [name](std::string_view other) { return same_word(name, other); };
  const auto checked = [&](bool right, std::string_view takes) -> Problem {
    if (right) return std::nullopt;
    return std::string(name) + " takes " + std::string(takes) + ", not " + quoted(value);
  };
  if (is("FREQ")) {
    return checked(take_frequency(value, rule.frequency), "YEARLY, MONTHLY, WEEKLY or DAILY for all-day events");
  }
  if (is("INTERVAL")) return checked(take_interval(value, rule), "a number from 1 on");
  if (is("COUNT")) return checked(take_count(value, rule), "a number from 1 to 1000000000");
  if (is("UNTIL")) return checked(take_until(value, rule), "a date such as 20301231");
  if (is("WKST")) return checked(take_week_start(value, rule), "a weekday such as MO");
  if (is("BYMONTH")) return checked(take_months(value, rule.months), "months from 1 to 12");
  if (is("BYMONTHDAY")) return checked(take_numbers(value, 31, rule.month_days), "days from 1 to 31 or -1 to -31");
  if (is("BYYEARDAY")) return checked(take_numbers(value, 366, rule.year_days), "days from 1 to 366 or -1 to -366");
  if (is("BYSETPOS")) return checked(take_numbers(value, 366, rule.positions), "numbers from 1 to 366 or -1 to -366");
  if (is("BYDAY")) return checked(take_weekdays(value, rule.weekdays), "weekdays such as MO, 4TH or -1FR");
  return quoted(name) + " is not supported in the rule of an all-day event";
}

Problem check_whole(const IcsRule& rule, bool has_frequency) {
  if (!has_frequency) return "a rule needs FREQ";
  if (rule.count && rule.until) return "a rule has COUNT or UNTIL, not both";
  const bool nth = std::ranges::any_of(rule.weekdays, [](const IcsWeekday& day) { return day.nth != 0; });
  const bool short_period = rule.frequency == IcsFrequency::weekly || rule.frequency == IcsFrequency::daily;
  if (nth && short_period) return "the nth weekday needs FREQ=MONTHLY or FREQ=YEARLY";
  if (rule.frequency == IcsFrequency::weekly && !rule.month_days.empty()) return "FREQ=WEEKLY has no BYMONTHDAY";
  if (rule.frequency != IcsFrequency::yearly && !rule.year_days.empty()) return "BYYEARDAY needs FREQ=YEARLY";
  return std::nullopt;
}

/// The days of a year, month, week, or one day.
struct Period {
  LocalDay first;
  LocalDay last;
};

/// A rule with what it leaves to the beginning of its event filled in.
class Expansion {
 public:
  Expansion(IcsRule rule, LocalDay start) : rule_(std::move(rule)), start_(start) {
    if (!rule_.month_days.empty() || !rule_.year_days.empty() || !rule_.weekdays.empty()) return;
    const year_month_day date(start);
    if (rule_.frequency == IcsFrequency::yearly && rule_.months == 0) {
      rule_.months = 1U << static_cast<unsigned>(date.month());
    }
    if (rule_.frequency == IcsFrequency::yearly || rule_.frequency == IcsFrequency::monthly) {
      rule_.month_days.push_back(static_cast<int>(static_cast<unsigned>(date.day())));
    }
    if (rule_.frequency == IcsFrequency::weekly) {
      rule_.weekdays.push_back({0, std::chrono::weekday(start).c_encoding()});
    }
  }

  /// The period that is `n` intervals behind that of the start; none behind the last year.
  std::optional<Period> period(std::int64_t n) const noexcept {
    const std::int64_t steps = n * rule_.interval;
    if (steps > (last_local_day - first_local_day).count()) return std::nullopt;
    const year_month_day date(start_);
    std::optional<Period> found;
    if (rule_.frequency == IcsFrequency::yearly) {
      if (steps > 300) return std::nullopt;
      const year y = date.year() + std::chrono::years{steps};
      found = Period{LocalDay(y / 1 / 1), LocalDay(y / 12 / 31)};
    } else if (rule_.frequency == IcsFrequency::monthly) {
      if (steps > 3600) return std::nullopt;
      const year_month m = date.year() / date.month() + months{steps};
      found = Period{LocalDay(m / 1), LocalDay(m / std::chrono::last)};
    } else if (rule_.frequency == IcsFrequency::weekly) {
      const auto into_week = std::chrono::weekday(start_) - std::chrono::weekday(rule_.week_start);
      const LocalDay first = start_ - into_week + days{7 * steps};
      found = Period{first, first + days{6}};
    } else {
      found = Period{start_ + days{steps}, start_ + days{steps}};
    }
    return found->first <= last_local_day ? found : std::nullopt;
  }

  /// The dates of a period that the rule names. Every date that is looked at costs.
  std::vector<LocalDay> dates(const Period& period, IcsBudget& budget) const {
    std::vector<LocalDay> found;
    for (LocalDay day = period.first; day <= period.last; day += days{1}) {
      const year_month_day date(day);
      --budget.days;
      if (rule_.months != 0 && (rule_.months >> static_cast<unsigned>(date.month()) & 1U) == 0) {
        day = std::min(LocalDay(date.year() / date.month() / std::chrono::last), period.last);
      } else if (matches(day, date)) {
        found.push_back(day);
      }
    }
    return rule_.positions.empty() ? found : at_positions(found);
  }

 private:
  static bool is_nth(const std::vector<int>& wanted, int nth, int length) noexcept {
    return wanted.empty() ||
           std::ranges::any_of(wanted, [&](int n) { return n == nth || (n < 0 && length + 1 + n == nth); });
  }

  bool matches(LocalDay day, const year_month_day& date) const noexcept {
    const LocalDay month_end(date.year() / date.month() / std::chrono::last);
    const LocalDay year_start(date.year() / 1 / 1);
    const int in_month = static_cast<int>(static_cast<unsigned>(date.day()));
    const int month_length = in_month + static_cast<int>((month_end - day).count());
    const int in_year = static_cast<int>((day - year_start).count()) + 1;
    const int year_length = date.year().is_leap() ? 366 : 365;
    if (!is_nth(rule_.month_days, in_month, month_length)) return false;
    if (!is_nth(rule_.year_days, in_year, year_length)) return false;
    if (rule_.weekdays.empty()) return true;
    const bool of_year = rule_.frequency == IcsFrequency::yearly && rule_.months == 0;
    const int place = of_year ? in_year : in_month;
    const int length = of_year ? year_length : month_length;
    const unsigned weekday = std::chrono::weekday(day).c_encoding();
    return std::ranges::any_of(rule_.weekdays, [&](const IcsWeekday& wanted) {
      if (wanted.weekday != weekday) return false;
      if (wanted.nth > 0) return (place - 1) / 7 + 1 == wanted.nth;
      return wanted.nth == 0 || (length - place) / 7 + 1 == -wanted.nth;
    });
  }

  std::vector<LocalDay> at_positions(const std::vector<LocalDay>& dates) const {
    std::vector<LocalDay> found;
    const int length = static_cast<int>(dates.size());
    for (int i = 0; i < length; ++i) {
      if (is_nth(rule_.positions, i + 1, length)) found.push_back(dates[static_cast<std::size_t>(i)]);
    }
    return found;
  }

  IcsRule rule_;
  LocalDay start_;
};

}  // namespace

std::expected<IcsRule, std::string> parse_ics_rule(std::string_view text) {
  IcsRule rule;
  bool has_frequency = false;
  std::vector<std::string_view> seen;
  while (!text.empty()) {
    const std::size_t semicolon = std::min(text.find(';'), text.size());
    const std::string_view part = text.substr(0, semicolon);
    text.remove_prefix(std::min(semicolon + 1, text.size()));
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return std::unexpected(quoted(part) + " is no part of a rule");
    const std::string_view name = part.substr(0, equals);
    if (std::ranges::any_of(seen, [name](std::string_view other) { return same_word(name, other); })) {
      return std::unexpected(quoted(name) + " is given twice");
    }
    if (auto problem = take_part(name, part.substr(equals + 1), rule)) return std::unexpected(std::move(*problem));
    seen.push_back(name);
    has_frequency = has_frequency || same_word(name, "FREQ");
  }
  if (auto problem = check_whole(rule, has_frequency)) return std::unexpected(std::move(*problem));
  return rule;
}

std::optional<std::vector<LocalDay>> dates_of(const IcsRule& rule, LocalDay start, IcsBudget& budget) {
  const Expansion expansion(rule, start);
  const LocalDay end = std::min(rule.until.value_or(last_local_day), last_local_day);
  const auto most = static_cast<std::size_t>(rule.count.value_or(1'000'000'000));
  std::vector<LocalDay> found{start};
  for (std::int64_t n = 0;; ++n) {
    const auto period = expansion.period(n);
    if (!period || period->first > end) return found;
    for (const LocalDay day : expansion.dates(*period, budget)) {
      if (day > end || found.size() >= most) return found;
      if (day > start) found.push_back(day);
    }
    if (--budget.days < 0) return std::nullopt;
  }
}

std::optional<LocalDay> parse_ics_date(std::string_view text) noexcept {
  const bool alone = text.size() == 8;
  if (!alone && (text.size() < 15 || text.size() > 16 || to_lower(text[8]) != 't')) return std::nullopt;
  if (!std::ranges::all_of(text.substr(0, 8), is_digit)) return std::nullopt;
  if (!alone && !std::ranges::all_of(text.substr(9, 6), is_digit)) return std::nullopt;
  if (text.size() == 16 && to_lower(text[15]) != 'z') return std::nullopt;
  const auto number = [text](std::size_t from, std::size_t size) {
    return static_cast<unsigned>(to_number(text.substr(from, size), 10'000));
  };
  const year_month_day date{year{static_cast<int>(number(0, 4))}, month{number(4, 2)}, std::chrono::day{number(6, 2)}};
  if (!date.ok() || LocalDay(date) < first_local_day || LocalDay(date) > last_local_day) return std::nullopt;
  return LocalDay(date);
}

}  // namespace belfry::time::detail
