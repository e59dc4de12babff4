// See periodic.hpp.

#include "async/periodic.hpp"

#include <stdexcept>

namespace belfry::async {

Ticks::Ticks(std::int64_t now, Duration interval, PeriodicOptions options)
    : next_(options.at_once_ ? now : now + interval.count()), interval_(interval.count()), missed_(options.missed_) {
  if (interval <= Duration::zero()) throw std::invalid_argument("periodic: the interval must be positive");
}

void Ticks::ran(std::int64_t began, std::int64_t ended) noexcept {
  switch (missed_) {
    case MissedTicks::skip:
      next_ += interval_ * (1 + (ended > next_ ? (ended - next_ - 1) / interval_ : 0));
      break;
    case MissedTicks::catch_up:
      next_ += interval_;
      break;
    case MissedTicks::delay:
      next_ = (ended > next_ + interval_ ? began : next_) + interval_;
      break;
  }
}

}  // namespace belfry::async
