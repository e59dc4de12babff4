// A set of dates: what a calendar of holidays and the key `except` are made of.
//
// Weekdays, days of every year and spans of dates; as small as what was put in. Pure once it is filled; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "time/parse_error.hpp"

namespace belfry::time {

using LocalDay = std::chrono::local_days;

/// The dates that the arithmetic of this folder covers.
inline constexpr LocalDay first_local_day{std::chrono::local_days{std::chrono::year{1900} / 1 / 1}};
inline constexpr LocalDay last_local_day{std::chrono::local_days{std::chrono::year{2199} / 12 / 31}};

class DaySet {
 public:
  /// Adds what `text` names: a date "2026-12-24", a span "2026-12-24..2027-01-06", a day of every year "12-25" or a
  /// span of them "12-24..01-06", a weekday "sat" or a span of them "mon-fri". Years from 1900 to 2199.
  Parsed<void> add(std::string_view text);

  /// Adds the dates from `first` to `last`; what lies outside of the years above is cut off.
  void add_span(LocalDay first, LocalDay last);
  void add_weekdays(std::uint8_t weekdays) noexcept { weekdays_ |= weekdays; }  ///< bit 0 is Sunday
  void add_all(const DaySet& other);

  bool contains(LocalDay day) const noexcept;
  bool empty() const noexcept { return weekdays_ == 0 && yearly_.empty() && spans_.empty(); }

  /// The first date from `from` on that is not in the set, or the last one until `until`; none when there is none.
  std::optional<LocalDay> first_outside(LocalDay from) const noexcept;
  std::optional<LocalDay> last_outside(LocalDay until) const noexcept;

  /// The last single date or span ends here; none when there are only weekdays and days of every year.
  std::optional<LocalDay> last_listed() const noexcept;

  friend bool operator==(const DaySet&, const DaySet&) = default;

 private:
  struct Span {
    LocalDay first;
    LocalDay last;
    friend bool operator==(const Span&, const Span&) = default;
  };
  /// Both as month * 32 + day; over the turn of the year when `first` is the greater.
  struct YearlySpan {
    unsigned first;
    unsigned last;
    friend bool operator==(const YearlySpan&, const YearlySpan&) = default;
  };

  const Span* span_of(LocalDay day) const noexcept;

  std::uint8_t weekdays_ = 0;
  std::vector<YearlySpan> yearly_;
  std::vector<Span> spans_;  // in order, apart from each other
};

/// The date in `text`, "2026-12-24". Errors tell which part is wrong.
Parsed<LocalDay> parse_date(std::string_view text);

/// "2026-12-24".
std::string format_date(LocalDay day);

}  // namespace belfry::time
