// A token bucket: so many in a time on average, with bursts. Pure; plain value; loop thread only.
//
// The time is an argument, and monotonic: setting the wall clock neither fills the bucket nor empties it. Counted in
// fractions of a nanosecond that are exact for every rate, so that a year of 7 a minute is 7 times the minutes.
// (async::RateLimiter makes tasks wait; this one only says when.)
#pragma once

#include <chrono>
#include <cstdint>

#include "engine/policies.hpp"

namespace belfry::engine {

/// An instant of the loop's monotonic clock: Monotonic(Duration(loop.now_ns())).
using Monotonic = std::chrono::time_point<std::chrono::steady_clock, Duration>;

class TokenBucket {
 public:
  /// Full at first: `burst` tokens; another one comes every per/count. REQUIRES: the policy is within its ranges.
  explicit TokenBucket(const RatePolicy& policy) noexcept : policy_(policy) {}

  /// Another rate from now on. What was taken stays taken, in whole tokens rounded up; a policy that is the same
  /// changes nothing.
  void set_policy(const RatePolicy& policy, Monotonic now) noexcept;

  bool ready(Monotonic now) const noexcept { return ready_at(now) <= now; }

  /// Takes a token. Without one it is owed, and the next comes later by as much.
  void take(Monotonic now) noexcept;

  /// When a token is there if nobody takes any more: `now`, or later, but within 100 years. Rounded up: never too
  /// early.
  Monotonic ready_at(Monotonic now) const noexcept;

  /// How many tokens are there; 0 to burst, negative when some are owed.
  std::int64_t tokens(Monotonic now) const noexcept;

 private:
  __extension__ using Wide = __int128;  // nanoseconds * count: 2^63 * 10^6

  Wide scaled(Monotonic at) const noexcept { return Wide{at.time_since_epoch().count()} * policy_.count; }
  Wide missing(Monotonic now) const noexcept;  // until it is full

  RatePolicy policy_;
  Wide full_at_ =
      Wide{INT64_MIN} * 1'000'000;  // scaled; when it is full if nobody takes any more: at first, long since
};

}  // namespace belfry::engine
