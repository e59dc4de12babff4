// From the steps that the file declares to the action that runs them.
#pragma once

#include "daemon/config/exec_builder.hpp"
#include "daemon/config/flow_spec.hpp"
#include "jobs/action_registry.hpp"

namespace belfry::daemon {

/// `pool` must outlive the action; the registry is copied. `budget`: bytes kept of each stream of the whole flow.
jobs::ActionPointer build_flow(const FlowSpec& flow, const ExecContext& exec, const jobs::ActionRegistry& actions,
                               async::ThreadPool* pool, std::size_t budget);

}  // namespace belfry::daemon
