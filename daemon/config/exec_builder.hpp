// From a program as the file declares it to what jobs/exec.hpp runs.
#pragma once

#include <filesystem>
#include <memory>

#include "daemon/config/job_spec.hpp"
#include "jobs/exec.hpp"

namespace belfry::daemon {

/// What no file can say. `state_dir`: handed to programs as BELFRY_STATE_DIR; empty: not.
struct ExecContext {
  const std::filesystem::path& state_dir;
  bool traced = false;                          ///< see jobs::ExecSpec::traced
  const std::filesystem::path& secrets_folder;  ///< see jobs::ExecSpec::secrets_folder
  std::shared_ptr<io::JournalFeed> journal{};   ///< for those whose lines go there
};

/// A command that is asked something: nothing of its standard input, its secrets and its exit codes.
jobs::ExecSpec exec_spec(decltype(jobs::ExecSpec::command) command, const ProcessPolicies& process,
                         const std::filesystem::path& state_dir);

/// The program of a job or of a step.
jobs::ExecSpec exec_spec(const CommandSpec& command, const ProcessPolicies& process, const ExecContext& context);

}  // namespace belfry::daemon
