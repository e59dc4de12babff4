// The keys that say when a job is due: schedule, all_of, every, at or after, and what narrows them; watch; or none.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "daemon/config/job_spec.hpp"
#include "daemon/config/map_reader.hpp"

namespace belfry::daemon {

/// What a trigger depends on beside its keys.
struct TriggerContext {
  std::string_view job;  ///< its name: what `H` in a cron expression is derived from
  time::Zone zone;
  time::WallTime started;  ///< what `after` counts from
  SchedulePolicies policies;
  const std::filesystem::path& folder;           ///< of the file: where the paths of a watch start
  std::shared_ptr<const time::DaySet> days_off;  ///< of policies.holidays
};

/// The one trigger of a job; an empty one when the job has none. Complains and gives nothing when it is wrong, or when
/// there are several. What a text says is first thinned out (nth), then moved off holidays, then put together with the
/// others of its list, and then narrowed (except, active).
std::optional<TriggerSpec> read_trigger(const MapReader& job, const TriggerContext& context);

}  // namespace belfry::daemon
