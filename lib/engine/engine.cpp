// The road of a slot through the engine: due -> admitted -> started -> ended. See engine.hpp for the other two stages.

#include "engine/engine.hpp"

#include <utility>

#include "async/loop.hpp"
#include "async/sleep.hpp"
#include "async/timeout.hpp"
#include "async/wall_alarm.hpp"
#include "engine/admission.hpp"

namespace belfry::engine {
namespace {

/// A wall clock that moved forward by less than this was corrected, not set: slots are merely late, not missed.
constexpr Duration correction = std::chrono::seconds{1};

constexpr int slots_each_turn = 8;

WallTime wall_now() { return async::Loop::current().wall_now(); }

Duration wall_minus_monotonic() {
  const async::Loop& loop = async::Loop::current();
  return loop.wall_now().time_since_epoch() - Duration(loop.now_ns());
}

}  // namespace

Engine::Engine(ledger::Ledger& ledger, EventStream& events, OneShotFactory one_shots)
    : recorder_(ledger, events), one_shot_factory_(std::move(one_shots)) {
  idle_.set();
}

Engine::~Engine() = default;

async::Task<> Engine::serve() {
  auto body = [this](async::TaskGroup& runs) -> async::Task<> {
    runs_ = &runs;
    co_await serve_slots();
    co_await idle_.wait();
  };
  co_await async::with_task_group(body);
  runs_ = nullptr;
}

async::Task<> Engine::serve_slots() {
  async::WallAlarm alarm;
  wall_minus_monotonic_ = wall_minus_monotonic();
  auto why_late = ledger::SlotReason::overload;
  while (!draining_) {
    if (fire_some(wall_now(), why_late)) {
      co_await async::yield();
      continue;
    }
    why_late = ledger::SlotReason::overload;
    async::CancelScope until_replanned;
    waiting_ = &until_replanned;
    const std::optional<async::WallWake> woken =
        co_await until_replanned.run(alarm.wait_until(due_.earliest().value_or(WallTime::max())));
    waiting_ = nullptr;
    if (woken == async::WallWake::clock_changed && note_clock() >= correction) {
      why_late = ledger::SlotReason::clock_jump;
    }
  }
}

void Engine::wake() {
  if (waiting_ != nullptr) waiting_->cancel(async::CancelReason::replaced);
}

Duration Engine::note_clock() {
  const Duration seen = wall_minus_monotonic();
  const Duration step = seen - std::exchange(wall_minus_monotonic_, seen);
  recorder_.record(ledger::ClockJumped{.at = wall_now(), .step = step});
  return step;
}

/// True: there may be more. When a thousand are due at once, the first ones start while the others are admitted.
bool Engine::fire_some(WallTime now, ledger::SlotReason why_late) {
  for (int fired = 0; fired < slots_each_turn; ++fired) {
    JobState* state = due_.take_due(now);
    if (state == nullptr) return false;
    settle(*state, now, std::exchange(state->missed_while_down, false) ? ledger::SlotReason::down : why_late);
    plan(*state, now);
    if (state->one_shot) forget_if_done(*state);  // its only slot was refused
  }
  return true;
}

void Engine::settle(JobState& state, WallTime now, ledger::SlotReason why_late) {
  const DueSlots due = due_slots(*state.job->trigger, *state.next, now);
  state.last_slot = due.newest;
  const bool gap = why_late != ledger::SlotReason::overload;
  if (gap && state.job->on_missed == OnMissed::skip) {
    if (due.older) close_slots(state, *due.older, ledger::SlotResult::missed, why_late, std::nullopt);
    close_slots(state, {.first = due.newest, .last = due.newest}, ledger::SlotResult::missed, why_late, std::nullopt);
    return;
  }
  const auto trigger = gap ? ledger::RunTrigger::catchup : ledger::RunTrigger::schedule;
  const std::optional<ledger::RunId> run = admit_slot(state, due.newest, trigger, now);
  if (!due.older) return;
  const auto result = run ? ledger::SlotResult::coalesced : ledger::SlotResult::missed;
  close_slots(state, *due.older, result, why_late, run);
}

std::optional<ledger::RunId> Engine::admit_slot(JobState& state, WallTime slot, ledger::RunTrigger trigger,
                                                WallTime now) {
  const Decision decision = admit(*state.job, slot,
                                  {.draining = draining_,
                                   .paused = state.paused.has_value(),
                                   .running = state.running,
                                   .queued = state.queue.size(),
                                   .now = now});
  if (decision.kind == Decision::Kind::refuse) {
    close_slots(state, {.first = slot, .last = slot}, ledger::SlotResult::skipped, decision.reason, std::nullopt);
    return std::nullopt;
  }
  const Launch launch{.run = recorder_.ledger().next_run_id(), .trigger = trigger, .scheduled_at = slot};
  if (decision.kind == Decision::Kind::start) {
    start(state, launch);
  } else {
    state.queue.push_back(launch);
    recorder_.publish(QueueChanged{.job = state.job->name, .queued = state.queue.size()});
  }
  return launch.run;
}

void Engine::close_slots(const JobState& state, const SlotSpan& slots, ledger::SlotResult result,
                         ledger::SlotReason reason, std::optional<ledger::RunId> run) {
  recorder_.record(ledger::SlotClosed{.job = state.job->name,
                                      .scheduled_at = slots.first,
                                      .last_scheduled_at = slots.last,
                                      .count = slots.count,
                                      .result = result,
                                      .reason = reason,
                                      .run = run,
                                      .closed_at = wall_now()});
}

void Engine::plan(JobState& state, WallTime after) {
  // Never a slot that was closed already: after the wall clock is set back, the job waits until it has caught up.
  if (state.last_slot && *state.last_slot > after) after = *state.last_slot;
  const auto before = state.next;
  state.next = state.job->enabled && state.job->trigger ? state.job->trigger->next(after) : std::nullopt;
  if (state.next) {
    due_.set(state.slot, *state.next);
  } else {
    due_.clear(state.slot);
  }
  if (state.next != before) recorder_.publish(SlotPlanned{.job = state.job->name, .next = state.next});
}

void Engine::start(JobState& state, const Launch& launch) {
  if (launch.scheduled_at) {
    close_slots(state, {.first = *launch.scheduled_at, .last = *launch.scheduled_at}, ledger::SlotResult::started,
                ledger::SlotReason::none, launch.run);
  }
  const std::uint64_t generation = catalog_ ? catalog_->generation : 0;
  auto run = std::make_shared<Run>(state.job, launch, generation, recorder_);
  live_.emplace(launch.run, run);
  idle_.clear();
  ++state.running;
  state.last_start = run->info().started_at;
  runs_->start(carry_out(state.shared_from_this(), std::move(run)),
               async::SpawnOptions("run " + state.job->name).kind("run"));
}

async::Task<> Engine::carry_out(std::shared_ptr<JobState> state, std::shared_ptr<Run> run) {
  ledger::RunEnded ended = co_await run->carry_out();
  run_ended(*state, std::move(ended));
}

void Engine::run_ended(JobState& state, ledger::RunEnded ended) {
  live_.erase(ended.run);
  --state.running;
  state.last_outcome = ended.outcome;
  if (ended.outcome == ledger::Outcome::success) {
    state.last_success = ended.ended_at;
    state.consecutive_failures = 0;
  } else if (ended.outcome != ledger::Outcome::cancelled) {
    ++state.consecutive_failures;
  }
  recorder_.record(std::move(ended));
  start_queued(state);
  forget_if_done(state);
  if (live_.empty()) idle_.set();
}

void Engine::start_queued(JobState& state) {
  while (!state.queue.empty() && state.running == 0) {
    const Launch launch = state.queue.front();
    state.queue.pop_front();
    recorder_.publish(QueueChanged{.job = state.job->name, .queued = state.queue.size()});
    const bool too_late = launch.scheduled_at && state.job->starting_deadline &&
                          wall_now() - *launch.scheduled_at > *state.job->starting_deadline;
    if (too_late) {
      close_slots(state, {.first = *launch.scheduled_at, .last = *launch.scheduled_at}, ledger::SlotResult::skipped,
                  ledger::SlotReason::deadline, std::nullopt);
    } else {
      start(state, launch);
    }
  }
}

void Engine::drop(const JobState& state, const Launch& launch, ledger::SlotReason reason, const std::string& why) {
  if (launch.scheduled_at) {
    close_slots(state, {.first = *launch.scheduled_at, .last = *launch.scheduled_at}, ledger::SlotResult::skipped,
                reason, std::nullopt);
    return;
  }
  // Asked for by hand: it has no slot, but whoever asked may be waiting.
  recorder_.record(ledger::RunEnded{.run = launch.run,
                                    .job = state.job->name,
                                    .trigger = launch.trigger,
                                    .scheduled_at = std::nullopt,
                                    .started_at = wall_now(),
                                    .ended_at = wall_now(),
                                    .outcome = ledger::Outcome::cancelled,
                                    .exit_code = std::nullopt,
                                    .signal = std::nullopt,
                                    .attempts = 0,
                                    .message = "it never started: " + why});
}

void Engine::clear_queue(JobState& state, ledger::SlotReason reason, const std::string& why) {
  if (state.queue.empty()) return;
  for (const Launch& launch : state.queue) drop(state, launch, reason, why);
  state.queue.clear();
  recorder_.publish(QueueChanged{.job = state.job->name, .queued = 0});
}

async::Task<> Engine::runs_ended() { co_await idle_.wait(); }

async::Task<> Engine::drain(Duration grace) {
  if (!std::exchange(draining_, true)) {
    recorder_.publish(Draining{});
    for (const auto& [name, state] : jobs_) clear_queue(*state, ledger::SlotReason::shutdown, "belfryd shut down");
    wake();
  }
  co_await async::move_on_after(grace, runs_ended());
  for (const auto& [id, run] : live_) run->cancel(async::CancelReason::shutdown, "ended because belfryd shut down");
  co_await idle_.wait();
}

}  // namespace belfry::engine
