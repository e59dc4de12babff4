#include "engine/retry.hpp"

#include <algorithm>

#include "async/backoff.hpp"

namespace belfry::engine {

bool wants_retry(const RetryPolicy& policy, int attempt, ledger::Outcome outcome,
                 std::optional<int> exit_code) noexcept {
  if (attempt > policy.limit) return false;
  switch (outcome) {
    case ledger::Outcome::success:
    case ledger::Outcome::cancelled:
    case ledger::Outcome::lost:
      return false;
    case ledger::Outcome::timeout:
      return policy.on_timeout;
    case ledger::Outcome::killed:
    case ledger::Outcome::start_error:
      return policy.on_exit_codes.empty();
    case ledger::Outcome::failure:
      return policy.on_exit_codes.empty() ||
             (exit_code && std::ranges::find(policy.on_exit_codes, *exit_code) != policy.on_exit_codes.end());
  }
  return false;
}

Duration retry_delay(const RetryPolicy& policy, int attempt, double unit) noexcept {
  const async::Backoff backoff =
      async::Backoff(policy.delay).growing(policy.backoff, policy.max_delay).jitter(policy.jitter);
  return backoff.pause(attempt, unit);
}

}  // namespace belfry::engine
