#include "daemon/notify/plan.hpp"

#include <algorithm>

namespace belfry::daemon {

const NotifyPolicies* NotifyPlan::of(std::string_view job) const {
  const auto found = jobs.find(job);
  return found == jobs.end() ? nullptr : &found->second;
}

std::shared_ptr<const NotifyPlan> plan_of(const Config& config) {
  auto plan = std::make_shared<NotifyPlan>();
  plan->channels = config.channels;
  plan->ping = config.ping;
  for (const JobSpec& job : config.jobs) {
    const NotifyPolicies& policies = job.policies.notify;
    const bool tells = std::ranges::any_of(policies.rules, [](const auto& names) { return !names.empty(); });
    if (tells || policies.ping) plan->jobs.emplace(job.name, policies);
  }
  return plan;
}

}  // namespace belfry::daemon
