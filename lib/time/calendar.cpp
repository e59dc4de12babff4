#include "time/calendar.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "time/calendar_component.hpp"
#include "time/suggest.hpp"
#include "time/text_cursor.hpp"

namespace belfry::time {
namespace {

using detail::Cursor;
using detail::quoted;
using detail::calendar::Component;
using detail::calendar::day_rule;
using detail::calendar::hour_rule;
using detail::calendar::last_day_rule;
using detail::calendar::minute_rule;
using detail::calendar::month_rule;
using detail::calendar::normalised;
using detail::calendar::Rule;
using detail::calendar::second_rule;
using detail::calendar::take_component;
using detail::calendar::unexpected;
using detail::calendar::Values;
using detail::calendar::values_of;
using detail::calendar::year_rule;

struct Keyword {
  std::string_view name;
  std::string_view expression;
};

constexpr std::array keywords = std::to_array<Keyword>({
    {"minutely", "*-*-* *:*:00"},
    {"hourly", "*-*-* *:00:00"},
    {"daily", "*-*-* 00:00:00"},
    {"weekly", "Mon *-*-* 00:00:00"},
    {"monthly", "*-*-01 00:00:00"},
    {"quarterly", "*-01,04,07,10-01 00:00:00"},
    {"semiannually", "*-01,07-01 00:00:00"},
    {"semi-annually", "*-01,07-01 00:00:00"},
    {"biannually", "*-01,07-01 00:00:00"},
    {"bi-annually", "*-01,07-01 00:00:00"},
    {"yearly", "*-01-01 00:00:00"},
    {"annually", "*-01-01 00:00:00"},
    {"anually", "*-01-01 00:00:00"},  // systemd keeps this one for old units
});

/// From Monday, as systemd's week; ranges may not run over Sunday.
constexpr std::array<std::string_view, 7> weekdays_from_monday{"monday", "tuesday",  "wednesday", "thursday",
                                                               "friday", "saturday", "sunday"};

class CalendarParser {
 public:
  explicit CalendarParser(std::string_view text) noexcept : cursor_(text) {}

  Parsed<Calendar> parse() {
    if (cursor_.at_end() || detail::is_blank(cursor_.peek()))
      return std::unexpected(unexpected(cursor_, "a calendar expression"));
    fields_.day_and_weekday = true;
    fields_.has_seconds = true;
    if (detail::is_letter(cursor_.peek())) {
      const auto taken = take_weekdays();
      if (!taken) return std::unexpected(taken.error());
    } else {
      fields_.weekdays = 0x7f;
      fields_.any_weekday = true;
    }
    const auto taken = take_date_and_time();
    if (!taken) return std::unexpected(taken.error());
    const auto zone = take_zone();
    if (!zone) return std::unexpected(zone.error());
    calendar_.pattern = Cron(fields_);
    calendar_.zone = *zone;
    return std::move(calendar_);
  }

 private:
  void take_spaces() noexcept {
    cursor_.take_while([](char c) { return c == ' '; });
  }

  Parsed<unsigned> take_weekday() {
    const std::size_t start = cursor_.position();
    const std::string_view word = cursor_.take_while(detail::is_letter);
    for (unsigned n = 0; n < weekdays_from_monday.size(); ++n) {
      if (detail::same_word(word, weekdays_from_monday[n]) ||
          detail::same_word(word, weekdays_from_monday[n].substr(0, 3)))
        return n;
    }
    std::vector<std::string_view> known(weekdays_from_monday.begin(), weekdays_from_monday.end());
    for (const Keyword& keyword : keywords) known.push_back(keyword.name);
    return std::unexpected(
        cursor_.error_since(start, "a weekday was expected, not " + quoted(word), did_you_mean(word, known)));
  }

  Parsed<void> take_weekdays() {
    do {
      take_spaces();
      if (!detail::is_letter(cursor_.peek())) break;  // "Wed, 17:48"
      const std::size_t start = cursor_.position();
      const auto first = take_weekday();
      if (!first) return std::unexpected(first.error());
      unsigned last = *first;
      if (cursor_.rest().starts_with("..") || cursor_.peek() == '-') {
        cursor_.move_to(cursor_.position() + (cursor_.peek() == '-' ? 1 : 2));
        const auto end = take_weekday();
        if (!end) return std::unexpected(end.error());
        last = *end;
      }
      if (last < *first) {
        return std::unexpected(cursor_.error_since(start, "the range of weekdays ends before it begins",
                                                   "the week begins on Monday: write both parts, with a comma"));
      }
      for (unsigned n = *first; n <= last; ++n)
        fields_.weekdays = static_cast<std::uint8_t>(fields_.weekdays | 1U << (n + 1) % 7);
    } while (cursor_.take(','));
    if (!cursor_.at_end() && cursor_.peek() != ' ' && !detail::is_digit(cursor_.peek()))
      return std::unexpected(unexpected(cursor_, "a blank"));
    take_spaces();
    return {};
  }

