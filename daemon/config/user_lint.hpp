// Warnings about users and groups that this machine does not have: the jobs may be meant for another one.
#pragma once

#include <string>
#include <vector>

#include "daemon/config/config_error.hpp"
#include "daemon/config/load_config.hpp"

namespace belfry::daemon {

/// In the order of the file. BLOCKS for as long as the system's user database takes. `name`: what messages call the
/// file. Any thread.
std::vector<ConfigError> lint_users(const Config& config, const std::string& name);

}  // namespace belfry::daemon
