#include "engine/waiting_room.hpp"

#include <utility>

namespace belfry::engine {

void WaitingRoom::park(Pending pending, WaitsFor what, WallTime now) {
  if (pending.slot && pending.slot->state() == SlotState::due) pending.slot->enter_waiting();
  pending.waits_for = what;
  pending.since = now;
  const ledger::RunId run = pending.launch.run;
  by_job_[pending.state.get()].push_back(run);
  pending_.emplace(run, std::move(pending));
}

std::optional<Pending> WaitingRoom::take(ledger::RunId run) {
  const auto found = pending_.find(run);
  if (found == pending_.end()) return std::nullopt;
  std::optional<Pending> taken(std::move(found->second));
  pending_.erase(found);
  const auto siblings = by_job_.find(taken->state.get());
  std::erase(siblings->second, run);
  if (siblings->second.empty()) by_job_.erase(siblings);
  return taken;
}

const Pending* WaitingRoom::find(ledger::RunId run) const {
  const auto found = pending_.find(run);
  return found == pending_.end() ? nullptr : &found->second;
}

std::vector<ledger::RunId> WaitingRoom::of(const JobState& job) const {
  const auto found = by_job_.find(&job);
  return found == by_job_.end() ? std::vector<ledger::RunId>{} : found->second;
}

std::vector<ledger::RunId> WaitingRoom::all() const {
  std::vector<ledger::RunId> runs;
  runs.reserve(pending_.size());
  for (const auto& [run, pending] : pending_) runs.push_back(run);
  return runs;
}

}  // namespace belfry::engine
