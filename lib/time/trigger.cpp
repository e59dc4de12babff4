#include "time/trigger.hpp"

namespace belfry::time {

std::vector<WallTime> fires_between(const Trigger& trigger, WallTime after, WallTime until, std::size_t limit) {
  std::vector<WallTime> fires;
  while (fires.size() < limit) {
    const auto next = trigger.next(after);
    if (!next || *next > until) break;
    fires.push_back(*next);
    after = *next;
  }
  return fires;
}

}  // namespace belfry::time
