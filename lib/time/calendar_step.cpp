#include "time/calendar_step.hpp"

#include <algorithm>
#include <initializer_list>

#include "time/day_set.hpp"
#include "time/text_cursor.hpp"

namespace belfry::time {
namespace {

using detail::Cursor;
using std::chrono::days;
using std::chrono::month;
using std::chrono::year_month;
using std::chrono::year_month_day;

constexpr std::string_view alone = "for example \"1 month\" or \"2 years\"; days and less are a job of their own";

int months_of(LocalTime local) noexcept {
  const year_month_day date(std::chrono::floor<days>(local));
  return static_cast<int>(date.year()) * 12 + static_cast<int>(static_cast<unsigned>(date.month())) - 1;
}

std::optional<LocalTime> in_range(LocalTime local) noexcept {
  if (local < first_local_day || local >= last_local_day + days{1}) return std::nullopt;
  return local;
}

/// The months of a unit, 0 for one that is shorter.
unsigned months_in(std::string_view unit, bool iso) noexcept {
  if (iso) return unit == "Y" ? 12 : unit == "M" ? 1 : 0;
  const auto is_any_of = [unit](std::initializer_list<std::string_view> names) {
    return std::ranges::any_of(names, [unit](std::string_view name) { return detail::same_word(unit, name); });
  };
  return is_any_of({"y", "yr", "year", "years"}) ? 12 : is_any_of({"mo", "month", "months"}) ? 1 : 0;
}

}  // namespace

LocalTime CalendarStep::at(int steps) const noexcept {
  const auto day = std::chrono::floor<days>(anchor_);
  const int month_count = months_of(anchor_) + steps * months_;
  const int in_year = ((month_count % 12) + 12) % 12;
  const year_month which{std::chrono::year{(month_count - in_year) / 12}, month{static_cast<unsigned>(in_year) + 1}};
  const std::chrono::day last = (which / std::chrono::last).day();
  return LocalDay(which / std::min(year_month_day(day).day(), last)) + (anchor_ - day);
}

/// The number of steps that leads into the month of `local`, or before it; it is right to within one.
int CalendarStep::steps_near(LocalTime local) const noexcept {
  const LocalTime clamped = std::clamp<LocalTime>(local, first_local_day - days{1}, last_local_day + days{1});
  const int distance = months_of(clamped) - months_of(anchor_);
  return distance >= 0 ? distance / months_ : -((-distance + months_ - 1) / months_);
}

std::optional<LocalTime> CalendarStep::first_from(LocalTime from) const noexcept {
  from = std::max<LocalTime>(from, first_local_day);
  int steps = steps_near(from);
  if (at(steps) < from) ++steps;
  return in_range(at(steps));
}

std::optional<LocalTime> CalendarStep::last_until(LocalTime until) const noexcept {
  until = std::min<LocalTime>(until, last_local_day + days{1} - std::chrono::seconds{1});
  int steps = steps_near(until);
  if (at(steps) > until) --steps;
  return in_range(at(steps));
}

std::string CalendarStep::describe() const {
  const auto count = static_cast<unsigned>(months_);
  const bool years = count % 12 == 0;
  const unsigned number = years ? count / 12 : count;
  std::string text = "every ";
  if (number > 1) text += std::to_string(number) + " ";
  text += years ? "year" : "month";
  if (number > 1) text += "s";
  const auto day = std::chrono::floor<days>(anchor_);
  const auto seconds = (anchor_ - day).count();
  const auto two = [](auto n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  text += " from " + format_date(day) + " " + two(seconds / 3600) + ":" + two(seconds / 60 % 60);
  return seconds % 60 == 0 ? text : text + ":" + two(seconds % 60);
}

Parsed<std::optional<unsigned>> parse_calendar_step(std::string_view text) {
  Cursor cursor(text);
  cursor.take_blanks();
  const bool iso = cursor.take('P');
  std::uint64_t months = 0;
  bool has_months = false;
  bool has_others = false;  // smaller units, fractions, or what cannot be read
  while (!cursor.at_end()) {
    const std::string_view number = cursor.take_while([](char c) { return detail::is_digit(c) || c == '.'; });
    if (!iso) cursor.take_blanks();
    const std::string_view unit = iso ? cursor.rest().substr(0, 1) : cursor.take_while(detail::is_letter);
    const unsigned factor = months_in(unit, iso);
    if (number.empty() || unit.empty()) {
      has_others = true;
      break;
    }
    if (iso) cursor.take(unit[0]);
    (factor > 0 ? has_months : has_others) = true;
    if (number.find('.') != std::string_view::npos) has_others = true;
    months = std::min<std::uint64_t>(months + detail::to_number(number, 1'000'000) * factor, 1'000'000);
    cursor.take_blanks();
  }
  if (!has_months) return std::nullopt;
  if (has_others) {
    return std::unexpected(ParseError{0, text.size(),
                                      "a step of months or years is a whole number of them, without smaller units",
                                      std::string(alone)});
  }
  if (months == 0 || months > CalendarStep::most_months) {
    return std::unexpected(ParseError{0, text.size(), "a step is 1 to 1200 months, or 1 to 100 years", {}});
  }
  return static_cast<unsigned>(months);
}

}  // namespace belfry::time
