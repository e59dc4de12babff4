#include "engine/retry.hpp"

#include <algorithm>
#include <cmath>

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
  const auto longest = static_cast<double>(policy.max_delay.count());
  const double grown = static_cast<double>(policy.delay.count()) * std::pow(policy.backoff, attempt - 1);
  // min() before the conversion back: a large power is infinite, and infinity has no integer.
  const double capped = std::min(grown, longest);
  const double spread = capped * (1.0 + policy.jitter * (2.0 * unit - 1.0));
  return Duration{static_cast<Duration::rep>(std::clamp(spread, 0.0, 9.0e18))};
}

}  // namespace belfry::engine
