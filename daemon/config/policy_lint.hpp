// Warnings about policies: what has no effect, or works against another key. Pure; any thread.
#pragma once

#include <string_view>

#include "daemon/config/error_list.hpp"
#include "daemon/config/load_config.hpp"

namespace belfry::daemon {

/// Notes a warning.
void add_warning(ErrorList& warnings, Place place, std::string_view key, Complaint complaint);

/// Notes: a catchup_limit without run_all, retries that a newer slot replaces, jobs that wait for others which nothing
/// starts, a circuit breaker behind only_if_last_succeeded, or one whose window is too short for the job's schedule,
/// and groups without a job.
void lint_policies(const Config& config, ErrorList& warnings, time::WallTime now);

}  // namespace belfry::daemon
