// The key that says what a job, or a step of a flow, does: command, script, flow, or one of the kinds of the registry;
// exactly one of them.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "daemon/config/job_spec.hpp"
#include "daemon/config/map_reader.hpp"
#include "daemon/config/secret.hpp"
#include "jobs/action_registry.hpp"

namespace belfry::daemon {

struct FlowContext;  // step_reader.hpp

struct ActionReaderContext {
  const std::filesystem::path& folder;  ///< where relative paths start: the job's working directory
  const jobs::ActionRegistry& actions;
  const SecretFiles& secrets;
  const FlowContext* flow = nullptr;  ///< of a job; null: it is about a step
};

/// The action of a job; complains and gives nothing when it is missing, wrong, or given twice.
std::optional<Action> read_action(const MapReader& job, const ActionReaderContext& context);

/// Complains about keys that only a program, or only some programs, can obey. `asks_a_command`: its precondition is a
/// program.
void check_use_of_program_keys(const MapReader& job, const Action& action, bool asks_a_command);

/// The keys of a job: those of job_section, and behind `command` one for each kind. Views into the registry.
std::vector<Key> keys_of_jobs(const jobs::ActionRegistry& actions);

/// The keys of a step of a flow: those of step_section, keys_of_job_and_step(), and one for each kind. The same.
std::vector<Key> keys_of_steps(const jobs::ActionRegistry& actions);

}  // namespace belfry::daemon
