// A job as the engine knows it: a name, a trigger, an action and policies. Immutable; a reload makes new ones.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/action.hpp"
#include "engine/policies.hpp"
#include "engine/precondition.hpp"
#include "engine/sla.hpp"
#include "engine/watch.hpp"
#include "time/days_off.hpp"
#include "time/trigger.hpp"

namespace belfry::engine {

struct Job {
  std::string name;
  std::string description;
  bool enabled = true;
  std::shared_ptr<const time::Trigger> trigger;  ///< none: no time makes it due
  std::shared_ptr<const Watch> watch;            ///< none: no file does; never beside a trigger
  time::DaysOff days_off;                        ///< slots on these days are skipped(holiday)
  std::shared_ptr<const Action> action;
  Overlap overlap = Overlap::forbid;
  int max_instances = 1;  ///< runs at once before `overlap` applies; 0: any number
  int queue_limit = 10;   ///< slots that may wait when overlap is `queue`
  std::optional<GroupUse> group;
  std::vector<Dependency> depends_on;                ///< see is_driven() and is_gated()
  std::shared_ptr<const Precondition> precondition;  ///< none: always met
  std::optional<BreakerPolicy> breaker;
  bool only_if_last_succeeded = false;  ///< a slot after a failed run is skipped(last_failed)
  Guarantee guarantee = Guarantee::at_most_once;
  OnMissed on_missed = OnMissed::skip;
  int catchup_limit = 100;                    ///< with run_all: so many of the missed slots run, the newest ones
  std::optional<Duration> starting_deadline;  ///< a slot later than this is skipped(deadline)
  std::optional<Duration> timeout;            ///< of each attempt
  RetryPolicy retry;
  SlaPolicy sla;              ///< checked by observers; nothing of the engine obeys it
  std::string schedule_text;  ///< as the user wrote it, for people: "*/5 * * * *", "every 10s"
  std::string timezone;       ///< IANA name that the trigger uses
  std::string fingerprint;    ///< of the whole declaration: an unchanged job keeps its state over a reload

  /// Due when all jobs that it depends on have ended as they must.
  bool is_driven() const noexcept { return !trigger && !watch && !depends_on.empty(); }
  /// Due by itself, and refused unless those jobs have ended as they must.
  bool is_gated() const noexcept { return (trigger || watch) && !depends_on.empty(); }
};

/// One generation of the configuration. Immutable.
struct Catalog {
  std::uint64_t generation = 0;  ///< 1 for the first that was loaded
  std::string fingerprint;       ///< of its text, for people who compare two
  std::map<std::string, std::shared_ptr<const Job>, std::less<>> jobs;
  std::map<std::string, GroupPolicy, std::less<>> groups;
  CatchupPolicy catchup;
};

}  // namespace belfry::engine
