// Generations: what a new configuration adds, changes and removes.

#include <algorithm>
#include <utility>

#include "async/fault_point.hpp"
#include "engine/engine.hpp"
#include "engine/engine_clock.hpp"

namespace belfry::engine {

CatalogDiff Engine::apply(std::shared_ptr<const Catalog> catalog) {
  CatalogDiff changes = diff(catalog_.get(), *catalog);
  catalog_ = std::move(catalog);
  recorder_.publish(CatalogApplied{
      .catalog = catalog_, .added = changes.added, .changed = changes.changed, .removed = changes.removed});
  recorder_.write(ledger::GenerationApplied{.generation = catalog_->generation,
                                            .at = wall_now(),
                                            .fingerprint = catalog_->fingerprint,
                                            .jobs = catalog_->jobs.size(),
                                            .added = changes.added.size(),
                                            .changed = changes.changed.size(),
                                            .removed = changes.removed.size()});
  apply_groups();
  catchup_.set_policy(catalog_->catchup, monotonic_now());
  for (const std::string& name : changes.removed) remove_job(*jobs_.at(name));
  for (const std::string& name : changes.changed) change_job(*jobs_.at(name), catalog_->jobs.at(name));
  for (const std::string& name : changes.added) add_job(catalog_->jobs.at(name));
  for (const auto& [name, job] : catalog_->jobs) {
    JobState& state = *jobs_.at(name);
    if (state.job == job) continue;
    if (auto moved = renew(state, job)) changes.moved.push_back(*std::move(moved));
  }
  dependencies_.set_catalog(*catalog_);
  if (past_) settle_past();
  for (const std::string& name : changes.changed) next_turns(*jobs_.at(name));
  for (auto& [name, group] : groups_) next_places(group);
  wake();
  return changes;
}

/// A group that is declared no more has no limit, and goes when the last run has left it.
void Engine::apply_groups() {
  const Monotonic now = monotonic_now();
  for (const auto& [name, policy] : catalog_->groups) {
    const auto [group, is_new] = groups_.try_emplace(name, name, policy);
    if (!is_new) group->second.set_policy(policy, now);
    tell(group->second);
  }
  for (auto entry = groups_.begin(); entry != groups_.end();) {
    Group& group = entry->second;
    const bool declared = catalog_->groups.contains(entry->first);
    if (!declared) {
      group.set_policy(GroupPolicy{.limit = std::nullopt, .on_full = OnFull::queue, .queue_limit = 0, .rate = {}}, now);
    }
    const bool over = !declared && group.running() == 0 && group.waiting() == 0;
    if (!declared) tell(group, over);
    entry = over ? groups_.erase(entry) : std::next(entry);
  }
}

std::shared_ptr<JobState> Engine::new_state(std::shared_ptr<const Job> job) {
  auto state = std::make_shared<JobState>(std::move(job));
  const std::string& name = state->job->name;
  if (const auto found = totals_.find(name); found != totals_.end()) {
    const ledger::JobTotals& totals = *found->second;
    state->last_slot = totals.last_slot;
    state->last_start = totals.last_start;
    state->last_success = totals.last_success;
    if (totals.last_outcome && totals.last_end) {
      state->last_end = JobEnd{.run = 0, .outcome = *totals.last_outcome, .at = *totals.last_end};
    }
    state->consecutive_failures = totals.consecutive_failures;
  }
  // A slot that no time made due has none before it that could be missing.
  if (const auto slots = accounted_.find(name); slots != accounted_.end() && !state->job->trigger) {
    state->last_slot = std::max(state->last_slot.value_or(slots->second.back()), slots->second.back());
  }
  if (const auto pause = paused_before_.extract(name)) {
    state->paused = std::make_unique<ledger::PauseChanged>(std::move(pause.mapped()));
    if (state->paused->until) pause_ends_.emplace(*state->paused->until, name);
  }
  if (const auto breaker = breakers_before_.extract(name); breaker && state->breaker) {
    const WallTime now = wall_now();
    state->breaker->restore_open(breaker.mapped().until.value_or(now), now);
    recorder_.publish(BreakerTurned{.job = name, .state = state->breaker->state()});
  }
  return state;
}

/// What is due under the old declaration is settled by it; what is claimed ahead and not due any more is let go of.
void Engine::end_plan(JobState& state) {
  const WallTime now = wall_now();
  if (state.next && *state.next <= now && tasks_ != nullptr) {
    settle(state, now, ledger::SlotReason::overload);
  } else if (state.next && state.claimed) {
    recorder_.write(
        ledger::SlotClaimed{.job = state.job->name, .scheduled_at = *state.next, .at = now, .withdrawn = true});
  }
  state.claimed = false;
}

void Engine::change_job(JobState& state, const std::shared_ptr<const Job>& job) {
  end_plan(state);
  state.job = job;
  state.breaker = job->breaker ? std::make_unique<Breaker>(*job->breaker) : nullptr;
  recorder_.publish(BreakerTurned{.job = job->name, .state = Breaker::State::closed});
  declare(*job);
  plan(state, wall_now());
}

void Engine::add_job(const std::shared_ptr<const Job>& job) {
  const auto old = jobs_.find(job->name);
  if (old != jobs_.end() && old->second->removed) {  // taken out and put back: it keeps its pause and its past
    old->second->removed = false;
    change_job(*old->second, job);
    return;
  }
  auto state = new_state(job);
  jobs_.insert_or_assign(job->name, state);
  const WallTime now = wall_now();
  const std::optional<WallTime> since = declare(*job);
  if (!past_ || !since) {  // new, or declared differently now: what was due before is not owed
    plan(*state, now);
    return;
  }
  plan(*state, std::max(*since, state->last_slot.value_or(*since)));
  // A slot still to come is on time, not missed.
  state->missed_while_down = !past_->continued && state->next && *state->next <= now;
}

std::optional<MovedSlot> Engine::renew(JobState& state, const std::shared_ptr<const Job>& job) {
  state.job = job;
  const WallTime now = wall_now();
  const std::optional<WallTime> before = state.next;
  if (before && *before <= now) return std::nullopt;  // due already: it is settled as it was planned
  if (state.claimed && job->trigger && job->trigger->next(now) != before) end_plan(state);
  plan(state, now);
  if (state.next == before) return std::nullopt;
  return MovedSlot{.job = job->name, .before = before, .now = state.next};
}

std::optional<WallTime> Engine::declare(const Job& job) {
  const auto found = declared_.find(job.name);
  if (found != declared_.end() && found->second.fingerprint == job.fingerprint) return found->second.at;
  ledger::JobDeclared declared{.job = job.name, .fingerprint = job.fingerprint, .at = wall_now()};
  declared_.insert_or_assign(job.name, declared);
  recorder_.write(std::move(declared));
  return std::nullopt;
}

void Engine::withdraw(const std::string& job) {
  declared_.erase(job);
  recorder_.write(ledger::JobDeclared{.job = job, .fingerprint = {}, .at = wall_now()});
}

void Engine::remove_job(JobState& state) {
  end_plan(state);
  state.removed = true;
  withdraw(state.job->name);
  due_.clear(state.slot);
  state.next.reset();
  clear_waiting(state, ledger::SlotReason::reloaded, "its job was taken out of the configuration");
}

void Engine::forget_if_done(const JobState& state) {
  if (!state.one_shot || state.running > 0 || !waiting_room_.of(state).empty() || state.next) return;
  if (past_) return;  // a run of it may still have to be adopted
  recorder_.record(ledger::OneShotRemoved{.name = state.job->name});
  BELFRY_FAULT_POINT("one_shot.removed");
  jobs_.erase(jobs_.find(state.job->name));
}

}  // namespace belfry::engine
