// The steps of a job as the file declares them: checked, with what the job itself sets filled in. Plain values;
// flow_builder.hpp turns them into what runs.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "daemon/config/job_spec.hpp"
#include "daemon/config/policies.hpp"
#include "jobs/flow.hpp"

namespace belfry::daemon {

struct StepSpec {
  Place place;          ///< where it begins
  jobs::FlowStep step;  ///< all of it but `make`
  std::string condition;
  std::variant<CommandSpec, jobs::ActionDeclaration, ApprovalDeclaration> action;
  ProcessPolicies process;
};

struct FlowSpec {
  std::vector<StepSpec> steps;  ///< those of finally at the end
  std::size_t max_parallel = 100;
  time::Duration finally_timeout = std::chrono::minutes{1};
  bool retry_from_start = false;
};

}  // namespace belfry::daemon
