#include "daemon/config/user_lint.hpp"

#include "daemon/config/error_list.hpp"
#include "daemon/config/policy_lint.hpp"

namespace belfry::daemon {

std::vector<ConfigError> lint_users(const Config& config, const std::string& name) {
  const SourceText source(name, config.text);
  ErrorList warnings(source);
  for (const JobSpec& job : config.jobs) {
    const auto& user = job.policies.process.user;
    if (!user) continue;
    const auto found = jobs::find_account(user->account);
    if (found) continue;
    const std::string key = path_to("jobs", job.name) + ".user";
    add_warning(warnings, user->place, key,
                {"on this machine " + found.error(), "", "its runs end as start_error until there is"});
  }
  return warnings.take();
}

}  // namespace belfry::daemon
