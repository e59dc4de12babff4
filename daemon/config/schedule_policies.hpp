// How a schedule is read, and what happens to it in the nights when the clock is changed and on holidays: the keys
// that a job and `defaults` share. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/config/calendars_reader.hpp"
#include "time/cron.hpp"
#include "time/dst.hpp"

namespace belfry::daemon {

/// What happens to a slot on a day off.
enum class OnHoliday : std::uint8_t {
  skip,    ///< it is recorded as skipped(holiday)
  before,  ///< it is due on the last day before that is not off, at the same time
  after,   ///< the same on the first day after
  run,     ///< nothing: it runs
};

struct SchedulePolicies {
  time::CronDialect dialect = time::CronDialect::standard;
  bool dialect_given = false;  ///< the file says which dialect is meant
  time::DstPolicy dst = time::dst_cronie;
  std::vector<std::string> holidays;  ///< names of calendars
  OnHoliday on_holiday = OnHoliday::skip;
};

/// Changes what the map gives; complains about what is wrong and leaves it as it was.
void read_schedule_policies(const MapReader& map, const Calendars& calendars, SchedulePolicies& policies);

}  // namespace belfry::daemon
