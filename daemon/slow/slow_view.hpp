// An explanation of late starts as JSON. Pure; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "daemon/slow/slow.hpp"

namespace belfry::daemon {

/// {"job", "looked_at", "starts": [{"run", "trigger", "scheduled_at", "started_at", "late_seconds", "phases":
/// {"admission":
///  SECONDS, ...}, "worst", "held_by": [{"task", "kind", "place", "began_at", "seconds"}], "sentence"}], "sentence"};
/// "phases" and "worst" are null when they are not on record.
nlohmann::json view(const Slow& slow);

}  // namespace belfry::daemon
