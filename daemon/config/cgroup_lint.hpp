// Warnings about control groups that this machine cannot have: the jobs may be meant for another one.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "daemon/config/config_error.hpp"
#include "daemon/config/load_config.hpp"
#include "io/cgroup.hpp"

namespace belfry::daemon {

/// Asks whether groups with such limits can be had. The error is a sentence without an end.
using CgroupCheck = std::function<std::expected<void, std::string>(const io::CgroupLimits&)>;

/// In the order of the file. Whether belfryd has been handed a part of the tree cannot be known here. `name`: what
/// messages call the file. Reads /proc and cgroupfs; any thread.
std::vector<ConfigError> lint_cgroups(const Config& config, const std::string& name,
                                      const CgroupCheck& check = io::cgroups_may_be_had);

}  // namespace belfry::daemon
