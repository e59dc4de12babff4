#include "daemon/config/schedule_policies.hpp"

#include <array>
#include <utility>

namespace belfry::daemon {
namespace {

using time::DstGap;
using time::DstOverlap;

constexpr std::array<std::pair<std::string_view, DstGap>, 3> gap_words{
    {{"run_after", DstGap::run_after}, {"skip", DstGap::skip}, {"shift", DstGap::shift}}};
constexpr std::array<std::pair<std::string_view, DstOverlap>, 3> dst_overlap_words{
    {{"first", DstOverlap::first}, {"second", DstOverlap::second}, {"both", DstOverlap::both}}};
constexpr std::array<std::pair<std::string_view, OnHoliday>, 4> holiday_words{
    {{"skip", OnHoliday::skip}, {"before", OnHoliday::before}, {"after", OnHoliday::after}, {"run", OnHoliday::run}}};

}  // namespace

void read_schedule_policies(const MapReader& map, const Calendars& calendars, SchedulePolicies& policies) {
  if (const auto value = map.get("cron_dialect")) {
    if (const auto name = value->choice(time::cron_dialect_names())) {
      policies.dialect = *time::cron_dialect_from(*name);
      policies.dialect_given = true;
    }
  }
  read_choice<DstGap>(map, "dst_gap", gap_words, policies.dst.gap);
  read_choice<DstOverlap>(map, "dst_overlap", dst_overlap_words, policies.dst.overlap);
  read_choice<OnHoliday>(map, "on_holiday", holiday_words, policies.on_holiday);
  if (const auto value = map.get("holidays")) {
    policies.holidays = read_holidays(*value, calendars).value_or(policies.holidays);
  }
}

}  // namespace belfry::daemon
