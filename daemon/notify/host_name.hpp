// The name of this machine, for whoever hears from several.
#pragma once

#include <string>

namespace belfry::daemon {

/// As gethostname(2) tells it; empty when it does not. Any thread.
std::string host_name();

}  // namespace belfry::daemon
