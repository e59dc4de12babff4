#include "time/after.hpp"

#include "time/duration.hpp"
#include "time/instant.hpp"

namespace belfry::time {

WallTime AfterTrigger::instant() const noexcept {
  return anchor_ > WallTime::max() - delay_ ? WallTime::max() : anchor_ + delay_;
}

std::optional<WallTime> AfterTrigger::next(WallTime after) const noexcept {
  return instant() > after ? std::optional(instant()) : std::nullopt;
}

std::optional<WallTime> AfterTrigger::previous(WallTime before) const noexcept {
  return instant() < before ? std::optional(instant()) : std::nullopt;
}

std::string AfterTrigger::describe() const {
  return "once, " + describe_duration(delay_) + " after " + format_utc(anchor_);
}

std::string AfterTrigger::normalise() const { return "@at " + format_utc(instant()); }

}  // namespace belfry::time
