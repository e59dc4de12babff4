#include "time/trigger.hpp"

namespace belfry::time {

Fires Trigger::between(WallTime after, WallTime until) const noexcept { return {*this, after, until}; }

bool Trigger::never_fires() const noexcept { return !next(WallTime::min()).has_value(); }

std::vector<WallTime> fires_between(const Trigger& trigger, WallTime after, WallTime until, std::size_t limit) {
  std::vector<WallTime> fires;
  if (limit == 0) return fires;
  for (const WallTime fire : trigger.between(after, until)) {
    fires.push_back(fire);
    if (fires.size() == limit) break;
  }
  return fires;
}

}  // namespace belfry::time
