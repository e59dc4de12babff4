// What a configuration says about telling: its channels, and which jobs use them. Immutable; any thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "daemon/config/load_config.hpp"

namespace belfry::daemon {

struct NotifyPlan {
  Channels channels;
  std::map<std::string, NotifyPolicies, std::less<>> jobs;  ///< those that tell or ping something
  std::optional<DaemonPing> ping;

  /// None: nobody is told anything about the job.
  const NotifyPolicies* of(std::string_view job) const;
};

std::shared_ptr<const NotifyPlan> plan_of(const Config& config);

}  // namespace belfry::daemon
