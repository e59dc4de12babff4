// How the runs of a job are admitted and supervised: plain values, as the configuration declares them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/outcome.hpp"
#include "time/wall_time.hpp"

namespace belfry::engine {

using time::Duration;
using time::WallTime;

/// What happens to a slot that is due while the job has as many runs as max_instances allows.
enum class Overlap : std::uint8_t {
  forbid,        ///< the slot is skipped(overlap)
  allow,         ///< another run starts beside them, whatever max_instances says
  queue,         ///< the slot waits its turn; beyond queue_limit it is skipped(overlap)
  replace,       ///< the oldest run is killed at once, without its grace, and the slot starts when it is gone
  cancel_other,  ///< the oldest run is ended in order, as by hand, and the slot starts when it has ended
};

/// What happens to slots that passed while the daemon was down, the machine slept or the clock was set forward.
enum class OnMissed : std::uint8_t {
  skip,      ///< they are recorded as missed
  run_once,  ///< one run for the newest of them, the others are coalesced into it
  run_all,   ///< a run for each of the newest catchup_limit, the oldest first; the others are missed(catchup_limit)
};

/// What a death of the daemon, or of the machine, may do to the run of a slot.
enum class Guarantee : std::uint8_t {
  at_most_once,   ///< it never starts twice; when its end is unknown, it is `lost`
  at_least_once,  ///< a run that was lost is started once more, with trigger `recovery`
};

/// When and how a failed attempt is tried again.
struct RetryPolicy {
  int limit = 0;                              ///< attempts after the first; 0 to 1,000
  Duration delay = std::chrono::seconds{10};  ///< before the first retry
  Duration max_delay = std::chrono::minutes{5};
  double backoff = 2.0;               ///< each further delay is multiplied by it; 1 to 100
  double jitter = 0.0;                ///< each delay is spread by plus or minus this share; 0 to 1
  bool on_timeout = true;             ///< a timeout is tried again too
  std::vector<int> on_exit_codes{};   ///< only these exit codes are tried again; empty: all
  std::vector<ledger::Outcome> on{};  ///< only these: failure, timeout, killed, start_error; empty: see wants_retry()
};

/// The named group of which a run takes a part while it is under way.
struct GroupUse {
  std::string name;
  int weight = 1;    ///< how much of the group's limit a run takes; 1 to 1,000
  int priority = 0;  ///< of those that wait, the highest goes first, then the one that has waited longest; -100 to 100
};

/// What happens to a slot whose group is full.
enum class OnFull : std::uint8_t {
  queue,  ///< it waits; beyond queue_limit it is skipped(group)
  skip,   ///< it is skipped(group), or skipped(rate)
};

/// At most `count` starts in each `per`, on average, and up to `burst` at once.
struct RatePolicy {
  int count = 1;                           ///< 1 to 1,000,000
  Duration per = std::chrono::minutes{1};  ///< 1 s to 365 d
  int burst = 1;                           ///< 1 to 1,000,000

  friend bool operator==(const RatePolicy&, const RatePolicy&) = default;
};

/// What the jobs of a group share. A change of it is in force for the next start.
struct GroupPolicy {
  std::optional<int> limit{};  ///< sum of the weights of the runs under way; 1 to 10,000; none: without limit
  OnFull on_full = OnFull::queue;
  int queue_limit = 100;  ///< slots that may wait; 0 to 100,000
  std::optional<RatePolicy> rate{};
};

/// When a job is not started for a while, because it fails. Retries of one run count as one.
struct BreakerPolicy {
  int failures = 5;               ///< in a row, or, with `ratio`, the least number of runs in the window; 1 to 10,000
  std::optional<double> ratio{};  ///< opens when this share of the runs in the window failed; above 0, up to 1
  Duration window = std::chrono::hours{1};       ///< older ends are forgotten
  Duration cooldown = std::chrono::minutes{30};  ///< from opening to the run that tries again
};

/// How a run of another job must have ended.
enum class DependencyEnd : std::uint8_t {
  success,  ///< with success
  failure,  ///< otherwise, but not cancelled
  done,     ///< in whatever way
};

struct Dependency {
  std::string job;
  DependencyEnd on = DependencyEnd::success;

  friend bool operator==(const Dependency&, const Dependency&) = default;
};

/// How fast missed slots are made up for, over all jobs.
struct CatchupPolicy {
  int starts_per_minute = 60;  ///< 1 to 100,000
};

std::string_view to_string(Overlap value) noexcept;
std::string_view to_string(OnMissed value) noexcept;
std::string_view to_string(Guarantee value) noexcept;
std::string_view to_string(OnFull value) noexcept;
std::string_view to_string(DependencyEnd value) noexcept;

}  // namespace belfry::engine
