// Several triggers as one: due when any of them is, or when all of them are. Immutable; any thread.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "time/trigger.hpp"

namespace belfry::time {

using TriggerPointer = std::shared_ptr<const Trigger>;

/// Due when any of its triggers is; once when several are at the same instant.
class AnyOf final : public Trigger {
 public:
  /// REQUIRES: at least one, none of them null.
  explicit AnyOf(std::vector<TriggerPointer> triggers) noexcept : triggers_(std::move(triggers)) {}

  std::optional<WallTime> next(WallTime after) const noexcept override;
  std::optional<WallTime> previous(WallTime before) const noexcept override;
  bool never_fires() const noexcept override;
  std::string describe() const override;
  std::string normalise() const override;

 private:
  std::vector<TriggerPointer> triggers_;
};

/// Due at the instants at which all of its triggers are.
class AllOf final : public Trigger {
 public:
  /// REQUIRES: at least one, none of them null.
  explicit AllOf(std::vector<TriggerPointer> triggers) noexcept : triggers_(std::move(triggers)) {}

  /// Goes from fire to fire of the rarest; after most_leaps without meeting, they count as never meeting again.
  std::optional<WallTime> next(WallTime after) const noexcept override;
  std::optional<WallTime> previous(WallTime before) const noexcept override;
  std::string describe() const override;
  std::string normalise() const override;

  static constexpr int most_leaps = 20'000;

 private:
  std::vector<TriggerPointer> triggers_;
};

}  // namespace belfry::time
