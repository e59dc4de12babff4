#include "daemon/config/catalog_builder.hpp"

#include <utility>

#include "jobs/exec.hpp"
#include "jobs/file.hpp"

namespace belfry::daemon {
namespace {

using ActionPointer = std::shared_ptr<const engine::Action>;

io::ShimSteps steps_of(const ProcessPolicies& process) {
  io::ShimSteps steps;
  if (process.umask) steps.umask = static_cast<mode_t>(*process.umask);
  steps.nice = process.nice;
  for (const auto& [name, limit] : process.limits) {
    const auto value = limit.value_or(io::Rlimit::infinity);
    steps.rlimits[name] = {value, value};
  }
  return steps;
}

ActionPointer make_action(const CommandSpec& command, const JobSpec& job, const BuildContext& context) {
  const auto& process = job.policies.process;
  jobs::ExecSpec spec;
  spec.command = command.command;
  spec.shell = process.shell;
  spec.working_dir = process.working_dir;
  spec.environment = process.environment;
  if (!context.state_dir.empty()) spec.environment["BELFRY_STATE_DIR"] = context.state_dir;
  spec.clear_environment = process.clear_environment;
  if (const auto* text = std::get_if<std::string>(&command.standard_input))
    spec.standard_input = jobs::StdinText{*text};
  if (const auto* file = std::get_if<InputFile>(&command.standard_input)) {
    spec.standard_input = jobs::StdinFile{file->path};
  }
  spec.kill_signal = process.kill_signal;
  spec.kill_grace = process.kill_grace;
  spec.output_budget = process.output_max_bytes;
  spec.success_exit_codes = {process.success_exit_codes.begin(), process.success_exit_codes.end()};
  spec.steps = steps_of(process);
  return jobs::make_exec(std::move(spec));
}

ActionPointer make_action(const FileDeclaration& file, const JobSpec& job, const BuildContext& context) {
  return jobs::make_file(file.operation, file.parameters, {*context.pool, job.policies.process.working_dir}).value();
}

ActionPointer make_action(const NativeDeclaration& native, const JobSpec&, const BuildContext& context) {
  return context.natives->make(native.function, native.parameters, *context.pool).value();
}

std::shared_ptr<const engine::Job> build_job(const JobSpec& spec, ActionPointer action) {
  const auto& run = spec.policies.run;
  engine::Job job;
  job.name = spec.name;
  job.description = spec.description;
  job.enabled = run.enabled;
  job.trigger = spec.trigger.trigger;
  if (spec.policies.schedule.on_holiday == OnHoliday::skip) {
    job.days_off = {.days = spec.days_off, .zone = time::Zone::load(spec.timezone).value_or(time::Zone())};
  }
  job.action = std::move(action);
  job.overlap = run.overlap;
  job.queue_limit = run.queue_limit;
  job.on_missed = run.on_missed;
  job.starting_deadline = run.starting_deadline;
  job.timeout = run.timeout;
  job.retry = run.retry;
  job.schedule_text = spec.trigger.text;
  job.timezone = spec.timezone;
  job.fingerprint = fingerprint(spec);
  return std::make_shared<const engine::Job>(std::move(job));
}

}  // namespace

std::shared_ptr<const engine::Catalog> build_catalog(const Config& config, std::uint64_t generation,
                                                     const ActionMaker& make_action) {
  auto catalog = std::make_shared<engine::Catalog>();
  catalog->generation = generation;
  for (const auto& spec : config.jobs) catalog->jobs.emplace(spec.name, build_job(spec, make_action(spec)));
  return catalog;
}

std::shared_ptr<const engine::Catalog> build_catalog(const Config& config, const BuildContext& context) {
  return build_catalog(config, context.generation, [&context](const JobSpec& spec) {
    return std::visit([&](const auto& action) { return make_action(action, spec, context); }, spec.action);
  });
}

std::shared_ptr<const engine::Catalog> build_timetable(const Config& config) {
  return build_catalog(config, 0, [](const JobSpec&) { return nullptr; });
}

}  // namespace belfry::daemon
