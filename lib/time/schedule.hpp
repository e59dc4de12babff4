// The text of a `schedule:` key, whatever its form, as a trigger. Pure; any thread.
#pragma once

#include <memory>
#include <string_view>

#include "time/cron.hpp"
#include "time/dst.hpp"
#include "time/parse_error.hpp"
#include "time/trigger.hpp"
#include "time/zone.hpp"

namespace belfry::time {

struct ScheduleOptions {
  Zone zone = {};  ///< UTC unless set
  CronDialect dialect = CronDialect::standard;
  DstPolicy dst = dst_cronie;
  WallTime every_anchor = {};      ///< `@every 5m` fires at this instant plus multiples of 5 minutes
  std::string_view hash_key = {};  ///< the name of the job: what `H` depends on; empty: `H` is refused
};

/// A cron expression, a nickname, `@every DURATION [from TIME]` (a duration of Go), `@at TIME`, or a calendar
/// expression of systemd (told apart by looks_like_calendar(); the zone that it names wins). Errors as in parse_cron(),
/// parse_duration(), parse_time(), parse_calendar().
Parsed<std::shared_ptr<const Trigger>> parse_schedule(std::string_view text, const ScheduleOptions& options = {});

}  // namespace belfry::time
