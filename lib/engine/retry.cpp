#include "engine/retry.hpp"

#include <algorithm>

#include "async/backoff.hpp"

namespace belfry::engine {

namespace {

template <class T>
bool has(const std::vector<T>& list, T value) noexcept {
  return std::ranges::find(list, value) != list.end();
}

}  // namespace

bool wants_retry(const RetryPolicy& policy, int attempt, ledger::Outcome outcome,
                 std::optional<int> exit_code) noexcept {
  if (attempt > policy.limit) return false;
  const bool listed = has(policy.on, outcome);
  switch (outcome) {
    case ledger::Outcome::success:
    case ledger::Outcome::cancelled:
    case ledger::Outcome::lost:
      return false;
    case ledger::Outcome::timeout:
      return policy.on_timeout && (listed || policy.on.empty());
    case ledger::Outcome::failure:
      if (!listed && !policy.on.empty()) return false;
      return policy.on_exit_codes.empty() || (exit_code && has(policy.on_exit_codes, *exit_code));
    case ledger::Outcome::killed:
    case ledger::Outcome::start_error:
      return policy.on.empty() ? policy.on_exit_codes.empty() : listed;
  }
  return false;
}

Duration retry_delay(const RetryPolicy& policy, int attempt, double unit) noexcept {
  const async::Backoff backoff =
      async::Backoff(policy.delay).growing(policy.backoff, policy.max_delay).jitter(policy.jitter);
  return backoff.pause(attempt, unit);
}

}  // namespace belfry::engine
