// What may be expected of a job: the checks that it declares, and what is told when one of them is breached.
//
// Plain values. The engine carries the policy and looks at none of it; observe/sla_watch.hpp does the checking.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/entry.hpp"
#include "time/wall_time.hpp"

namespace belfry::engine {

using time::Duration;
using time::WallTime;

enum class SlaCheck : std::uint8_t {
  max_time_since_success,  ///< the last success is too long ago
  late_after,              ///< a slot has not started so long after it was due, or started so late
  max_runtime,             ///< a run has been under way for so long
  too_often,               ///< more runs than agreed started in a time
  duration_regression,     ///< the last runs took longer than those before them
};

inline constexpr std::array all_sla_checks{SlaCheck::max_time_since_success, SlaCheck::late_after,
                                           SlaCheck::max_runtime, SlaCheck::too_often, SlaCheck::duration_regression};
inline constexpr std::size_t sla_checks = all_sla_checks.size();

/// As the key that declares it: "late_after".
std::string_view to_string(SlaCheck check) noexcept;

/// At most `count` starts within any `within`.
struct StartLimit {
  int count = 1;                              ///< 1 to 1,000
  Duration within = std::chrono::minutes{1};  ///< 1 s to 365 d

  friend bool operator==(const StartLimit&, const StartLimit&) = default;
};

/// What a job declares; a check that it does not declare is not made.
struct SlaPolicy {
  std::optional<Duration> max_time_since_success{};
  std::optional<Duration> late_after{};
  std::optional<Duration> max_runtime{};
  std::optional<StartLimit> too_often{};
  std::optional<double>
      duration_regression{};  ///< the share by which runs may become longer: 0.5 is half as long again

  bool declares(SlaCheck check) const noexcept;
  bool empty() const noexcept { return *this == SlaPolicy{}; }

  friend bool operator==(const SlaPolicy&, const SlaPolicy&) = default;
};

/// What a check has measured. The spans of `limit` and `value` are, for each check:
///   max_time_since_success  the time without a success
///   late_after              from the due instant to the first attempt, or to now while it waits
///   max_runtime             from the start of the run to its end, or to now
///   too_often               the time in which one run more than agreed started: here less than the limit is too little
///   duration_regression     how long a run takes: the median of the last ones, and the longest that is still agreed
struct SlaFinding {
  std::string job;
  SlaCheck check = SlaCheck::max_time_since_success;
  WallTime since;  ///< when the limit was passed
  Duration limit{};
  Duration value{};
  int count = 0;                       ///< of too_often: how many starts are agreed
  std::optional<ledger::RunId> run{};  ///< the run that showed it; none for what waits or is missing
};

/// A check fails that did not before. Told once, until SlaMet.
struct SlaBreached : SlaFinding {};

/// It holds again, or the job declares it no more. `since` is that of the breach.
struct SlaMet : SlaFinding {};

/// A sentence for a person: "no success for 26h3m, and 26h are agreed".
std::string describe(const SlaBreached& breach);

}  // namespace belfry::engine
