// Is a failed attempt tried again, and after how long? Pure.
#pragma once

#include <optional>

#include "engine/action.hpp"
#include "engine/job.hpp"
#include "ledger/outcome.hpp"

namespace belfry::engine {

/// True when the policy wants another attempt after attempt number `attempt` (from 1) ended so. Cancelled attempts are
/// never tried again; a timeout only with on_timeout; with on_exit_codes only those exit codes are.
bool wants_retry(const RetryPolicy& policy, int attempt, ledger::Outcome outcome,
                 std::optional<int> exit_code) noexcept;

/// The pause after attempt number `attempt`: delay * backoff^(attempt-1), at most max_delay, then spread by the jitter
/// share with `unit`, a random number in [0, 1): 0 gives the shortest pause, 0.5 the plain one. Never negative.
Duration retry_delay(const RetryPolicy& policy, int attempt, double unit) noexcept;

}  // namespace belfry::engine
