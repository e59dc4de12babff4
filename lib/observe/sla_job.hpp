// SlaJob: the checks of one job as a pure state. Facts and the time come in, breaches and their ends go out, and it
// says when it has to be looked at next.
//
// sla_watch.hpp feeds it from the event stream and wakes up for it. No clock of its own; one thread.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/event.hpp"
#include "engine/token_bucket.hpp"
#include "ledger/ledger.hpp"
#include "observe/duration_trend.hpp"

namespace belfry::observe {

/// Both clocks at one moment: due instants and successes are of the wall clock; how long something takes is counted by
/// the monotonic one, which nobody sets and which does not run while the machine sleeps.
struct SlaTime {
  engine::WallTime wall;
  engine::Monotonic monotonic;
};

class SlaJob {
 public:
  using Events = std::vector<engine::Event>;  ///< SlaBreached and SlaMet, to be published

  /// `declared_at`: from when on it is expected to succeed, as long as it never has.
  SlaJob(std::string name, engine::WallTime declared_at);

  /// What is checked from now on; a breach of a check that is gone has ended.
  void set_policy(const engine::SlaPolicy& policy, SlaTime now, Events& out);
  void declared_anew(engine::WallTime at) noexcept { declared_at_ = at; }

  /// The last success before the job was watched, if any. Until this is told, the time since the last success is not
  /// looked at.
  void know_last_success(std::optional<engine::WallTime> at) noexcept;
  /// How many of its last runs its checks need to know; 0: none.
  std::size_t wanted_history() const noexcept;
  /// Its last runs, which ended before it was watched, in any order.
  void know_history(std::span<const ledger::RunSpan> runs, SlaTime now);

  void slot_waits(engine::WallTime slot);
  void slots_closed(engine::WallTime first, engine::WallTime last);
  void run_started(const ledger::RunStarted& run, SlaTime now, Events& out);
  /// A run that was started before the job was watched.
  void run_found(ledger::RunId run, engine::WallTime started_at, SlaTime now);
  void run_ended(const ledger::RunEnded& run, SlaTime now, Events& out);

  /// What the mere passing of time has changed.
  void look(SlaTime now, Events& out);

  /// When look() may find something new by itself: by either clock, whichever comes first.
  std::optional<engine::WallTime> next_wall() const;
  std::optional<engine::Monotonic> next_monotonic() const;

  std::vector<engine::SlaBreached> breaches() const;

 private:
  struct Start {
    ledger::RunId run;
    engine::Monotonic at;
  };

  bool is_breached(engine::SlaCheck check) const { return standing(check).has_value(); }
  const std::optional<engine::SlaFinding>& standing(engine::SlaCheck check) const;
  void conclude(bool breached, engine::SlaFinding finding, Events& out);
  void look_at_success(SlaTime now, Events& out);
  void look_at_waiting(SlaTime now, Events& out);
  void look_at_runs(SlaTime now, Events& out);
  void look_at_starts(SlaTime now, Events& out);
  void note_start(Start start);
  const Start* oldest_counted_start() const;
  std::optional<std::pair<ledger::RunId, engine::Monotonic>> oldest_run() const;

  std::string name_;
  engine::SlaPolicy policy_;
  engine::WallTime declared_at_;
  bool success_known_ = false;
  std::optional<engine::WallTime> last_success_;
  std::set<engine::WallTime> waiting_;                  // as many as wait in the engine
  std::map<ledger::RunId, engine::Monotonic> running_;  // since when
  std::deque<Start> starts_;                            // the newest ones, one more than may start; by time
  DurationTrend trend_;
  std::array<std::optional<engine::SlaFinding>, engine::sla_checks> standings_;  // of those that are breached
};

}  // namespace belfry::observe
