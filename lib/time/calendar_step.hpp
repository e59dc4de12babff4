// Every so many months or years, by the calendar: "every: 1 month, from: 2026-01-31 09:00". Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "time/dst.hpp"
#include "time/parse_error.hpp"

namespace belfry::time {

/// The local times that lie whole multiples of some months before and after an anchor, each counted from the anchor:
/// in a month that is too short for the anchor's day, its last day. 31 January, 28 February, 31 March.
class CalendarStep final : public LocalPattern {
 public:
  /// REQUIRES: 1 <= months <= most_months.
  CalendarStep(unsigned months, LocalTime anchor) noexcept : months_(static_cast<int>(months)), anchor_(anchor) {}

  static constexpr unsigned most_months = 1200;

  std::optional<LocalTime> first_from(LocalTime from) const noexcept override;
  std::optional<LocalTime> last_until(LocalTime until) const noexcept override;
  bool is_wild() const noexcept override { return false; }

  std::string describe() const;  ///< "every 3 months from 2026-01-31 09:00"

 private:
  LocalTime at(int steps) const noexcept;
  int steps_near(LocalTime local) const noexcept;

  int months_;
  LocalTime anchor_;
};

/// The months in a text that has nothing but months and years: "1 month", "3months", "2 years 6 months", "1y", "P1Y6M";
/// none for another text, which is a duration then. Errors: no or too many months, or months beside smaller units.
Parsed<std::optional<unsigned>> parse_calendar_step(std::string_view text);

}  // namespace belfry::time
