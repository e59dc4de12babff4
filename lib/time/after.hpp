// Once, some time after an instant: delayed one-shots.
#pragma once

#include "time/trigger.hpp"

namespace belfry::time {

/// Due once, `delay` after `anchor` (the start of the daemon, the moment of `belfry in`).
class AfterTrigger final : public Trigger {
 public:
  /// REQUIRES: delay >= 0.
  AfterTrigger(Duration delay, WallTime anchor) noexcept : delay_(delay), anchor_(anchor) {}

  std::optional<WallTime> next(WallTime after) const noexcept override;
  std::optional<WallTime> previous(WallTime before) const noexcept override;
  std::string describe() const override;
  std::string normalise() const override;

  WallTime instant() const noexcept;  ///< of the fire; the last instant that WallTime can hold when it lies beyond

 private:
  Duration delay_;
  WallTime anchor_;
};

}  // namespace belfry::time
