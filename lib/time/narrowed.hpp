// A trigger with less of its fires: only those in a span of validity, and without those that are excluded.
//
// Immutable; any thread. What is narrowed away is no slot: nothing is due then.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "time/cron.hpp"
#include "time/day_set.hpp"
#include "time/trigger.hpp"
#include "time/zone.hpp"

namespace belfry::time {

/// The instants from `from` to `until`, both included; open on the side that is missing.
struct Validity {
  std::optional<WallTime> from;
  std::optional<WallTime> until;
};

/// The fires of a trigger that lie in a span.
class ValidTrigger final : public Trigger {
 public:
  /// `zone`: in which describe() tells the ends.
  ValidTrigger(std::shared_ptr<const Trigger> trigger, Validity validity, Zone zone) noexcept
      : trigger_(std::move(trigger)), validity_(validity), zone_(zone) {}

  std::optional<WallTime> next(WallTime after) const noexcept override;
  std::optional<WallTime> previous(WallTime before) const noexcept override;
  std::string describe() const override;
  std::string normalise() const override;

 private:
  std::string ends() const;

  std::shared_ptr<const Trigger> trigger_;
  Validity validity_;
  Zone zone_;
};

/// What a job leaves out: whole days, and the minutes (with a field of seconds: the seconds) that patterns match.
struct Exclusions {
  DaySet days;
  std::vector<Cron> patterns;
  std::vector<std::string> texts;  ///< as written, for people
};

/// The fires of a trigger at which the clock in a zone shows nothing that is excluded.
class ExceptTrigger final : public Trigger {
 public:
  ExceptTrigger(std::shared_ptr<const Trigger> trigger, Exclusions exclusions, Zone zone);

  /// After most_leaps over excluded times in a row, nothing counts as left.
  std::optional<WallTime> next(WallTime after) const noexcept override;
  std::optional<WallTime> previous(WallTime before) const noexcept override;
  std::string describe() const override;
  std::string normalise() const override;

  static constexpr int most_leaps = 100'000;

 private:
  bool excludes_day(LocalDay day) const noexcept;
  bool excludes_minute(LocalTime local) const noexcept;
  std::string exceptions() const;

  std::shared_ptr<const Trigger> trigger_;
  Exclusions exclusions_;
  std::vector<Cron> whole_days_;  // of the patterns, those that match any time of their days
  Zone zone_;
};

}  // namespace belfry::time
