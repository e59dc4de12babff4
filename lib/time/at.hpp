// One instant.
#pragma once

#include "time/trigger.hpp"
#include "time/zone.hpp"

namespace belfry::time {

/// Due once, at an instant; the zone is only for people who read describe().
class AtTrigger final : public Trigger {
 public:
  explicit AtTrigger(WallTime instant, Zone zone = {}) noexcept : instant_(instant), zone_(zone) {}

  std::optional<WallTime> next(WallTime after) const noexcept override;
  std::optional<WallTime> previous(WallTime before) const noexcept override;
  std::string describe() const override;
  std::string normalise() const override;

  WallTime instant() const noexcept { return instant_; }

 private:
  WallTime instant_;
  Zone zone_;
};

}  // namespace belfry::time
