#include "daemon/config/job_reader.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "daemon/config/action_reader.hpp"
#include "daemon/config/names.hpp"
#include "daemon/config/step_reader.hpp"
#include "daemon/config/trigger_reader.hpp"

namespace belfry::daemon {
namespace {

void check_name(std::string_view name, Place place, const Value& value) {
  if (is_job_name(name)) return;
  Complaint complaint{in_quotes(name) + ": not a name for a job", std::string(name_expected)};
  if (name.size() > longest_job_name) {
    complaint = {in_quotes(name, 20) + ": the name is too long: " + std::to_string(name.size()) + " bytes",
                 "at most " + std::to_string(longest_job_name) + " bytes"};
  }
  value.errors().add(place, value.path(), std::move(complaint));
}

bool asks_a_command(const JobSpec& spec) {
  return spec.policies.run.precondition && spec.policies.run.precondition->command;
}

void check_overlap(const MapReader& job, const RunPolicies& run) {
  if (job.has("queue_limit") && run.overlap != engine::Overlap::queue) {
    job.complain_at_key("queue_limit", {"this has no effect unless slots are queued", "concurrency_policy: queue"});
  }
  if (job.has("max_instances") && run.overlap == engine::Overlap::allow) {
    job.complain_at_key("max_instances", {"this has no effect: concurrency_policy: allow means any number of runs",
                                          "forbid, queue, replace or cancel_other"});
  }
}

void check_missed(const MapReader& job, const JobSpec& spec) {
  const auto& run = spec.policies.run;
  if (!spec.trigger.trigger) {
    job.complain_at_key("on_missed",
                        spec.trigger.watch
                            ? Complaint{"a job that waits for files has no missed slots", "no on_missed",
                                        "files that came meanwhile: watch.existing"}
                            : Complaint{"a job without a trigger misses nothing", "a schedule, or no on_missed"});
    return;
  }
  if (run.guarantee != engine::Guarantee::at_least_once || run.on_missed != engine::OnMissed::skip) return;
  const Complaint complaint{
      "at_least_once promises a run for every slot, and on_missed: skip gives up those that pass while belfryd is down",
      "on_missed: run_once or run_all", "run_all makes a run for each of them, run_once a single one for all"};
  for (const std::string_view key : {"guarantee", "on_missed"}) {
    if (!job.has(key)) continue;
    job.complain_at_key(key, complaint);
    return;
  }
  job.map().errors().add(spec.place, job.map().path(), complaint);
}

}  // namespace

std::optional<JobSpec> read_job(std::string name, Place place, const Value& value, const JobContext& context) {
  check_name(name, place, value);
  if (value.node().kind != yaml::Node::Kind::map) {
    value.errors().add(value.place(), value.path(),
                       {"a job is a map", "keys such as schedule and command, indented below the name"});
    return std::nullopt;
  }
  const MapReader job(value, context.section);
  JobSpec spec;
  spec.policies = context.defaults;
  if (const auto text = job.get("description")) spec.description = text->any_text().value_or("");
  read_run_policies(job, {.folder = context.folder, .groups = context.groups}, spec.policies.run);
  read_process_policies(job, context.folder, spec.policies.process);
  read_schedule_policies(job, context.calendars, spec.policies.schedule);
  read_notify_policies(job, context.notify, spec.policies.notify);
  const auto zone = spec.policies.run.zone.value_or(context.zone);
  spec.days_off = days_of(spec.policies.schedule.holidays, context.calendars);
  auto trigger = read_trigger(job, {.job = name,
                                    .zone = zone,
                                    .started = context.started,
                                    .policies = spec.policies.schedule,
                                    .folder = context.folder,
                                    .days_off = spec.days_off});
  if (const auto needed = job.get("depends_on")) spec.depends_on = read_dependencies(*needed);
  const FlowContext flow{.folder = context.folder,
                         .process = spec.policies.process,
                         .step = context.step_section,
                         .actions = context.actions,
                         .secrets = context.notify.files};
  auto action = read_action(job, {.folder = spec.policies.process.working_dir,
                                  .actions = context.actions,
                                  .secrets = context.notify.files,
                                  .flow = &flow});
  if (!trigger || !action) return std::nullopt;
  spec.name = std::move(name);
  spec.place = place;
  spec.trigger = std::move(*trigger);
  spec.action = std::move(*action);
  spec.timezone = spec.trigger.zone.value_or(zone).name();
  check_use_of_program_keys(job, spec.action, asks_a_command(spec));
  if (const auto limit = job.get("catchup_limit")) spec.catchup_limit_place = limit->place();
  check_overlap(job, spec.policies.run);
  check_missed(job, spec);
  return spec;
}

Policies read_defaults(const Value& value, const JobContext& context) {
  Policies defaults;
  defaults.process.working_dir = context.folder;
  if (!value.is_map("a map of keys that every job shall have")) return defaults;
  const MapReader map(value, context.section);
  for (const auto& entry : value.node().entries) {
    const auto* key = find_key(context.section, entry.key);
    if (key != nullptr && key->use == KeyUse::job) {
      map.complain_at_key(entry.key, {"this key cannot have a default", "", "give it in each job"});
    }
  }
  read_run_policies(map, {.folder = context.folder, .groups = context.groups}, defaults.run);
  read_schedule_policies(map, context.calendars, defaults.schedule);
  read_process_policies(map, context.folder, defaults.process);
  read_notify_policies(map, context.notify, defaults.notify);
  return defaults;
}

}  // namespace belfry::daemon
