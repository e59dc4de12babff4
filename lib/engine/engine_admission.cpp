// The second stretch of a slot's road: may it start? An objection to the slot as such; its turn beside the job's other
// runs; its place in the job's group; its precondition. What cannot go on is parked in the waiting room, and called
// from there when something has ended.

#include <algorithm>
#include <utility>

#include "async/loop.hpp"
#include "engine/admission.hpp"
#include "engine/engine.hpp"
#include "engine/engine_clock.hpp"

namespace belfry::engine {

/// A slot that is due now, or whose job others set going. The number of its run, unless it was refused.
std::optional<ledger::RunId> Engine::offer(JobState& state, Slot slot, Launch launch) {
  const WallTime due = slot.scheduled_at();
  if (const auto reason = find_objection(state, due, wall_now())) {
    std::move(slot).enter_skipped(*reason);
    return std::nullopt;
  }
  launch.scheduled_at = due;
  const auto run = take_turn({.launch = std::move(launch), .state = state.shared_from_this(), .slot = std::move(slot)});
  return run ? std::optional(*run) : std::nullopt;
}

std::optional<ledger::SlotReason> Engine::find_objection(JobState& state, WallTime slot, WallTime now) {
  const Job& job = *state.job;
  bool dependencies_met = true;
  if (job.is_gated()) {
    const auto last_end = [this](std::string_view name) -> std::optional<JobEnd> {
      const auto found = jobs_.find(name);
      return found == jobs_.end() ? std::nullopt : found->second->last_end;
    };
    dependencies_met = !objection_to(job, last_end).has_value();
  }
  return objection(job, slot,
                   {.draining = draining_,
                    .paused = state.paused_at(now),
                    .breaker_open = state.breaker && !state.breaker->permits(now),
                    .dependencies_met = dependencies_met,
                    .last_outcome = state.last_outcome(),
                    .now = now});
}

/// Only what was not refused has a number: those of a job's runs should not leave gaps for every slot that was skipped.
ledger::RunId Engine::number(Pending& pending) {
  if (pending.launch.run == 0) pending.launch.run = recorder_.ledger().next_run_id();
  return pending.launch.run;
}

/// Beside the job's other runs. The number of its run, or the reason if it was refused.
std::expected<ledger::RunId, ledger::SlotReason> Engine::take_turn(Pending pending) {
  JobState& state = *pending.state;
  switch (room_for(*state.job, state.occupied(), state.turns.size(), pending.patient())) {
    case Room::start:
      return find_place(std::move(pending));
    case Room::oust:
      oust(state);
      if (state.occupied() < static_cast<std::size_t>(state.job->max_instances)) return find_place(std::move(pending));
      [[fallthrough]];
    case Room::wait: {
      const ledger::RunId run = number(pending);
      state.turns.push_back(run);
      park(std::move(pending), WaitsFor::turn);
      return run;
    }
    case Room::refuse:
      break;
  }
  refuse(std::move(pending), ledger::SlotReason::overlap, "the job is running");
  return std::unexpected(ledger::SlotReason::overlap);
}

/// A newer slot takes the place of what waits, and of the oldest run.
void Engine::oust(JobState& state) {
  for (const ledger::RunId run : waiting_room_.of(state)) {
    const WaitsFor what = waiting_room_.find(run)->waits_for;
    if (what != WaitsFor::turn && what != WaitsFor::group) continue;
    refuse(*call(run), ledger::SlotReason::replaced, "a newer slot took its place");
  }
  if (state.occupied() < static_cast<std::size_t>(state.job->max_instances)) return;
  const bool at_once = state.job->overlap == Overlap::replace;
  for (const auto& [id, run] : live_) {  // the smallest number is the oldest run
    if (run->info().job != state.job->name) continue;
    if (run->cancelled()) return;  // its place will be free
    run->cancel(at_once ? async::CancelReason::replaced : async::CancelReason::user, "replaced by a newer run");
    return;
  }
}

/// In the group. The number of its run, or the reason if it was refused.
std::expected<ledger::RunId, ledger::SlotReason> Engine::find_place(Pending pending) {
  JobState& state = *pending.state;
  Group* group = group_of(*state.job);
  if (group == nullptr) {
    const ledger::RunId run = number(pending);
    enter(std::move(pending));
    return run;
  }
  const GroupUse& use = *state.job->group;
  const Monotonic now = monotonic_now();
  switch (group->ask(use, now)) {
    case engine::Entry::enter: {
      const ledger::RunId run = number(pending);
      group->enter(run, use.weight, now);
      places_.emplace(run, group);
      tell(*group);
      enter(std::move(pending));
      return run;
    }
    case engine::Entry::wait: {
      const ledger::RunId run = number(pending);
      group->wait({.run = run, .weight = use.weight, .priority = use.priority, .since = now});
      places_.emplace(run, group);
      tell(*group);
      ++state.waiting_in_group;
      park(std::move(pending), WaitsFor::group);
      wake();  // the rate may let it in by itself
      return run;
    }
    case engine::Entry::full:
      refuse(std::move(pending), ledger::SlotReason::group, "its group is full");
      return std::unexpected(ledger::SlotReason::group);
    case engine::Entry::rate:
      break;
  }
  refuse(std::move(pending), ledger::SlotReason::rate, "its group has started as many as its rate allows");
  return std::unexpected(ledger::SlotReason::rate);
}

/// It has a place: from now on it counts as running, also while its precondition is being looked at.
void Engine::enter(Pending pending) {
  JobState& state = *pending.state;
  ++state.running;
  if (state.job->precondition == nullptr || pending.by_hand()) {
    start(std::move(pending));
    return;
  }
  const ledger::RunId run = pending.launch.run;
  const std::shared_ptr<JobState> owner = pending.state;
  park(std::move(pending), WaitsFor::precondition);
  idle_.clear();
  tasks_->start(look_first(owner, run),
                async::SpawnOptions("precondition of " + owner->job->name).kind("precondition"));
}

void Engine::park(Pending pending, WaitsFor what) {
  const std::shared_ptr<JobState> state = pending.state;
  waiting_room_.park(std::move(pending), what, wall_now());
  if (what == WaitsFor::budget) recorder_.publish(CatchupChanged{.waiting = missed_.size()});
  recorder_.publish(QueueChanged{.job = state->job->name, .queued = waiting_room_.of(*state).size()});
}

/// For what it has waited. What is made up for waits for its claim first, then for the budget.
void Engine::note_wait(Pending& pending) const {
  ledger::StartWaits& waits = pending.launch.waits;
  const Duration waited = std::max(wall_now() - pending.since, Duration{0});
  if (pending.waits_for == WaitsFor::precondition) {
    waits.precondition += waited;
    return;
  }
  const Duration for_claim = pending.waits_for == WaitsFor::budget
                                 ? std::clamp(claims_durable_at_ - pending.since, Duration{0}, waited)
                                 : Duration{0};
  waits.ledger += for_claim;
  waits.queue += waited - for_claim;
}

/// Out of the waiting room, and of whatever line it stood in there.
std::optional<Pending> Engine::call(ledger::RunId run) {
  std::optional<Pending> pending = waiting_room_.take(run);
  if (!pending) return std::nullopt;
  JobState& state = *pending->state;
  note_wait(*pending);
  switch (pending->waits_for) {
    case WaitsFor::turn:
      std::erase(state.turns, run);
      break;
    case WaitsFor::group:
      --state.waiting_in_group;
      if (const auto place = places_.extract(run)) {
        place.mapped()->withdraw(run);
        tell(*place.mapped());
      }
      break;
    case WaitsFor::budget:
      missed_.erase({state.job->name, *pending->launch.scheduled_at});
      recorder_.publish(CatchupChanged{.waiting = missed_.size()});
      break;
    case WaitsFor::precondition:
      break;
  }
  recorder_.publish(QueueChanged{.job = state.job->name, .queued = waiting_room_.of(state).size()});
  return pending;
}

void Engine::refuse(Pending pending, ledger::SlotReason reason, const std::string& why) {
  if (pending.slot) {
    const bool waited = pending.slot->state() == SlotState::waiting;
    std::move(*pending.slot).enter_skipped(reason, waited ? std::optional(pending.launch.run) : std::nullopt);
    return;
  }
  // It has no slot. Who asked for it is told at once, or, when it has waited, by the end of its run.
  if (pending.launch.run == 0) return;
  const bool repeats = pending.launch.trigger == ledger::RunTrigger::recovery;
  if (repeats && reason == ledger::SlotReason::shutdown) return;  // the next daemon finds that it is owed
  if (repeats) {  // on record with what it would have repeated: it is not owed any more
    recorder_.record(ledger::RunStarted{.run = pending.launch.run,
                                        .job = pending.state->job->name,
                                        .trigger = pending.launch.trigger,
                                        .scheduled_at = pending.launch.scheduled_at,
                                        .started_at = wall_now(),
                                        .generation = catalog_->generation,
                                        .caused_by = pending.launch.caused_by});
  }
  recorder_.record(ledger::RunEnded{.run = pending.launch.run,
                                    .job = pending.state->job->name,
                                    .trigger = pending.launch.trigger,
                                    .scheduled_at = pending.launch.scheduled_at,
                                    .started_at = wall_now(),
                                    .ended_at = wall_now(),
                                    .outcome = ledger::Outcome::cancelled,
                                    .exit_code = std::nullopt,
                                    .signal = std::nullopt,
                                    .attempts = 0,
                                    .message = "it never started: " + why});
}

/// There may be room for those who wait their turn.
void Engine::next_turns(JobState& state) {
  while (!state.turns.empty() && !draining_) {
    if (room_for(*state.job, state.occupied(), 0, true) != Room::start) return;
    std::optional<Pending> pending = call(state.turns.front());
    if (pending->slot && is_too_late(*state.job, pending->slot->scheduled_at(), wall_now())) {
      refuse(*std::move(pending), ledger::SlotReason::deadline, "it was too late");
    } else {
      static_cast<void>(find_place(*std::move(pending)));  // a refusal is on record
    }
  }
}

/// There may be room in the group for those who wait for it.
void Engine::next_places(Group& group) {
  while (!draining_) {
    const Monotonic now = monotonic_now();
    const std::optional<Waiter> first = group.next(now);
    if (!first) return;
    std::optional<Pending> pending = call(first->run);
    if (pending->slot && is_too_late(*pending->state->job, pending->slot->scheduled_at(), wall_now())) {
      refuse(*std::move(pending), ledger::SlotReason::deadline, "it was too late");
      continue;
    }
    group.enter(first->run, first->weight, now);
    places_.emplace(first->run, &group);
    tell(group);
    enter(*std::move(pending));
  }
}

/// As much of what was missed as the budget allows.
void Engine::release_missed() {
  if (claims_written_.is_set()) return;
  while (const std::optional<MissedSlot> missed = catchup_.take(monotonic_now())) {
    const auto run = missed_.find({missed->job, missed->slot});
    if (run == missed_.end()) continue;  // somebody has decided about it by hand
    std::optional<Pending> pending = call(run->second);
    if (!pending) continue;
    JobState& state = *pending->state;
    if (const auto reason = find_objection(state, missed->slot, wall_now())) {
      refuse(*std::move(pending), *reason, "its policies forbid it");
    } else {
      static_cast<void>(take_turn(*std::move(pending)));  // a refusal is on record
    }
  }
}

void Engine::clear_waiting(JobState& state, ledger::SlotReason reason, const std::string& why) {
  catchup_.remove(state.job->name);
  for (const ledger::RunId run : waiting_room_.of(state)) {
    if (const auto looking = looking_.find(run); looking != looking_.end()) {
      looking->second->cancel(async::CancelReason::user);
    }
    if (auto pending = call(run)) refuse(*std::move(pending), reason, why);
  }
}

void Engine::tell(const Group& group, bool gone) {
  recorder_.publish(GroupChanged{.group = group.name(),
                                 .limit = group.policy().limit,
                                 .in_use = group.used(),
                                 .waiting = group.waiting(),
                                 .gone = gone});
}

Group* Engine::group_of(const Job& job) {
  if (!job.group) return nullptr;
  const auto found = groups_.find(job.group->name);
  return found == groups_.end() ? nullptr : &found->second;
}

}  // namespace belfry::engine
