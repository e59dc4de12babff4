#include "time/at.hpp"

#include "time/instant.hpp"

namespace belfry::time {

std::optional<WallTime> AtTrigger::next(WallTime after) const noexcept {
  return instant_ > after ? std::optional(instant_) : std::nullopt;
}

std::optional<WallTime> AtTrigger::previous(WallTime before) const noexcept {
  return instant_ < before ? std::optional(instant_) : std::nullopt;
}

std::string AtTrigger::describe() const {
  return "once at " + format_time(instant_, zone_) + (zone_ == Zone() ? "" : " (" + zone_.name() + ")");
}

std::string AtTrigger::normalise() const { return "@at " + format_utc(instant_); }

}  // namespace belfry::time
