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
  const CatalogDiff changes = diff(catalog_.get(), *catalog);
  catalog_ = std::move(catalog);
  recorder_.publish(CatalogApplied{
      .catalog = catalog_, .added = changes.added, .changed = changes.changed, .removed = changes.removed});
  for (const std::string& name : changes.removed) remove_job(*jobs_.at(name));
  for (const std::string& name : changes.changed) {
    JobState& state = *jobs_.at(name);
    state.job = catalog_->jobs.at(name);
    plan(state, wall_now());
    start_queued(state);
  }
  for (const std::string& name : changes.added) add_job(catalog_->jobs.at(name));
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
    const auto paused = std::ranges::find(past_->paused, state->job->name, &ledger::PauseChanged::job);
    if (paused != past_->paused.end()) state->paused = *paused;
  }
  return state;
}

void Engine::add_job(const std::shared_ptr<const Job>& job) {
  const auto old = jobs_.find(job->name);
  if (old != jobs_.end() && old->second->removed) {  // taken out and put back while its run went on
    old->second->removed = false;
    old->second->job = job;
    plan(*old->second, wall_now());
    return;
  }
  auto state = new_state(job);
  jobs_.insert_or_assign(job->name, state);
  const WallTime now = wall_now();
  state->missed_while_down = state->last_slot && *state->last_slot < now;
  plan(*state, state->missed_while_down ? *state->last_slot : now);
  // A slot still to come is on time, not missed.
  if (!state->next || *state->next > now) state->missed_while_down = false;
}

void Engine::remove_job(JobState& state) {
  state.removed = true;
  due_.clear(state.slot);
  state.next.reset();
  clear_queue(state, ledger::SlotReason::reloaded);
  forget_if_done(state);
}

void Engine::forget_if_done(const JobState& state) {
  if (state.running > 0 || !state.queue.empty()) return;
  if (state.removed) {
    jobs_.erase(jobs_.find(state.job->name));
  } else if (state.one_shot && !state.next) {
    recorder_.record(ledger::OneShotRemoved{.name = state.job->name});
    jobs_.erase(jobs_.find(state.job->name));
  }
}

}  // namespace belfry::engine
