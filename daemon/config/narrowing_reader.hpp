// The keys that leave out a part of a schedule: except and active.
#pragma once

#include <optional>

#include "daemon/config/map_reader.hpp"
#include "time/cron.hpp"
#include "time/narrowed.hpp"

namespace belfry::daemon {

/// The local times of a trigger that is a cron expression, or a calendar expression in whole seconds; else null. Lives
/// as long as the trigger.
const time::Cron* pattern_of(const time::Trigger& trigger) noexcept;

/// The value of `except`; complains about what is wrong and gives nothing then.
std::optional<time::Exclusions> read_exclusions(const Value& value, time::CronDialect dialect);

/// The value of `active`, times without a zone in `zone`; a date alone is the whole day.
std::optional<time::Validity> read_validity(const Value& value, const time::Zone& zone);

}  // namespace belfry::daemon
