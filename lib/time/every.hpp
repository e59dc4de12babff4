// A fixed interval in real time, aligned to an anchor.
#pragma once

#include "time/trigger.hpp"

namespace belfry::time {

/// Due at `anchor` + k * `interval` for every whole k, also before the anchor. With the default anchor (1970 in UTC)
/// the fires lie on whole seconds, quarters and hours of UTC. Time changes of a zone do not move it.
class EveryTrigger final : public Trigger {
 public:
  /// REQUIRES: interval > 0.
  explicit EveryTrigger(Duration interval, WallTime anchor = WallTime{}) noexcept
      : interval_(interval), anchor_(anchor) {}

  std::optional<WallTime> next(WallTime after) const noexcept override;
  std::optional<WallTime> previous(WallTime before) const noexcept override;
  std::string describe() const override;
  std::string normalise() const override;

  Duration interval() const noexcept { return interval_; }

 private:
  Duration interval_;
  WallTime anchor_;
};

}  // namespace belfry::time
