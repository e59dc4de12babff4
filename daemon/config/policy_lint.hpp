// Warnings about policies: what has no effect, or works against another key. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "daemon/config/error_list.hpp"
#include "daemon/config/load_config.hpp"
#include "daemon/config/policies.hpp"
#include "jobs/action_registry.hpp"

namespace belfry::daemon {

/// Notes a warning.
void add_warning(ErrorList& warnings, Place place, std::string_view key, Complaint complaint);

/// Notes what the kind of action itself says about its parameters; `key`: of the action.
void lint_action(const jobs::ActionRegistry& actions, const jobs::ActionDeclaration& action, Place place,
                 const std::string& key, ErrorList& warnings);

/// Notes secrets of a program whose variable changes how programs are found or loaded; `key`: of the job or the step.
void lint_secrets(const ProcessPolicies& process, Place place, const std::string& key, ErrorList& warnings);

/// Notes: a catchup_limit without run_all, retries that a newer slot replaces, jobs that wait for others which nothing
/// starts, a circuit breaker behind only_if_last_succeeded, or one whose window is too short for the job's schedule,
/// and groups without a job.
void lint_policies(const Config& config, ErrorList& warnings, time::WallTime now);

}  // namespace belfry::daemon
