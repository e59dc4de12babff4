// How belfryd logs, by its settings.
#pragma once

#include "daemon/config/settings.hpp"
#include "observe/log.hpp"

namespace belfry::daemon {

observe::LogOptions log_options(const Settings& settings);

}  // namespace belfry::daemon
