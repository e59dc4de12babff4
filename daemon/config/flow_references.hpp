// The references in a step (jobs/flow_text.hpp): where they may stand, and whether what they mean is there.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "daemon/config/flow_spec.hpp"
#include "daemon/config/value.hpp"

namespace belfry::daemon {

/// What a step can see.
struct FlowScope {
  const FlowSpec& flow;
  std::size_t number;                                              ///< of the step
  const std::vector<bool>& depends;                                ///< of the step; see jobs::all_needed()
  const std::map<std::string, std::size_t, std::less<>>& numbers;  ///< of the steps, by id
};

/// Complains about all that is wrong in the map `step`.
void check_flow_references(const Value& step, const FlowScope& scope);

}  // namespace belfry::daemon
