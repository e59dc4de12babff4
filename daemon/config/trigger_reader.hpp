// The keys that say when a job is due: schedule, every, at, after; or none of them.
#pragma once

#include <optional>
#include <string_view>

#include "daemon/config/job_spec.hpp"
#include "daemon/config/map_reader.hpp"

namespace belfry::daemon {

/// What a trigger depends on beside its key.
struct TriggerContext {
  std::string_view job;  ///< its name: what `H` in a cron expression is derived from
  time::Zone zone;
  time::WallTime started;  ///< what `after` counts from
};

/// The one trigger of a job; an empty one when the job has none. Complains and gives nothing when it is wrong, or when
/// there are several.
std::optional<TriggerSpec> read_trigger(const MapReader& job, const TriggerContext& context);

}  // namespace belfry::daemon
