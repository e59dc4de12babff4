#include "time/day_set.hpp"

#include <algorithm>
#include <array>

#include "time/suggest.hpp"
#include "time/text_cursor.hpp"

namespace belfry::time {
namespace {

using detail::Cursor;
using std::chrono::days;
using std::chrono::year_month_day;

constexpr std::string_view forms =
    R"(write a date like 2026-12-24, a day of every year like 12-25, or a weekday like sat)";
constexpr std::array<std::string_view, 7> weekdays_from_sunday{"sunday",   "monday", "tuesday", "wednesday",
                                                               "thursday", "friday", "saturday"};

unsigned yearly(std::chrono::month month, std::chrono::day day) noexcept {
  return static_cast<unsigned>(month) * 32 + static_cast<unsigned>(day);
}

Parsed<unsigned> take_number(Cursor& cursor, std::size_t digits, std::string_view what) {
  const std::size_t start = cursor.position();
  const std::string_view text = cursor.take_digits();
  if (text.size() == digits) return static_cast<unsigned>(detail::to_number(text, 10'000));
  return std::unexpected(
      cursor.error_since(start, std::string(what) + " has " + std::to_string(digits) + " digits", std::string(forms)));
}

/// "12-25"; 02-29 is one, too.
Parsed<unsigned> take_month_and_day(Cursor& cursor) {
  const std::size_t start = cursor.position();
  const auto month = take_number(cursor, 2, "a month");
  if (!month) return std::unexpected(month.error());
  if (!cursor.take('-'))
    return std::unexpected(cursor.error_here("a hyphen and the day were expected", std::string(forms)));
  const auto day = take_number(cursor, 2, "a day");
  if (!day) return std::unexpected(day.error());
  const std::chrono::month_day date{std::chrono::month{*month}, std::chrono::day{*day}};
  if (!date.ok()) return std::unexpected(cursor.error_since(start, "there is no such day in the year"));
  return yearly(date.month(), date.day());
}

Parsed<LocalDay> take_date(Cursor& cursor) {
  const std::size_t start = cursor.position();
  const auto year = take_number(cursor, 4, "a year");
  if (!year) return std::unexpected(year.error());
  if (*year < 1900 || *year > 2199) {
    return std::unexpected(cursor.error_since(start, "the years are those from 1900 to 2199"));
  }
  if (!cursor.take('-'))
    return std::unexpected(cursor.error_here("a hyphen and the month were expected", std::string(forms)));
  const auto rest = take_month_and_day(cursor);
  if (!rest) return std::unexpected(rest.error());
  const year_month_day date{std::chrono::year{static_cast<int>(*year)}, std::chrono::month{*rest / 32},
                            std::chrono::day{*rest % 32}};
  if (!date.ok()) return std::unexpected(cursor.error_since(start, "that month of that year has no such day"));
  return LocalDay(date);
}

Parsed<unsigned> take_weekday(Cursor& cursor) {
  const std::size_t start = cursor.position();
  const std::string_view word = cursor.take_while(detail::is_letter);
  for (unsigned n = 0; n < weekdays_from_sunday.size(); ++n) {
    if (detail::same_word(word, weekdays_from_sunday[n]) ||
        detail::same_word(word, weekdays_from_sunday[n].substr(0, 3)))
      return n;
  }
  std::string hint = did_you_mean(word, weekdays_from_sunday);
  if (hint.empty()) hint = forms;
  return std::unexpected(cursor.error_since(start, detail::quoted(word) + " is no weekday", std::move(hint)));
}

bool take_dots(Cursor& cursor) noexcept { return cursor.take('.') && cursor.take('.'); }

/// Whether the text has a year: four digits in front.
bool has_year(std::string_view text) noexcept {
  return std::ranges::all_of(text.substr(0, 4), detail::is_digit) && text.size() >= 4;
}

Parsed<void> expect_end(const Cursor& cursor) {
  if (cursor.at_end()) return {};
  return std::unexpected(cursor.error_here("nothing more was expected here", std::string(forms)));
}

template <class Value>
struct TakenSpan {
  Value first;
  Value last;
  std::size_t second;  // where the last one stands
};

/// One, which is its own last, or two with what parts them; and nothing more.
template <class Value>
Parsed<TakenSpan<Value>> take_span(Cursor& cursor, Parsed<Value> (*take)(Cursor&), bool (*take_hyphen)(Cursor&)) {
  const auto first = take(cursor);
  if (!first) return std::unexpected(first.error());
  const bool span = !cursor.at_end() && take_hyphen(cursor);
  const std::size_t second = cursor.position();
  const auto last = span ? take(cursor) : first;
  if (!last) return std::unexpected(last.error());
  if (const auto end = expect_end(cursor); !end) return std::unexpected(end.error());
  return TakenSpan<Value>{.first = *first, .last = *last, .second = second};
}

}  // namespace

Parsed<void> DaySet::add(std::string_view text) {
  Cursor cursor(text);
  if (detail::is_letter(cursor.peek())) {
    const auto taken = take_span(cursor, take_weekday, [](Cursor& at) { return at.take('-') || take_dots(at); });
    if (!taken) return std::unexpected(taken.error());
    for (unsigned n = taken->first;; n = (n + 1) % 7) {
      weekdays_ |= static_cast<std::uint8_t>(1U << n);
      if (n == taken->last) return {};
    }
  }
  if (has_year(text)) {
    const auto taken = take_span(cursor, take_date, take_dots);
    if (!taken) return std::unexpected(taken.error());
    if (taken->last < taken->first) {
      return std::unexpected(cursor.error_since(taken->second, "the span ends before it begins"));
    }
    add_span(taken->first, taken->last);
    return {};
  }
  const auto taken = take_span(cursor, take_month_and_day, take_dots);
  if (!taken) return std::unexpected(taken.error());
  yearly_.push_back({taken->first, taken->last});
  return {};
}

void DaySet::add_span(LocalDay first, LocalDay last) {
  Span added{std::max(first, first_local_day), std::min(last, last_local_day)};
  if (added.first > added.last) return;
  // Those that touch the new one become one with it.
  const auto begin = std::ranges::lower_bound(spans_, added.first - days{1}, {}, &Span::last);
  auto end = begin;
  for (; end != spans_.end() && end->first <= added.last + days{1}; ++end) {
    added = {std::min(added.first, end->first), std::max(added.last, end->last)};
  }
  if (begin == end) {
    spans_.insert(begin, added);
  } else {
    *begin = added;
    spans_.erase(begin + 1, end);
  }
}

void DaySet::add_all(const DaySet& other) {
  weekdays_ |= other.weekdays_;
  yearly_.insert(yearly_.end(), other.yearly_.begin(), other.yearly_.end());
  for (const Span& span : other.spans_) add_span(span.first, span.last);
}

const DaySet::Span* DaySet::span_of(LocalDay day) const noexcept {
  const auto found = std::ranges::lower_bound(spans_, day, {}, &Span::last);
  return found != spans_.end() && found->first <= day ? &*found : nullptr;
}

bool DaySet::contains(LocalDay day) const noexcept {
  if ((weekdays_ >> std::chrono::weekday(day).c_encoding() & 1U) != 0) return true;
  if (span_of(day) != nullptr) return true;
  if (yearly_.empty()) return false;
  const year_month_day date(day);
  const unsigned here = yearly(date.month(), date.day());
  return std::ranges::any_of(yearly_, [here](const YearlySpan& span) {
    return span.first <= span.last ? here >= span.first && here <= span.last : here >= span.first || here <= span.last;
  });
}

std::optional<LocalDay> DaySet::first_outside(LocalDay from) const noexcept {
  for (LocalDay day = from; day <= last_local_day;) {
    if (!contains(day)) return day;
    const Span* const span = span_of(day);
    day = (span != nullptr ? span->last : day) + days{1};
  }
  return std::nullopt;
}

std::optional<LocalDay> DaySet::last_outside(LocalDay until) const noexcept {
  for (LocalDay day = until; day >= first_local_day;) {
    if (!contains(day)) return day;
    const Span* const span = span_of(day);
    day = (span != nullptr ? span->first : day) - days{1};
  }
  return std::nullopt;
}

std::optional<LocalDay> DaySet::last_listed() const noexcept {
  return spans_.empty() ? std::nullopt : std::optional(spans_.back().last);
}

Parsed<LocalDay> parse_date(std::string_view text) {
  Cursor cursor(text);
  const auto date = take_date(cursor);
  if (!date) return date;
  if (const auto end = expect_end(cursor); !end) return std::unexpected(end.error());
  return date;
}

std::string format_date(LocalDay day) {
  const year_month_day date(day);
  const auto two = [](unsigned n) { return (n < 10 ? "-0" : "-") + std::to_string(n); };
  return std::to_string(static_cast<int>(date.year())) + two(static_cast<unsigned>(date.month())) +
         two(static_cast<unsigned>(date.day()));
}

}  // namespace belfry::time
