// One job of the file, as JobSpec.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "daemon/config/job_spec.hpp"
#include "daemon/config/map_reader.hpp"
#include "jobs/action_registry.hpp"

namespace belfry::daemon {

/// What is the same for all jobs of one load.
struct JobContext {
  std::filesystem::path folder;  ///< of the file: what relative paths start from
  time::Zone zone;               ///< the top-level timezone
  Calendars calendars;
  Groups groups;
  Policies defaults;
  time::WallTime started;  ///< what `after` counts from
  const jobs::ActionRegistry& actions;
  const Section& section;       ///< the keys of a job, those of the actions included
  const Section& step_section;  ///< the same of a step of a flow
  NotifyContext notify;
};

/// The job `name`, declared at `place` by the map `value`. Complains about all that is wrong; gives nothing then.
std::optional<JobSpec> read_job(std::string name, Place place, const Value& value, const JobContext& context);

/// The value of `defaults`: policies only. The defaults of the context are not looked at.
Policies read_defaults(const Value& value, const JobContext& context);

}  // namespace belfry::daemon
