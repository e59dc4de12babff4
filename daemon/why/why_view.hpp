// An explanation as JSON. Pure; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "daemon/why/why.hpp"

namespace belfry::daemon {

/// {"job", "timezone", "at", "is_slot", "ran", "result", "reason", "count", "run", "outcome", "delay_seconds",
///  "previous", "next", "chain": [{"what", "text", "decides"}], "sentence"}; null for what is not known.
nlohmann::json view(const Why& why);

}  // namespace belfry::daemon
