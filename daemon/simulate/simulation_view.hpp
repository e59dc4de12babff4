// What a simulation has shown, for people and for programs. Pure; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "daemon/simulate/simulate.hpp"

namespace belfry::daemon {

/// {"from", "to", "until", "jobs": [{"job", "slots", "started", "skipped": {REASON: n}, "missed": {REASON: n},
///  "coalesced", "runs", "failed", "cut_off", "waited", "longest_wait_seconds", "longest_wait_slot", "busy_seconds",
///  "most_running", "most_running_at", "most_queued", "most_queued_at", "durations", "recorded"}],
///  "groups": [{"group", "limit", "most_in_use", "most_in_use_at", "refused", "saturated_seconds"}],
///  "unaccounted", "total": {the same as of a job, but for names and durations}}
nlohmann::json view(const Simulation& simulation);

/// What a person should know beside the table: jobs of which no duration is known, an early end, full groups, the most
/// runs at once. Each a sentence.
std::vector<std::string> remarks(const Simulation& simulation, const time::Zone& zone);

}  // namespace belfry::daemon
