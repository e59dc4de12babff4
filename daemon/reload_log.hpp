// What the log says of a reload.
#pragma once

#include "daemon/reload.hpp"
#include "observe/log.hpp"

namespace belfry::daemon {

/// Which jobs, keys and slots are others now, or what is wrong with the file. Lists are cut at 50 lines.
void log_reload(observe::Log& log, const ReloadReport& report);

}  // namespace belfry::daemon
