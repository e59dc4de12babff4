// What is right in a configuration, and yet likely not what was meant. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "daemon/config/config_error.hpp"
#include "daemon/config/load_config.hpp"

namespace belfry::daemon {

/// Warnings in the order of the file, each with its place, its key and what to do: six fields that other programs read
/// otherwise, day fields of which either may match, days that short months do not have, times that a change of the
/// clock meets within a year, intervals of days, jobs that are never due again or only on days off, calendars that run
/// out or that nobody uses, policies that work against each other (policy_lint.hpp), and steps of flows
/// (flow_lint.hpp). `name`: what messages call the file.
std::vector<ConfigError> lint(const Config& config, const std::string& name, time::WallTime now);

}  // namespace belfry::daemon
