// The recurrence rule of an all-day event, "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", and the dates that it stands for.
//
// The part of RFC 5545, 3.3.10, that dates need: FREQ from DAILY to YEARLY. Part of ics.hpp. Pure; any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "time/day_set.hpp"

namespace belfry::time::detail {

/// How many dates may be looked at for one file: more is no calendar of holidays but an attack.
struct IcsBudget {
  std::int64_t days = 20'000'000;
};

enum class IcsFrequency : std::uint8_t { yearly, monthly, weekly, daily };

/// A weekday, the nth of its period: 4TH, -1MO; nth 0: each.
struct IcsWeekday {
  int nth = 0;
  unsigned weekday = 0;
};

struct IcsRule {
  IcsFrequency frequency = IcsFrequency::yearly;
  int interval = 1;
  std::optional<std::int64_t> count;
  std::optional<LocalDay> until;
  unsigned week_start = 1;
  std::uint32_t months = 0;  ///< bits 1 to 12
  std::vector<int> month_days;
  std::vector<int> year_days;
  std::vector<IcsWeekday> weekdays;
  std::vector<int> positions;

  bool is_endless() const noexcept { return !count && !until; }
};

/// The rule, or in a sentence why it is none. Everything that is not understood is refused, not passed over.
std::expected<IcsRule, std::string> parse_ics_rule(std::string_view text);

/// The dates of the rule for an event that begins on `start`, which is the first of them; in order, up to 2199.
/// None when the budget is used up.
std::optional<std::vector<LocalDay>> dates_of(const IcsRule& rule, LocalDay start, IcsBudget& budget);

/// "20261224", also in front of a time of day: "20261224T000000Z".
std::optional<LocalDay> parse_ics_date(std::string_view text) noexcept;

}  // namespace belfry::time::detail
