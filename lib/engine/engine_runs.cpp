// The last stretch of a slot's road: its run, and what the end of a run sets going.

#include <stdexcept>
#include <utility>

#include "async/fault_point.hpp"
#include "async/loop.hpp"
#include "engine/engine.hpp"
#include "engine/engine_clock.hpp"

namespace belfry::engine {

/// Looks at the precondition, then starts the run or skips the slot.
async::Task<> Engine::look_first(std::shared_ptr<JobState> state, ledger::RunId run) {
  async::CancelScope scope;
  looking_.emplace(run, &scope);
  std::optional<std::string> why_not;
  try {
    const auto looked = co_await scope.run(state->job->precondition->objection());
    why_not = looked ? *looked : std::optional<std::string>("nobody waits for it any more");
  } catch (const std::exception& error) {
    why_not = error.what();
  }
  looking_.erase(run);
  std::optional<Pending> pending = call(run);
  if (pending && !why_not && !draining_) {
    start(*std::move(pending));
    co_return;
  }
  if (pending) {
    const auto reason = draining_ ? ledger::SlotReason::shutdown : ledger::SlotReason::precondition;
    recorder_.publish(PreconditionFailed{.run = run, .job = state->job->name, .why = why_not.value_or("")});
    refuse(*std::move(pending), reason, why_not.value_or("belfryd shut down"));
  }
  leave(*state, run);
}

void Engine::start(Pending pending) {
  JobState& state = *pending.state;
  if (pending.slot) std::move(*pending.slot).enter_started(pending.launch.run);
  const std::uint64_t generation = catalog_ ? catalog_->generation : 0;
  auto run = std::make_shared<Run>(state.job, pending.launch, generation, state.last_success, recorder_);
  state.last_start = run->info().started_at;
  supervise(state, std::move(run));
}

/// REQUIRES: the run is counted in state.running.
void Engine::supervise(JobState& state, std::shared_ptr<Run> run) {
  if (tasks_ == nullptr) throw std::logic_error("Engine: serve() must be under way before apply() can adopt runs");
  const ActiveRun& info = run->info();
  live_.emplace(info.run, run);
  idle_.clear();
  if (state.breaker && state.breaker->run_started(info.run, wall_now())) note_breaker(state, "a probe has started");
  tasks_->start(carry_out(state.shared_from_this(), std::move(run)),
                async::SpawnOptions("run " + state.job->name).kind("run"));
}

async::Task<> Engine::carry_out(std::shared_ptr<JobState> state, std::shared_ptr<Run> run) {
  const ledger::RunEnded ended = co_await run->carry_out();
  run_ended(*state, ended);
}

void Engine::run_ended(JobState& state, const ledger::RunEnded& ended) {
  live_.erase(ended.run);
  {
    const Recorder::Together together(recorder_);  // or a power cut between the two has what depends on it start again
    recorder_.record(ended);
    BELFRY_FAULT_POINT("run.ended");
    run_ended_.set();
    note_end(state, ended);
  }
  leave(state, ended.run);
}

/// What is remembered of the end of a run, and what follows from it. Also for a run that nobody could go on with.
void Engine::note_end(JobState& state, const ledger::RunEnded& ended) {
  remember_end(state, ended);
  if (state.owes_another(ended.outcome)) {  // how it ended is told by its repetition
    repeat(state, ended.run, ended.scheduled_at);
    return;
  }
  for (const Round& round : dependencies_.ended(state.job->name, *state.last_end)) decide(round);
}

void Engine::remember_end(JobState& state, const ledger::RunEnded& ended) {
  state.last_end = JobEnd{.run = ended.run, .outcome = ended.outcome, .at = ended.ended_at};
  if (ended.outcome == ledger::Outcome::success) {
    state.last_success = ended.ended_at;
    state.consecutive_failures = 0;
  } else if (ended.outcome != ledger::Outcome::cancelled) {
    ++state.consecutive_failures;
  }
  if (state.breaker && state.breaker->run_ended(ended.run, ended.outcome, ended.ended_at)) {
    note_breaker(state, "run " + std::to_string(ended.run) + " ended with " + std::string(to_string(ended.outcome)));
  }
}

/// The run no longer takes a place: of its job, of its group.
void Engine::leave(JobState& state, ledger::RunId run) {
  --state.running;
  if (const auto place = places_.extract(run)) {
    place.mapped()->leave(run);
    tell(*place.mapped());
    next_places(*place.mapped());
  }
  next_turns(state);
  if (live_.empty() && looking_.empty()) idle_.set();
  forget_if_done(state);
}

/// A job that has no trigger of its own is due, because those it depends on have ended; or it is not, because of how.
void Engine::decide(const Round& round) {
  const auto found = jobs_.find(round.job);
  if (found == jobs_.end() || found->second->removed || !found->second->job->enabled) return;
  if (round.cause.run != 0 && has_followed(round.job, round.cause.run)) return;
  JobState& state = *found->second;
  Slot due = own_slot(state, round.cause.at);
  if (state.job->days_off.contains(due.scheduled_at())) {
    std::move(due).enter_skipped(ledger::SlotReason::holiday);
  } else if (!round.met) {
    std::move(due).enter_skipped(ledger::SlotReason::dependency);
  } else {
    offer(state, std::move(due), {.trigger = ledger::RunTrigger::dependency, .caused_by = round.cause.run});
  }
}

void Engine::note_breaker(JobState& state, const std::string& why) {
  const Breaker& breaker = *state.breaker;
  recorder_.record(ledger::BreakerChanged{.job = state.job->name,
                                          .open = breaker.state() == Breaker::State::open,
                                          .until = breaker.open_until(),
                                          .at = wall_now(),
                                          .why = why});
  recorder_.publish(BreakerTurned{.job = state.job->name, .state = breaker.state()});
}

}  // namespace belfry::engine
