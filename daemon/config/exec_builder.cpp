#include "daemon/config/exec_builder.hpp"

#include <utility>

namespace belfry::daemon {
namespace {

io::ShimSteps steps_of(const ProcessPolicies& process) {
  io::ShimSteps steps;
  if (process.umask) steps.umask = static_cast<mode_t>(*process.umask);
  steps.nice = process.placement.nice;
  steps.io_priority = process.placement.ionice;
  steps.cpus = process.placement.cpus;
  steps.oom_score_adj = process.placement.oom_score_adj;
  steps.sandbox = process.sandbox.view;
  steps.drop_capabilities = process.sandbox.drop_capabilities;
  steps.no_new_privileges = process.sandbox.no_new_privileges;
  for (const auto& [name, limit] : process.limits) {
    const auto value = limit.value_or(io::Rlimit::infinity);
    steps.rlimits[name] = {value, value};
  }
  return steps;
}

}  // namespace

jobs::ExecSpec exec_spec(decltype(jobs::ExecSpec::command) command, const ProcessPolicies& process,
                         const std::filesystem::path& state_dir) {
  jobs::ExecSpec spec;
  spec.command = std::move(command);
  spec.shell = process.shell;
  spec.working_dir = process.working_dir;
  spec.environment = process.environment;
  spec.env_files = process.env_files;
  if (!state_dir.empty()) spec.environment["BELFRY_STATE_DIR"] = state_dir;
  spec.clear_environment = process.clear_environment;
  spec.kill_mode = process.kill_mode;
  spec.cgroup = process.cgroup.limits;
  spec.kill_signal = process.kill_signal;
  spec.kill_grace = process.kill_grace;
  spec.output_budget = process.output_max_bytes;
  spec.steps = steps_of(process);
  if (process.user) spec.user = process.user->account;
  return spec;
}

jobs::ExecSpec exec_spec(const CommandSpec& command, const ProcessPolicies& process, const ExecContext& context) {
  jobs::ExecSpec spec = exec_spec(command.command, process, context.state_dir);
  spec.traced = context.traced;
  if (process.output_journal) spec.journal = context.journal;
  spec.secrets = process.secrets;
  spec.secrets_folder = context.secrets_folder;
  spec.success_exit_codes = {process.success_exit_codes.begin(), process.success_exit_codes.end()};
  spec.failure_signs = process.failure_signs;
  if (const auto* text = std::get_if<std::string>(&command.standard_input))
    spec.standard_input = jobs::StdinText{*text};
  if (const auto* file = std::get_if<InputFile>(&command.standard_input)) {
    spec.standard_input = jobs::StdinFile{file->path};
  }
  return spec;
}

}  // namespace belfry::daemon
