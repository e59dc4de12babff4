#include "daemon/config/job_reader.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "daemon/config/action_reader.hpp"
#include "daemon/config/trigger_reader.hpp"

namespace belfry::daemon {
namespace {

// Keys that only a program can obey.
constexpr std::array<std::string_view, 11> process_keys{
    "shell",      "environment", "clear_environment", "stdin", "umask", "nice", "limits", "kill_signal",
    "kill_grace", "output",      "success_exit_codes"};

bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

void check_name(std::string_view name, Place place, const Value& value) {
  if (is_job_name(name)) return;
  Complaint complaint{in_quotes(name) + ": not a name for a job",
                      R"(letters, digits, ".", "_" and "-", beginning with a letter, a digit or "_")"};
  if (name.size() > longest_job_name) {
    complaint = {in_quotes(name, 20) + ": the name is too long: " + std::to_string(name.size()) + " bytes",
                 "at most " + std::to_string(longest_job_name) + " bytes"};
  }
  value.errors().add(place, value.path(), std::move(complaint));
}

void check_use(const MapReader& job, const JobSpec& spec) {
  if (!std::holds_alternative<CommandSpec>(spec.action)) {
    for (const auto key : process_keys) {
      job.complain_at_key(key, {"only a program can have this, and this job runs none", "", "delete the key"});
    }
    return;
  }
  if (job.has("shell") &&
      std::holds_alternative<std::vector<std::string>>(std::get<CommandSpec>(spec.action).command)) {
    job.complain_at_key("shell", {"a command that is a list runs without a shell", "a command that is text",
                                  "write the command as text, or delete this key"});
  }
}

void check_policies(const MapReader& job, const JobSpec& spec) {
  const auto& run = spec.policies.run;
  if (job.has("queue_limit") && run.overlap != engine::Overlap::queue) {
    job.complain_at_key("queue_limit", {"this has no effect unless slots are queued", "concurrency_policy: queue"});
  }
  if (job.has("on_missed") && !spec.trigger.trigger) {
    job.complain_at_key("on_missed", {"a job without a trigger misses nothing", "a schedule, or no on_missed"});
  }
}

}  // namespace

bool is_job_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > longest_job_name || name[0] == '.' || name[0] == '-') return false;
  return std::ranges::all_of(name, is_name_character);
}

std::optional<JobSpec> read_job(std::string name, Place place, const Value& value, const JobContext& context) {
  check_name(name, place, value);
  if (value.node().kind != yaml::Node::Kind::map) {
    value.errors().add(value.place(), value.path(),
                       {"a job is a map", "keys such as schedule and command, indented below the name"});
    return std::nullopt;
  }
  const MapReader job(value, job_section);
  JobSpec spec;
  spec.policies = context.defaults;
  if (const auto text = job.get("description")) spec.description = text->any_text().value_or("");
  read_run_policies(job, spec.policies.run);
  read_process_policies(job, context.folder, spec.policies.process);
  read_schedule_policies(job, context.calendars, spec.policies.schedule);
  const auto zone = spec.policies.run.zone.value_or(context.zone);
  spec.days_off = days_of(spec.policies.schedule.holidays, context.calendars);
  auto trigger = read_trigger(job, {.job = name,
                                    .zone = zone,
                                    .started = context.started,
                                    .policies = spec.policies.schedule,
                                    .days_off = spec.days_off});
  auto action = read_action(job, {.folder = spec.policies.process.working_dir, .natives = context.natives});
  if (!trigger || !action) return std::nullopt;
  spec.name = std::move(name);
  spec.place = place;
  spec.trigger = std::move(*trigger);
  spec.action = std::move(*action);
  spec.timezone = spec.trigger.zone.value_or(zone).name();
  check_use(job, spec);
  check_policies(job, spec);
  return spec;
}

Policies read_defaults(const Value& value, const std::filesystem::path& folder, const Calendars& calendars) {
  Policies defaults;
  defaults.process.working_dir = folder;
  if (!value.is_map("a map of keys that every job shall have")) return defaults;
  const MapReader map(value, job_section);
  for (const auto& entry : value.node().entries) {
    const auto* key = find_key(job_section, entry.key);
    if (key != nullptr && key->use == KeyUse::job) {
      map.complain_at_key(entry.key, {"this key cannot have a default", "", "give it in each job"});
    }
  }
  read_run_policies(map, defaults.run);
  read_schedule_policies(map, calendars, defaults.schedule);
  read_process_policies(map, folder, defaults.process);
  return defaults;
}

}  // namespace belfry::daemon
