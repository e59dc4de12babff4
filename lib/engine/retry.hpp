// Is a failed attempt tried again, and after how long? Pure.
#pragma once

#include <optional>

#include "engine/action.hpp"
#include "engine/job.hpp"
#include "ledger/outcome.hpp"

namespace belfry::engine {

/// True when the policy wants another attempt after attempt number `attempt` (from 1) ended so: `limit` is not reached,
/// and its kind of end is one that is tried again:
///
///   success, cancelled, lost   never
///   timeout                    with on_timeout, and `on` is empty or has it
///   failure                    `on` is empty or has it, and on_exit_codes is empty or has the exit code
///   killed, start_error        `on` has it; when `on` is empty: if on_exit_codes is, too
///
/// So on_exit_codes alone means "these exit codes and nothing else, but for timeouts", and whoever wants killed
/// attempts tried again as well says so in `on`.
bool wants_retry(const RetryPolicy& policy, int attempt, ledger::Outcome outcome,
                 std::optional<int> exit_code) noexcept;

/// The pause after attempt number `attempt`: delay * backoff^(attempt-1), at most max_delay, then spread by the jitter
/// share with `unit`, a random number in [0, 1): 0 gives the shortest pause, 0.5 the plain one. Never negative.
Duration retry_delay(const RetryPolicy& policy, int attempt, double unit) noexcept;

}  // namespace belfry::engine
