// Any pattern of local times as a trigger: the base of what cron expressions alone cannot say. Immutable; any thread.
#pragma once

#include <memory>
#include <string>

#include "time/dst.hpp"
#include "time/trigger.hpp"
#include "time/zone.hpp"

namespace belfry::time {

/// Fires when the clock in a zone shows what a pattern matches.
class LocalTrigger final : public Trigger {
 public:
  /// `description` and `text` are what describe() and normalise() say, both without the zone.
  /// REQUIRES: pattern is set.
  LocalTrigger(std::shared_ptr<const LocalPattern> pattern, Zone zone, DstPolicy policy, std::string description,
               std::string text)
      : pattern_(std::move(pattern)),
        zone_(zone),
        policy_(policy),
        description_(std::move(description)),
        text_(std::move(text)) {}

  std::optional<WallTime> next(WallTime after) const noexcept override {
    return next_fire(*pattern_, zone_, policy_, after);
  }
  std::optional<WallTime> previous(WallTime before) const noexcept override {
    return previous_fire(*pattern_, zone_, policy_, before);
  }
  std::string describe() const override { return description_ + ", " + zone_.name(); }
  std::string normalise() const override { return text_; }

  const LocalPattern& pattern() const noexcept { return *pattern_; }
  const Zone& zone() const noexcept { return zone_; }

 private:
  std::shared_ptr<const LocalPattern> pattern_;
  Zone zone_;
  DstPolicy policy_;
  std::string description_;
  std::string text_;
};

}  // namespace belfry::time
