// Local times that are moved off certain days, and every nth of some local times. Pure; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "time/cron.hpp"
#include "time/day_set.hpp"
#include "time/dst.hpp"

namespace belfry::time {

/// Where the times of a day off go.
enum class MoveTo : std::uint8_t {
  before,  ///< to the same time of the last day before it that is not off
  after,   ///< to the same time of the first day after it that is not off
};

/// What a pattern matches, with the times of some days moved to other days. Several times that become one are one.
class MovedPattern final : public LocalPattern {
 public:
  /// REQUIRES: both are set.
  MovedPattern(std::shared_ptr<const LocalPattern> pattern, std::shared_ptr<const DaySet> days_off, MoveTo to) noexcept
      : pattern_(std::move(pattern)), days_off_(std::move(days_off)), to_(to) {}

  std::optional<LocalTime> first_from(LocalTime from) const noexcept override;
  std::optional<LocalTime> last_until(LocalTime until) const noexcept override;
  bool is_wild() const noexcept override { return pattern_->is_wild(); }

 private:
  struct Days {
    LocalDay first;
    LocalDay last;
  };

  Days gathered_on(LocalDay day) const noexcept;
  std::optional<LocalDay> home_of(LocalDay day) const noexcept;

  std::shared_ptr<const LocalPattern> pattern_;
  std::shared_ptr<const DaySet> days_off_;
  MoveTo to_;
};

/// Every nth of the local times that a cron expression matches, counted from the first one at or after an anchor, which
/// is the first that is taken. Nothing matches before the anchor. Costs some nanoseconds for each day since the anchor.
class NthPattern final : public LocalPattern {
 public:
  /// REQUIRES: n >= 1; the anchor lies in the years 1900 to 2199.
  NthPattern(const Cron& cron, unsigned n, LocalTime anchor) noexcept;

  std::optional<LocalTime> first_from(LocalTime from) const noexcept override;
  std::optional<LocalTime> last_until(LocalTime until) const noexcept override;
  bool is_wild() const noexcept override { return cron_.is_wild(); }

 private:
  std::uint64_t matches_within_day(LocalTime local) const noexcept;
  std::uint64_t matches_before(LocalTime local) const noexcept;

  Cron cron_;
  std::uint64_t n_;
  LocalTime anchor_;
  std::uint64_t a_day_;          // how many times of a day match
  std::uint64_t before_anchor_;  // of them, those before the anchor on its day
};

}  // namespace belfry::time