  /// Stores a component twice: as a list in the calendar, and as bits in the fields.
  template <typename Field>
  Parsed<void> set(CalendarList& list, Field& field, const Component& component, const Rule& rule,
                   bool from_end = false) {
    auto normal = normalised(component, rule, from_end);
    if (!normal) return std::unexpected(std::move(normal).error());
    list = *std::move(normal);
    field = static_cast<Field>((values_of(list, rule, from_end) & Values(~0ULL)).to_ullong());
    return {};
  }

  /// Either part may be missing, not both when there are no weekdays.
  Parsed<void> take_date_and_time() {
    if (cursor_.peek() == '@') return take_epoch();
    any_date();
    std::optional<Component> hour;
    if (cursor_.peek() == '*' || detail::is_digit(cursor_.peek())) {
      auto first = take_component(cursor_);
      if (!first) return std::unexpected(first.error());
      if (cursor_.peek() == ':') {
        hour = std::move(*first);
      } else {
        const auto date = take_date(std::move(*first));
        if (!date) return date;
        if (!cursor_.at_end() && cursor_.peek() != ' ') return std::unexpected(unexpected(cursor_, "a blank"));
        take_spaces();
      }
    }
    if (!hour && (cursor_.peek() == '*' || detail::is_digit(cursor_.peek()))) {
      auto component = take_component(cursor_);
      if (!component) return std::unexpected(component.error());
      if (cursor_.peek() != ':') return std::unexpected(unexpected(cursor_, "a colon and the minutes"));
      hour = std::move(*component);
    }
    return hour ? take_time(*hour) : midnight();
  }

  void any_date() noexcept {
    fields_.months = 0x1ffe;
    fields_.days = 0xfffffffe;
    fields_.any_day = true;
  }

  /// Year, month and day; the year may be missing. `first` is the component in front of the first hyphen.
  Parsed<void> take_date(Component first) {
    const bool month_first = cursor_.peek() == '~';
    if (!month_first && !cursor_.take('-'))
      return std::unexpected(unexpected(cursor_, "a hyphen of a date or the colon of a time"));
    if (month_first) return set_date(std::nullopt, first, take_day());
    auto second = take_component(cursor_);
    if (!second) return std::unexpected(second.error());
    if (cursor_.peek() == '-' || cursor_.peek() == '~') return set_date(std::move(first), *second, take_day());
    return set_date(std::nullopt, first, Day{std::move(*second), false});
  }

  struct Day {
    Component component;
    bool from_end;
  };

  Parsed<Day> take_day() {
    const bool from_end = cursor_.take('~');
    if (!from_end) cursor_.take('-');
    auto component = take_component(cursor_);
    if (!component) return std::unexpected(component.error());
    return Day{std::move(*component), from_end};
  }

  Parsed<void> set_date(const std::optional<Component>& year, const Component& month, const Parsed<Day>& day) {
    if (!day) return std::unexpected(day.error());
    const auto years = year && !year->any ? set_years(*year) : Parsed<void>();
    if (!years) return years;
    const auto months = set(calendar_.months, fields_.months, month, month_rule);
    if (!months || day->component.any) return months;
    fields_.any_day = false;
    if (!day->from_end) return set(calendar_.days, fields_.days, day->component, day_rule);
    fields_.days = 0;
    calendar_.days_from_end = true;
    const auto days = set(calendar_.days, fields_.days_from_end, day->component, last_day_rule, true);
    fields_.days_from_end >>= 1;  // ~1 is the last day, which is bit 0
    return days;
  }

  Parsed<void> set_years(const Component& year) {
    auto normal = normalised(year, year_rule);
    if (!normal) return std::unexpected(std::move(normal).error());
    calendar_.years = *std::move(normal);
    const Values values = values_of(calendar_.years, year_rule);
    fields_.has_year = true;
    for (std::size_t n = 0; n < fields_.years.size() * 64; ++n) {
      fields_.years[n / 64] |= std::uint64_t{values.test(n)} << (n % 64);
    }
    return {};
  }

  Parsed<void> take_time(const Component& hour) {
    const auto hours = set(calendar_.hours, fields_.hours, hour, hour_rule);
    if (!hours) return hours;
    cursor_.take(':');
    const auto minute = take_component(cursor_);
    if (!minute) return std::unexpected(minute.error());
    fields_.wild = hour.any || minute->any;
    const auto minutes = set(calendar_.minutes, fields_.minutes, *minute, minute_rule);
    if (!minutes) return minutes;
    if (!cursor_.take(':')) return on_the_minute();
    const auto second = take_component(cursor_, second_rule.unit);
    if (!second) return std::unexpected(second.error());
    calendar_.has_fractions = std::ranges::any_of(second->entries, [](const CalendarEntry& entry) {
      return entry.first % second_rule.unit != 0 || entry.step % second_rule.unit != 0;
    });
    return set(calendar_.seconds, fields_.seconds, *second, second_rule);
  }

