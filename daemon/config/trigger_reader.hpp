// The keys that say when a job is due: schedule, every, at, after; or none of them.
#pragma once

#include <optional>

#include "daemon/config/job_spec.hpp"
#include "daemon/config/map_reader.hpp"

namespace belfry::daemon {

/// The one trigger of a job, in `zone`; an empty one when the job has none. `started` is what `after` counts from.
/// Complains and gives nothing when it is wrong, or when there are several.
std::optional<TriggerSpec> read_trigger(const MapReader& job, const time::Zone& zone, time::WallTime started);

}  // namespace belfry::daemon
