// The waiting room: what is due and may start, but not yet, by the number of the run that it will be.
//
// It keeps and finds; who goes next, and when, is asked elsewhere: a job's turns (JobState::turns), its group
// (group.hpp), the catch-up budget (catchup.hpp), its precondition. Loop thread only.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "engine/pending.hpp"

namespace belfry::engine {

class WaitingRoom {
 public:
  /// Keeps it, waiting for that; its slot, if it has one, is waiting from now on.
  void park(Pending pending, WaitsFor what, WallTime now);

  /// Takes it out; none when it is not here (any more).
  std::optional<Pending> take(ledger::RunId run);

  const Pending* find(ledger::RunId run) const;

  /// What waits of this job, in the order in which it came.
  std::vector<ledger::RunId> of(const JobState& job) const;
  std::vector<ledger::RunId> all() const;

  std::size_t size() const noexcept { return pending_.size(); }
  bool empty() const noexcept { return pending_.empty(); }

 private:
  std::map<ledger::RunId, Pending> pending_;
  std::map<const JobState*, std::vector<ledger::RunId>> by_job_;
};

}  // namespace belfry::engine
