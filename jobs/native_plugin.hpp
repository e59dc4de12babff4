// Functions of plugins as jobs of the kind `native`: each run is a process of its own (belfry-plugin), a program like
// that of any other job.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "jobs/action_kind.hpp"
#include "jobs/plugin_declaration.hpp"

namespace belfry::jobs {

/// A form for each function, called PLUGIN.FUNCTION. `path`, absolute, is loaded anew by each run, so that a changed
/// file is taken by the next one. `program`: where belfry-plugin is.
///
/// A run ends as an exec action does (exec.hpp): the function's status is the exit code, 0 is success, a signal
/// `killed`. A plugin that cannot be loaded is a start_error; one that leaves its process by itself has failed,
/// whatever the status. Cancellation: SIGTERM, which the function sees as its flag; SIGKILL after the job's kill_grace.
/// What the job says about programs applies: user, environment, limits, sandbox, output and so on.
std::vector<ActionForm> plugin_forms(const PluginDeclaration& plugin, const std::filesystem::path& path,
                                     const std::string& program);

}  // namespace belfry::jobs
