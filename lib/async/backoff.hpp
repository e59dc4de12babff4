// Backoff: how long to wait before the next try. Pure arithmetic; retry.hpp uses it for tasks, the engine for jobs.
#pragma once

#include "async/clock.hpp"

namespace belfry::async {

/// first * factor^(n-1), at most `longest`, spread by plus or minus the jitter share. A plain value.
class Backoff {
 public:
  /// A pause before the first repetition; by default all pauses are the same.
  explicit Backoff(Duration first) noexcept : first_(first), longest_(first) {}

  /// Each further pause is that many times longer (>= 1), but none longer than `longest`.
  Backoff& growing(double factor, Duration longest) noexcept { return factor_ = factor, longest_ = longest, *this; }
  /// Spreads each pause by up to this share (0 to 1) in both directions, so that those who failed together do not come
  /// back together.
  Backoff& jitter(double share) noexcept { return jitter_ = share, *this; }

  /// The pause after try number `attempt` (from 1) failed. `unit`, in [0, 1), places it within the jitter: 0 is the
  /// shortest, 0.5 the plain one. Never negative.
  Duration pause(int attempt, double unit) const noexcept;

 private:
  Duration first_;
  Duration longest_;
  double factor_ = 1.0;
  double jitter_ = 0.0;
};

/// A random number in [0, 1) for pause(). Any thread.
double random_unit();

}  // namespace belfry::async
