#include "daemon/config/policy_lint.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "jobs/action_registry.hpp"
#include "time/instant.hpp"

namespace belfry::daemon {
namespace {

using JobsByName = std::map<std::string_view, const JobSpec*>;

class PolicyLinter {
 public:
  PolicyLinter(const Config& config, ErrorList& warnings, time::WallTime now)
      : config_(&config), warnings_(&warnings), now_(now) {
    for (const JobSpec& job : config.jobs) by_name_.emplace(job.name, &job);
  }

  void run() {
    std::set<std::string_view> used;
    for (const JobSpec& job : config_->jobs) {
      const RunPolicies& policies = job.policies.run;
      if (policies.group) used.insert(policies.group->name);
      check_catchup_limit(job, policies);
      check_replaced_retries(job, policies);
      for (const DependencySpec& spec : job.depends_on) check_upstream(job, spec);
      if (policies.breaker) check_breaker(job, *policies.breaker);
      check_sla(job, policies);
      if (std::holds_alternative<CommandSpec>(job.action)) {
        lint_secrets(job.policies.process, job.place, path_to("jobs", job.name), *warnings_);
      }
      if (const auto* action = std::get_if<jobs::ActionDeclaration>(&job.action)) {
        lint_action(*config_->actions, *action, job.place, path_to("jobs", job.name) + "." + action->kind, *warnings_);
      }
    }
    for (const auto& [name, group] : config_->groups) {
      if (used.contains(name)) continue;
      add_warning(*warnings_, group.place, path_to("groups", name),
                  {"no job is in this group", "", "delete it, or name it in the key group of a job"});
    }
  }

 private:
  void warn(const JobSpec& job, std::string_view key, Place place, Complaint complaint) {
    add_warning(*warnings_, place, path_to("jobs", job.name) + "." + std::string(key), std::move(complaint));
  }

  void check_catchup_limit(const JobSpec& job, const RunPolicies& policies) {
    if (!job.catchup_limit_place || policies.on_missed == engine::OnMissed::run_all) return;
    warn(job, "catchup_limit", *job.catchup_limit_place,
         {"this has no effect", "",
          "it is about on_missed: run_all, and on_missed is " + std::string(to_string(policies.on_missed))});
  }

  void check_replaced_retries(const JobSpec& job, const RunPolicies& policies) {
    const bool replaces =
        policies.overlap == engine::Overlap::replace || policies.overlap == engine::Overlap::cancel_other;
    if (!replaces || policies.retry.limit == 0) return;
    warn(job, "retries", job.place,
         {"a newer slot ends the run with the attempts that it has left", "",
          "with concurrency_policy: forbid or queue the retries are made"});
  }

  void check_upstream(const JobSpec& job, const DependencySpec& spec) {
    const auto found = by_name_.find(spec.dependency.job);
    if (found == by_name_.end()) return;
    const JobSpec& upstream = *found->second;
    const bool by_hand = !upstream.trigger.trigger && !upstream.trigger.watch && upstream.depends_on.empty();
    if (upstream.policies.run.enabled && !by_hand) return;
    warn(job, "depends_on", spec.place,
         {in_quotes(upstream.name) + (by_hand ? " is started by hand only" : " is not enabled") +
              ", and so is what waits for it",
          "", by_hand ? "give it a schedule if that is not meant" : "enabled: true if that is not meant"});
  }

  void check_breaker(const JobSpec& job, const engine::BreakerPolicy& breaker) {
    if (job.policies.run.only_if_last_succeeded) {
      warn(job, "circuit_breaker", job.place,
           {"it never opens: after one failure, only_if_last_succeeded skips every slot", "", "delete one of the two"});
      return;
    }
    if (!job.trigger.trigger) return;
    std::optional<time::WallTime> slot = job.trigger.trigger->next(now_);
    const std::optional<time::WallTime> first = slot;
    constexpr int looked_ahead = 1'000;
    for (int i = 1; i < breaker.failures && i < looked_ahead && slot; ++i) {
      slot = job.trigger.trigger->next(*slot);
    }
    if (!slot || !first || *slot - *first <= breaker.window) return;
    warn(
        job, "circuit_breaker", job.place,
        {"its window is too short: fewer slots than failures lie within it", "", "a longer window, or fewer failures"});
  }

  void check_sla(const JobSpec& job, const RunPolicies& policies) {
    const engine::SlaPolicy& sla = policies.sla;
    if (sla.max_runtime && policies.timeout && policies.retry.limit == 0 && *sla.max_runtime >= *policies.timeout) {
      warn(job, "sla.max_runtime", job.place,
           {"no run is ever under way for so long: its timeout ends it before", "", "a shorter max_runtime"});
    }
    if (sla.late_after && policies.starting_deadline && *sla.late_after > *policies.starting_deadline) {
      warn(job, "sla.late_after", job.place,
           {"no slot ever waits for so long: its starting_deadline gives it up before", "", "a shorter late_after"});
    }
    if (!sla.max_time_since_success || !job.trigger.trigger || !policies.enabled) return;
    const time::Trigger& trigger = *job.trigger.trigger;
    std::optional<time::WallTime> slot = trigger.next(now_);
    constexpr int looked_ahead = 100;
    for (int i = 0; i < looked_ahead && slot; ++i) {
      const std::optional<time::WallTime> next = trigger.next(*slot);
      if (next && *next - *slot >= *sla.max_time_since_success) {
        warn(job, "sla.max_time_since_success", job.place,
             {"it fails between slots that are well: from " + time::format_utc(*slot) + " to the next one it is longer",
              "", "a limit above the longest pause of the schedule and the time that a run takes"});
        return;
      }
      slot = next;
    }
  }

  const Config* config_;
  ErrorList* warnings_;
  time::WallTime now_;
  JobsByName by_name_;
};

}  // namespace

void add_warning(ErrorList& warnings, Place place, std::string_view key, Complaint complaint) {
  complaint.message = "warning: " + complaint.message;
  warnings.add(place, key, std::move(complaint));
}

void lint_secrets(const ProcessPolicies& process, Place place, const std::string& key, ErrorList& warnings) {
  constexpr std::array<std::string_view, 5> steering{"PATH", "IFS", "BASH_ENV", "ENV", "SHELLOPTS"};
  std::string found;
  for (const jobs::SecretSource& source : process.secrets) {
    const std::string& name = source.variable;
    if (!name.starts_with("LD_") && std::ranges::find(steering, name) == steering.end()) continue;
    found += (found.empty() ? "" : ", ") + name;
  }
  if (found.empty()) return;
  add_warning(warnings, place, key + ".secrets",
              {found + ": this tells shells or the loader what to run, and will be the path of a secret", "",
               "a variable that the program itself asks for, such as TOKEN_FILE"});
}

void lint_action(const jobs::ActionRegistry& actions, const jobs::ActionDeclaration& action, Place place,
                 const std::string& key, ErrorList& warnings) {
  const jobs::ActionKind* const kind = actions.find(action.kind);
  const jobs::ActionForm* const form = kind == nullptr ? nullptr : kind->find(action.form);
  if (form == nullptr || !form->lint) return;
  jobs::ParameterMap parameters = action.parameters;
  parameters.insert(action.secrets.begin(), action.secrets.end());
  jobs::ParameterReader reader(parameters, form->parameters);
  for (jobs::ParameterError& found : form->lint(reader)) {
    add_warning(warnings, place, key + "." + found.key, {std::move(found.message)});
  }
}

void lint_policies(const Config& config, ErrorList& warnings, time::WallTime now) {
  PolicyLinter(config, warnings, now).run();
}

}  // namespace belfry::daemon