  Parsed<void> on_the_minute() {
    calendar_.seconds = {CalendarEntry{}};
    return {};
  }

  Parsed<void> midnight() {
    fields_.minutes = fields_.hours = 1;
    calendar_.hours = calendar_.minutes = {CalendarEntry{}};
    return on_the_minute();
  }

  /// "@1767225600" is one instant in UTC, written like any other from here on.
  Parsed<void> take_epoch() {
    const std::size_t start = cursor_.position();
    cursor_.take('@');
    constexpr std::uint64_t year_2200 = 7'258'118'400;
    const std::string_view digits = cursor_.take_digits();
    const auto value = detail::to_number(digits, year_2200);
    if (digits.empty() || value == year_2200)
      return std::unexpected(cursor_.error_since(start, "@ takes the seconds since 1970, up to the year 2199"));
    const LocalTime local{std::chrono::seconds(value)};
    const auto date = std::chrono::floor<std::chrono::days>(local);
    const std::chrono::year_month_day ymd(date);
    const auto second = static_cast<unsigned>((local - date).count());
    in_utc_ = true;
    const auto one = [](unsigned number) {
      Component component;
      component.entries.emplace_back().first = number;
      return component;
    };
    static_cast<void>(set_years(one(static_cast<unsigned>(static_cast<int>(ymd.year())))));
    static_cast<void>(set(calendar_.months, fields_.months, one(static_cast<unsigned>(ymd.month())), month_rule));
    static_cast<void>(set(calendar_.days, fields_.days, one(static_cast<unsigned>(ymd.day())), day_rule));
    static_cast<void>(set(calendar_.hours, fields_.hours, one(second / 3600), hour_rule));
    static_cast<void>(set(calendar_.minutes, fields_.minutes, one(second / 60 % 60), minute_rule));
    return set(calendar_.seconds, fields_.seconds, one(second % 60 * second_rule.unit), second_rule);
  }

  Parsed<std::optional<Zone>> take_zone() {
    const bool separated = cursor_.is_behind_blank() || cursor_.peek() == ' ';
    if (!cursor_.at_end() && !separated) return std::unexpected(unexpected(cursor_, "a blank"));
    take_spaces();
    if (cursor_.at_end()) return in_utc_ ? std::optional(Zone()) : std::nullopt;
    const std::size_t start = cursor_.position();
    const std::string_view name = cursor_.take_while([](char c) { return c != ' '; });
    take_spaces();
    if (!cursor_.at_end()) return std::unexpected(unexpected(cursor_, "the end after the time zone"));
    if (detail::same_word(name, "UTC")) return Zone();
    auto zone = Zone::load(name);
    if (zone) return *zone;
    zone.error().offset += start;
    return std::unexpected(std::move(zone).error());
  }

  Cursor cursor_;
  CronFields fields_;
  Calendar calendar_{Cron(CronFields{}), {}, {}, {}, {}, false, {}, {}, {}, false};
  bool in_utc_ = false;
};

/// "daily UTC": a keyword and a zone.
std::optional<Keyword> leading_keyword(std::string_view text) noexcept {
  const std::string_view word = text.substr(0, text.find(' '));
  const auto* const found =
      std::ranges::find_if(keywords, [&](const Keyword& k) { return detail::same_word(k.name, word); });
  return found == keywords.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

Parsed<Calendar> parse_calendar(std::string_view text) {
  const auto keyword = leading_keyword(text);
  if (!keyword) return CalendarParser(text).parse();
  const std::string expanded = std::string(keyword->expression) + std::string(text.substr(keyword->name.size()));
  auto calendar = CalendarParser(expanded).parse();
  if (calendar) return calendar;
  // What is wrong stands behind the keyword; count in the text that the user wrote.
  calendar.error().offset -= keyword->expression.size() - keyword->name.size();
  return calendar;
}

bool looks_like_calendar(std::string_view text) noexcept {
  if (leading_keyword(text) || text.find(':') != std::string_view::npos || text.find("..") != std::string_view::npos) {
    return true;
  }
  Cursor cursor(text);
  std::size_t words = 0;
  for (cursor.take_blanks(); !cursor.at_end(); cursor.take_blanks()) {
    cursor.take_while([](char c) { return !detail::is_blank(c); });
    ++words;
  }
  constexpr std::size_t fields_of_cron = 5;
  if (words >= fields_of_cron) return false;
  cursor.move_to(0);
  cursor.take_blanks();
  const bool begins_with_a_name = detail::is_letter(cursor.peek()) && detail::is_letter(cursor.peek_after());
  return begins_with_a_name || text.find('~') != std::string_view::npos || text.find("*-") != std::string_view::npos;
}

}  // namespace belfry::time
