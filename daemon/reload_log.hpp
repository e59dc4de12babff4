// What the log, and the client who asked for it, are told of a reload.
#pragma once

#include "daemon/control/control_api.hpp"
#include "daemon/reload.hpp"
#include "observe/log.hpp"

namespace belfry::daemon {

/// Mistakes, what differs, which next slots have moved (at most 50 lines of each), and which keys need a restart.
void log_reload(observe::Log& log, const ReloadReport& report);

/// The same for the control API.
ReloadResult result_of(const ReloadReport& report);

}  // namespace belfry::daemon
