#include "engine/token_bucket.hpp"

#include <algorithm>

namespace belfry::engine {
namespace {

constexpr std::int64_t century = 100LL * 365 * 86'400 * 1'000'000'000;

}  // namespace

void TokenBucket::set_policy(const RatePolicy& policy, Monotonic now) noexcept {
  if (policy == policy_) return;
  const std::int64_t taken = policy_.burst - tokens(now);
  policy_ = policy;
  full_at_ = scaled(now) + Wide{std::min<std::int64_t>(taken, policy_.burst)} * policy_.per.count();
}

void TokenBucket::take(Monotonic now) noexcept {
  // Whoever takes as soon as ready_at() says comes up to a nanosecond late; the next one is not later by that.
  full_at_ = std::max(full_at_, scaled(now) - (policy_.count - 1)) + policy_.per.count();
}

Monotonic TokenBucket::ready_at(Monotonic now) const noexcept {
  const Wide wait = missing(now) - Wide{policy_.burst - 1} * policy_.per.count();
  if (wait <= 0) return now;
  const Wide nanoseconds = (wait + policy_.count - 1) / policy_.count;
  return now + Duration(static_cast<std::int64_t>(std::min(nanoseconds, Wide{century})));
}

std::int64_t TokenBucket::tokens(Monotonic now) const noexcept {
  const Wide token = policy_.per.count();
  return policy_.burst - static_cast<std::int64_t>((missing(now) + token - 1) / token);
}

TokenBucket::Wide TokenBucket::missing(Monotonic now) const noexcept {
  return std::max(Wide{0}, full_at_ - scaled(now));
}

}  // namespace belfry::engine
