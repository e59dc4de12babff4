// A job as the engine knows it: a name, a trigger, an action and policies. Immutable; a reload makes new ones.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/action.hpp"
#include "time/days_off.hpp"
#include "time/trigger.hpp"

namespace belfry::engine {

using time::Duration;
using time::WallTime;

/// What happens to a slot that is due while a run of the same job is going on.
enum class Overlap : std::uint8_t {
  forbid,  ///< the slot is skipped(overlap)
  allow,   ///< another run starts beside it
  queue,   ///< the slot waits its turn; beyond queue_limit it is skipped(overlap)
};

/// What happens to slots that passed while the daemon was down, the machine slept or the clock was set forward.
enum class OnMissed : std::uint8_t {
  skip,      ///< they are recorded as missed
  run_once,  ///< one run for the newest of them, the others are coalesced into it
};

/// When and how a failed attempt is tried again.
struct RetryPolicy {
  int limit = 0;                              ///< attempts after the first; 0 to 1,000
  Duration delay = std::chrono::seconds{10};  ///< before the first retry
  Duration max_delay = std::chrono::minutes{5};
  double backoff = 2.0;              ///< each further delay is multiplied by it; 1 to 100
  double jitter = 0.0;               ///< each delay is spread by plus or minus this share; 0 to 1
  bool on_timeout = true;            ///< a timeout is tried again too
  std::vector<int> on_exit_codes{};  ///< only these exit codes are tried again; empty: all
};

struct Job {
  std::string name;
  std::string description;
  bool enabled = true;
  std::shared_ptr<const time::Trigger> trigger;  ///< none: by hand only
  time::DaysOff days_off;                        ///< slots on these days are skipped(holiday)
  std::shared_ptr<const Action> action;
  Overlap overlap = Overlap::forbid;
  int queue_limit = 10;
  OnMissed on_missed = OnMissed::skip;
  std::optional<Duration> starting_deadline;  ///< a slot later than this is skipped(deadline)
  std::optional<Duration> timeout;            ///< of each attempt
  RetryPolicy retry;
  std::string schedule_text;  ///< as the user wrote it, for people: "*/5 * * * *", "every 10s"
  std::string timezone;       ///< IANA name that the trigger uses
  std::string fingerprint;    ///< of the whole declaration: an unchanged job keeps its state over a reload
};

/// One generation of the configuration. Immutable.
struct Catalog {
  std::uint64_t generation = 0;  ///< 1 for the first that was loaded
  std::map<std::string, std::shared_ptr<const Job>, std::less<>> jobs;
};

std::string_view to_string(Overlap value) noexcept;
std::string_view to_string(OnMissed value) noexcept;

}  // namespace belfry::engine
