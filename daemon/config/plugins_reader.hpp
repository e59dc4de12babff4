// The key `plugins`: shared objects whose functions jobs of the kind `native` can run.
#pragma once

#include <filesystem>
#include <vector>

#include "daemon/config/read_file.hpp"
#include "daemon/config/value.hpp"
#include "jobs/action_registry.hpp"
#include "jobs/plugin_declaration.hpp"

namespace belfry::daemon {

/// Adds the functions of each plugin to `actions`, as PLUGIN.FUNCTION, and the files to `files`; complains about those
/// that cannot be had. `read` is asked about each once.
void read_plugins(const Value& value, const std::filesystem::path& folder, const jobs::PluginReader& read,
                  std::vector<SourceFile>& files, jobs::ActionRegistry& actions);

}  // namespace belfry::daemon
