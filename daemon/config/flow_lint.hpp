// Warnings about the steps of flows. Pure; any thread.
#pragma once

#include "daemon/config/error_list.hpp"
#include "daemon/config/load_config.hpp"

namespace belfry::daemon {

/// Notes, of every step: what the kind of its action says about its parameters, a condition that never holds, a step
/// that is in needs and is needed by another one there, a timeout that the job's own ends before, and
/// approvals of jobs with a schedule that wait for ever.
void lint_flows(const Config& config, ErrorList& warnings);

}  // namespace belfry::daemon
