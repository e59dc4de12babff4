#include "daemon/config/catalog_builder.hpp"

#include <stdexcept>
#include <utility>

#include "daemon/config/exec_builder.hpp"
#include "daemon/config/flow_builder.hpp"
#include "jobs/digest.hpp"
#include "jobs/exec.hpp"
#include "jobs/precondition.hpp"

namespace belfry::daemon {
namespace {

using jobs::ActionPointer;
using PreconditionPointer = std::shared_ptr<const engine::Precondition>;
using PreconditionMaker = std::function<PreconditionPointer(const JobSpec&)>;

ExecContext exec_context(const BuildContext& context, bool traced) {
  return {.state_dir = context.state_dir,
          .traced = traced,
          .secrets_folder = context.secrets_folder,
          .journal = context.journal};
}

ActionPointer make_action(const CommandSpec& command, const JobSpec& job, const jobs::ActionRegistry&,
                          const BuildContext& context, bool traced) {
  return jobs::make_exec(exec_spec(command, job.policies.process, exec_context(context, traced)));
}

ActionPointer make_action(const jobs::ActionDeclaration& declared, const JobSpec& job,
                          const jobs::ActionRegistry& actions, const BuildContext& context, bool traced) {
  const auto& process = job.policies.process;
  jobs::ExecSpec program;
  if (declared.program) {
    program = exec_spec(decltype(jobs::ExecSpec::command)(), process, context.state_dir);
    program.traced = traced;
  }
  return actions
      .make(declared, {.pool = context.pool,
                       .working_dir = process.working_dir,
                       .output_budget = process.output_max_bytes,
                       .process = &program})
      .value();
}

ActionPointer make_action(const std::shared_ptr<const FlowSpec>& flow, const JobSpec& job,
                          const jobs::ActionRegistry& actions, const BuildContext& context, bool traced) {
  return build_flow(*flow, exec_context(context, traced), actions, context.pool, job.policies.process.output_max_bytes);
}

/// The reader gives it to steps alone.
ActionPointer make_action(const ApprovalDeclaration&, const JobSpec& job, const jobs::ActionRegistry&,
                          const BuildContext&, bool) {
  throw std::logic_error("job " + job.name + " is an approval, which only a step of a flow can be");
}

PreconditionPointer make_precondition(const JobSpec& job, const BuildContext& context) {
  const auto& declared = job.policies.run.precondition;
  if (!declared) return nullptr;
  jobs::PreconditionSpec spec{.job = job.name};
  if (declared->command) {
    ProcessPolicies process = job.policies.process;  // a question, not the job: no limits of all that it starts
    process.cgroup = {};
    process.kill_mode = jobs::KillMode::tree;
    spec.command =
        std::visit([&](const auto& line) { return exec_spec(line, process, context.state_dir); }, *declared->command);
  }
  spec.load_below = declared->load_below;
  spec.load_per_cpu_below = declared->load_per_cpu_below;
  if (declared->free_disk) {
    spec.free_disk = jobs::FreeDisk{.path = declared->free_disk->path, .at_least = declared->free_disk->at_least};
  }
  spec.free_memory = declared->free_memory;
  spec.timeout = declared->timeout;
  return jobs::make_precondition(std::move(spec));
}

void take_policies(engine::Job& job, const RunPolicies& run) {
  job.enabled = run.enabled;
  job.overlap = run.overlap;
  job.max_instances = run.max_instances;
  job.queue_limit = run.queue_limit;
  job.group = run.group;
  job.breaker = run.breaker;
  job.only_if_last_succeeded = run.only_if_last_succeeded;
  job.guarantee = run.guarantee;
  job.on_missed = run.on_missed;
  job.catchup_limit = run.catchup_limit;
  job.starting_deadline = run.starting_deadline;
  job.timeout = run.timeout;
  job.retry = run.retry;
  job.sla = run.sla;
}

std::shared_ptr<const engine::Job> build_job(const JobSpec& spec, ActionPointer action,
                                             PreconditionPointer precondition) {
  engine::Job job;
  job.name = spec.name;
  job.description = spec.description;
  job.trigger = spec.trigger.trigger;
  job.watch = spec.trigger.watch;
  if (spec.policies.schedule.on_holiday == OnHoliday::skip) {
    job.days_off = {.days = spec.days_off, .zone = time::Zone::load(spec.timezone).value_or(time::Zone())};
  }
  job.action = std::move(action);
  job.precondition = std::move(precondition);
  for (const DependencySpec& needed : spec.depends_on) job.depends_on.push_back(needed.dependency);
  take_policies(job, spec.policies.run);
  job.schedule_text = spec.trigger.text;
  job.timezone = spec.timezone;
  job.fingerprint = fingerprint(spec);
  return std::make_shared<const engine::Job>(std::move(job));
}

std::shared_ptr<const engine::Catalog> build(const Config& config, std::uint64_t generation,
                                             const ActionMaker& make_action,
                                             const PreconditionMaker& make_precondition) {
  auto catalog = std::make_shared<engine::Catalog>();
  catalog->generation = generation;
  for (const auto& spec : config.jobs) {
    catalog->jobs.emplace(spec.name, build_job(spec, make_action(spec), make_precondition(spec)));
  }
  for (const auto& [name, group] : config.groups) catalog->groups.emplace(name, group.policy);
  catalog->catchup = config.catchup;
  catalog->fingerprint = jobs::sha256(config.text);
  return catalog;
}

PreconditionPointer no_precondition(const JobSpec&) { return nullptr; }

}  // namespace

std::shared_ptr<const engine::Catalog> build_catalog(const Config& config, std::uint64_t generation,
                                                     const ActionMaker& make_action) {
  return build(config, generation, make_action, no_precondition);
}

std::shared_ptr<const engine::Catalog> build_catalog(const Config& config, const BuildContext& context) {
  const ActionMaker action_of = [&, traced = config.tracing.has_value()](const JobSpec& spec) {
    return std::visit([&](const auto& action) { return make_action(action, spec, *config.actions, context, traced); },
                      spec.action);
  };
  const PreconditionMaker precondition_of = [&context](const JobSpec& spec) {
    return make_precondition(spec, context);
  };
  return build(config, context.generation, action_of, precondition_of);
}

std::shared_ptr<const engine::Catalog> build_timetable(const Config& config) {
  return build_catalog(config, 0, [](const JobSpec&) { return nullptr; });
}

}  // namespace belfry::daemon
