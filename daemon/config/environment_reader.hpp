// The variables of a program: `environment`, and the files of `env_file`.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/value.hpp"
#include "jobs/env_file.hpp"

namespace belfry::daemon {

/// Whether the key of a map can be the name of a variable; complains at `place` otherwise.
bool check_variable_name(std::string_view name, Place place, const Value& variable);

/// A map of NAME: value or a list of NAME=value: added to what `environment` has. Complains about what is wrong.
void read_environment(const Value& value, std::map<std::string, std::string>& environment);

/// A path, with a - in front for a file that may be missing, a map, or a list of these: added to `files`; `none`
/// empties it. `folder`: where relative paths start.
void read_env_files(const Value& value, const std::filesystem::path& folder, std::vector<jobs::EnvFile>& files);

}  // namespace belfry::daemon
