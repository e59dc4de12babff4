// Generations: what the last daemon left, and what a new configuration adds, changes and removes.

#include <algorithm>
#include <utility>

#include "async/loop.hpp"
#include "engine/engine.hpp"

namespace belfry::engine {
namespace {

WallTime wall_now() { return async::Loop::current().wall_now(); }

ledger::RunEnded lost(const ledger::RunStarted& run) {
  return {.run = run.run,
          .job = run.job,
          .trigger = run.trigger,
          .scheduled_at = run.scheduled_at,
          .started_at = run.started_at,
          .ended_at = wall_now(),
          .outcome = ledger::Outcome::lost,
          .exit_code = std::nullopt,
          .signal = std::nullopt,
          .attempts = 1,
          .message = "belfryd ended while it ran, so how it ended is unknown"};
}

}  // namespace

void Engine::resume(std::shared_ptr<const ledger::Resume> past) {
  past_ = std::move(past);
  for (const ledger::JobTotals& totals : past_->jobs) totals_.emplace(totals.job, &totals);
  for (const ledger::JobDeclared& declared : past_->declared) declared_.emplace(declared.job, declared);
  for (const ledger::PauseChanged& pause : past_->paused) paused_before_.emplace(pause.job, pause);
  recorder_.publish(Resumed{.past = past_});
  for (const ledger::RunStarted& run : past_->unfinished) recorder_.record(lost(run));
  for (const ledger::OneShotAdded& request : past_->one_shots) {
    auto state = new_state(one_shot_factory_(request));
    state->one_shot = true;
    jobs_.insert_or_assign(request.name, state);
    // Due while belfryd was down: it was asked for once and is owed once, so it runs now.
    plan(*state, request.due - Duration{1});
    forget_if_done(*state);  // it had started before belfryd ended: then its slot is closed and it is not owed any more
  }
}

CatalogDiff Engine::apply(std::shared_ptr<const Catalog> catalog) {
  CatalogDiff changes = diff(catalog_.get(), *catalog);
  catalog_ = std::move(catalog);
  recorder_.publish(CatalogApplied{
      .catalog = catalog_, .added = changes.added, .changed = changes.changed, .removed = changes.removed});
  for (const std::string& name : changes.removed) remove_job(*jobs_.at(name));
  for (const std::string& name : changes.changed) {
    JobState& state = *jobs_.at(name);
    state.job = catalog_->jobs.at(name);
    declare(*state.job);
    plan(state, wall_now());
    start_queued(state);
  }
  for (const std::string& name : changes.added) add_job(catalog_->jobs.at(name));
  for (const auto& [name, job] : catalog_->jobs) {
    JobState& state = *jobs_.at(name);
    if (state.job == job) continue;
    if (auto moved = renew(state, job)) changes.moved.push_back(*std::move(moved));
  }
  if (past_) withdraw_undeclared();
  totals_.clear();  // the past matters to the first generation only
  past_.reset();
  wake();
  return changes;
}

std::shared_ptr<JobState> Engine::new_state(std::shared_ptr<const Job> job) {
  auto state = std::make_shared<JobState>(std::move(job));
  const auto found = totals_.find(state->job->name);
  if (found != totals_.end()) {
    const ledger::JobTotals& totals = *found->second;
    state->last_slot = totals.last_slot;
    state->last_start = totals.last_start;
    state->last_success = totals.last_success;
    state->last_outcome = totals.last_outcome;
    state->consecutive_failures = totals.consecutive_failures;
  }
  if (past_) {
    const auto lost_runs = std::ranges::count(past_->unfinished, state->job->name, &ledger::RunStarted::job);
    if (lost_runs > 0) state->last_outcome = ledger::Outcome::lost;
    state->consecutive_failures += static_cast<std::uint64_t>(lost_runs);
  }
  const auto paused = paused_before_.find(state->job->name);
  if (paused != paused_before_.end()) state->paused = paused->second;
  return state;
}

void Engine::add_job(const std::shared_ptr<const Job>& job) {
  const auto old = jobs_.find(job->name);
  if (old != jobs_.end() && old->second->removed) {  // taken out and put back: it keeps its pause and its past
    old->second->removed = false;
    old->second->job = job;
    declare(*job);
    plan(*old->second, wall_now());
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
  state->missed_while_down = state->next && *state->next <= now;  // a slot still to come is on time, not missed
}

std::optional<MovedSlot> Engine::renew(JobState& state, const std::shared_ptr<const Job>& job) {
  state.job = job;
  const WallTime now = wall_now();
  const std::optional<WallTime> before = state.next;
  if (before && *before <= now) return std::nullopt;  // due already: it is settled as it was planned
  plan(state, now);
  if (state.next == before) return std::nullopt;
  return MovedSlot{.job = job->name, .before = before, .now = state.next};
}

std::optional<WallTime> Engine::declare(const Job& job) {
  const auto found = declared_.find(job.name);
  if (found != declared_.end() && found->second.fingerprint == job.fingerprint) return found->second.at;
  ledger::JobDeclared declared{.job = job.name, .fingerprint = job.fingerprint, .at = wall_now()};
  declared_.insert_or_assign(job.name, declared);
  recorder_.ledger().write(std::move(declared));
  return std::nullopt;
}

void Engine::withdraw(const std::string& job) {
  declared_.erase(job);
  recorder_.ledger().write(ledger::JobDeclared{.job = job, .fingerprint = {}, .at = wall_now()});
}

void Engine::withdraw_undeclared() {
  for (const ledger::JobDeclared& declared : past_->declared) {
    if (!catalog_->jobs.contains(declared.job)) withdraw(declared.job);
  }
}

void Engine::remove_job(JobState& state) {
  state.removed = true;
  withdraw(state.job->name);
  due_.clear(state.slot);
  state.next.reset();
  clear_queue(state, ledger::SlotReason::reloaded, "its job was taken out of the configuration");
}

void Engine::forget_if_done(const JobState& state) {
  if (!state.one_shot || state.running > 0 || !state.queue.empty() || state.next) return;
  recorder_.record(ledger::OneShotRemoved{.name = state.job->name});
  jobs_.erase(jobs_.find(state.job->name));
}

}  // namespace belfry::engine
