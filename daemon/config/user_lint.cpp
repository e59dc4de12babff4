#include "daemon/config/user_lint.hpp"

#include "daemon/config/error_list.hpp"
#include "daemon/config/flow_spec.hpp"
#include "daemon/config/policy_lint.hpp"

namespace belfry::daemon {

namespace {

void check(const std::optional<UserDeclaration>& user, const std::string& key, ErrorList& warnings) {
  if (!user) return;
  const auto found = jobs::find_account(user->account);
  if (found) return;
  add_warning(warnings, user->place, key + ".user",
              {"on this machine " + found.error(), "", "its runs end as start_error until there is"});
}

}  // namespace

std::vector<ConfigError> lint_users(const Config& config, const std::string& name) {
  const SourceText source(name, config.text);
  ErrorList warnings(source);
  for (const JobSpec& job : config.jobs) {
    const auto& of_job = job.policies.process.user;
    const std::string key = path_to("jobs", job.name);
    check(of_job, key, warnings);
    const auto* flow = std::get_if<std::shared_ptr<const FlowSpec>>(&job.action);
    if (flow == nullptr) continue;
    for (const StepSpec& step : (*flow)->steps) {
      const auto& user = step.process.user;
      if (user && of_job && user->place == of_job->place) continue;  // the step has it from the job
      check(user, key + ".flow." + step.step.id, warnings);
    }
  }
  return warnings.take();
}

}  // namespace belfry::daemon
