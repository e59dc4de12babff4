// See backoff.hpp.

#include "async/backoff.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace belfry::async {

Duration Backoff::pause(int attempt, double unit) const noexcept {
  const double grown = static_cast<double>(first_.count()) * std::pow(factor_, attempt - 1);
  // min() before the conversion back: a large power is infinite, and infinity has no integer.
  const double capped = std::min(grown, static_cast<double>(longest_.count()));
  const double spread = capped * (1.0 + jitter_ * (2.0 * unit - 1.0));
  return Duration{static_cast<Duration::rep>(std::clamp(spread, 0.0, 9.0e18))};
}

double random_unit() {
  static thread_local std::minstd_rand generator{std::random_device()()};
  return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
}

}  // namespace belfry::async
