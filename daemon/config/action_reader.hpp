// The key that says what a job does: command, script, or one of the kinds of the registry; exactly one of them.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "daemon/config/job_spec.hpp"
#include "daemon/config/map_reader.hpp"
#include "daemon/config/secret.hpp"
#include "jobs/action_registry.hpp"

namespace belfry::daemon {

struct ActionReaderContext {
  const std::filesystem::path& folder;  ///< where relative paths start: the job's working directory
  const jobs::ActionRegistry& actions;
  const SecretFiles& secrets;
};

/// The action of a job; complains and gives nothing when it is missing, wrong, or given twice.
std::optional<Action> read_action(const MapReader& job, const ActionReaderContext& context);

/// The keys of a job: those of job_section, and behind `command` one for each kind. Views into the registry.
std::vector<Key> keys_of_jobs(const jobs::ActionRegistry& actions);

}  // namespace belfry::daemon
