// The value of `flow`: a list of steps, or a map with them.
#pragma once

#include <optional>

#include "daemon/config/flow_spec.hpp"
#include "daemon/config/step_reader.hpp"
#include "daemon/config/value.hpp"

namespace belfry::daemon {

/// Complains about all that is wrong, steps that wait for each other and references to what is not there included;
/// gives nothing when there is no step that could run.
std::optional<FlowSpec> read_flow(const Value& value, const FlowContext& context);

}  // namespace belfry::daemon
