// The first stretch of a slot's road: it is due, alone or with others that piled up.

#include <algorithm>
#include <utility>

#include "async/fault_point.hpp"
#include "async/loop.hpp"
#include "async/sleep.hpp"
#include "async/wall_alarm.hpp"
#include "engine/engine.hpp"
#include "engine/engine_clock.hpp"
#include "engine/slot_span.hpp"

namespace belfry::engine {
namespace {

/// A wall clock that moved forward by less than this was corrected, not set: slots are merely late, not missed.
constexpr Duration correction = std::chrono::seconds{1};

/// How long before it is due a slot is claimed: time enough for a disk to make the claim durable.
constexpr Duration claim_ahead = std::chrono::seconds{1};

/// How long before it is due a one-shot becomes a job: before it might be claimed.
constexpr Duration one_shot_ahead = claim_ahead + std::chrono::seconds{1};

constexpr int slots_each_turn = 8;

Duration wall_minus_monotonic() {
  const async::Loop& loop = async::Loop::current();
  return loop.wall_now().time_since_epoch() - Duration(loop.now_ns());
}

Duration asleep() { return async::Loop::current().clock().asleep(); }

/// A slot that a later daemon might make up for must not run again when the power fails while it runs; all others are
/// not run twice in any case.
bool needs_claim(const Job& job) noexcept {
  return job.guarantee == Guarantee::at_most_once && job.on_missed != OnMissed::skip;
}

int priority_of(const Job& job) noexcept { return job.group ? job.group->priority : 0; }

/// How many of the slots that piled up are looked at one by one.
std::size_t kept_slots(const Job& job, bool missed) noexcept {
  if (!missed) return 1;
  switch (job.on_missed) {
    case OnMissed::skip:
      return 0;
    case OnMissed::run_once:
      return 1;
    case OnMissed::run_all:
      return static_cast<std::size_t>(job.catchup_limit);
  }
  return 0;
}

/// The wait for the next slot, which others may end; also when it ends by an exception.
class Waiting {
 public:
  Waiting(async::CancelScope*& place, async::CancelScope& scope) : place_(place) { place_ = &scope; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { place_ = nullptr; }

 private:
  async::CancelScope*& place_;
};

}  // namespace

async::Task<> Engine::serve_slots() {
  async::WallAlarm alarm;
  wall_minus_monotonic_ = wall_minus_monotonic();
  asleep_ = asleep();
  auto why_late = ledger::SlotReason::overload;
  while (!draining_) {
    const bool more_one_shots = wake_one_shots(wall_now());
    if (fire_some(wall_now(), why_late) || more_one_shots) {
      co_await async::yield();
      continue;
    }
    why_late = ledger::SlotReason::overload;
    end_pauses(wall_now());
    release_missed();
    for (auto& [name, group] : groups_) next_places(group);
    async::CancelScope until_replanned;
    std::optional<async::WallWake> woken;
    {
      const Waiting waiting(waiting_, until_replanned);
      woken = co_await until_replanned.run(alarm.wait_until(next_wake()));
    }
    if (woken == async::WallWake::clock_changed) why_late = note_clock();
  }
}

/// When there is something to do by itself: a slot, the end of a pause, a token of a budget or a rate.
WallTime Engine::next_wake() const {
  WallTime next = due_.earliest().value_or(WallTime::max());
  if (const auto due = one_shots_.earliest()) next = std::min(next, *due - one_shot_ahead);
  if (!pause_ends_.empty()) next = std::min(next, pause_ends_.begin()->first);
  const Monotonic now = monotonic_now();
  const auto look_at = [&](std::optional<Monotonic> when) {
    if (when) next = std::min(next, wall_now() + std::max(*when - now, Duration{1}));
  };
  if (!claims_written_.is_set()) look_at(catchup_.next_at(now));
  for (const auto& [name, group] : groups_) look_at(group.next_at(now));
  return next;
}

/// Puts the change on record; says what it does to slots that have passed meanwhile.
ledger::SlotReason Engine::note_clock() {
  const Duration seen = wall_minus_monotonic();
  const Duration step = seen - std::exchange(wall_minus_monotonic_, seen);
  const Duration slept_until = asleep();
  const Duration slept = slept_until - std::exchange(asleep_, slept_until);
  const bool suspended = slept >= correction;
  if (suspended) {
    recorder_.record(ledger::ClockJumped{.at = wall_now(), .step = slept, .what = ledger::ClockJumped::What::suspend});
  }
  const Duration set = suspended ? step - slept : step;
  // Waking up corrects the clock a little, which says nothing.
  if (!suspended || set >= correction || set <= -correction) {
    recorder_.record(ledger::ClockJumped{.at = wall_now(), .step = set, .what = ledger::ClockJumped::What::set});
  }
  if (suspended) return ledger::SlotReason::suspend;
  return set >= correction ? ledger::SlotReason::clock_jump : ledger::SlotReason::overload;
}

/// True: there may be more. When a thousand are due at once, the first ones start while the others are admitted.
bool Engine::fire_some(WallTime now, ledger::SlotReason why_late) {
  for (int fired = 0; fired < slots_each_turn; ++fired) {
    JobState* state = due_.take_due(now);
    if (state == nullptr) return false;
    BELFRY_FAULT_POINT("slot.due");
    if (claim(*state, now)) continue;
    const auto keep = state->shared_from_this();  // a one-shot may be forgotten below
    settle(*state, now, std::exchange(state->missed_while_down, false) ? ledger::SlotReason::down : why_late);
    plan(*state, now);
    forget_if_done(*state);  // its only slot was refused
  }
  return true;
}

/// True: the slot has been claimed, and is due a little later.
bool Engine::claim(JobState& state, WallTime now) {
  if (state.claimed || !needs_claim(*state.job) || *state.next <= now) return false;
  recorder_.write(ledger::SlotClaimed{.job = state.job->name, .scheduled_at = *state.next, .at = now});
  BELFRY_FAULT_POINT("slot.claimed");
  state.claimed = true;
  due_.set(state.slot, *state.next);
  return true;
}

void Engine::settle(JobState& state, WallTime now, ledger::SlotReason why_late) {
  const WallTime slot = *state.next;
  const Job& job = *state.job;
  const std::optional<WallTime> following = job.trigger->next(slot);
  const bool alone = !following || *following > now;
  if (!alone || why_late != ledger::SlotReason::overload || job.days_off.contains(slot) ||
      accounted_.contains(job.name)) {
    settle_many(state, now, why_late);
    return;
  }
  state.last_slot = slot;
  offer(state, Slot(state.job, {.first = slot, .last = slot}, recorder_, state.claimed),
        {.trigger = ledger::RunTrigger::schedule});
}

void Engine::settle_many(JobState& state, WallTime now, ledger::SlotReason why_late) {
  const Recorder::Together together(
      recorder_);  // a daemon that finds the newest slot on record looks for no older ones
  const std::shared_ptr<const Job> job = state.job;
  const auto accounted = accounted_.find(job->name);
  const bool late = why_late == ledger::SlotReason::overload;
  const bool missed = !late || job->on_missed == OnMissed::run_all;
  const DueSlots due =
      due_slots(*job->trigger, job->days_off, *state.next, now, kept_slots(*job, missed),
                accounted == accounted_.end() ? std::span<const WallTime>{} : std::span(accounted->second));
  const WallTime first = *state.next;
  const auto slot_of = [&](const SlotSpan& span) {
    return Slot(job, span, recorder_, state.claimed && span.first <= first && first <= span.last);
  };
  state.last_slot = due.last;
  for (const SlotSpan& span : due.days_off) slot_of(span).enter_skipped(ledger::SlotReason::holiday);
  std::optional<ledger::RunId> run;  // into which the older ones are folded
  if (missed && job->on_missed == OnMissed::run_all) {
    for (const SlotSpan& span : due.older) slot_of(span).enter_missed(ledger::SlotReason::catchup_limit);
    for (const WallTime slot : due.newest) make_up(state, slot_of({.first = slot, .last = slot}));
    return;
  }
  if (!due.newest.empty()) {
    Slot newest = slot_of({.first = due.newest.back(), .last = due.newest.back()});
    run = missed ? make_up(state, std::move(newest))
                 : offer(state, std::move(newest), {.trigger = ledger::RunTrigger::schedule});
  }
  for (const SlotSpan& span : due.older) {
    if (run) {
      slot_of(span).enter_coalesced(why_late, *run);
    } else {
      slot_of(span).enter_missed(why_late);
    }
  }
}

/// A missed slot is to run: it waits for the catch-up budget, behind those of a higher priority and those that are
/// staler. None: there is an objection, and its slot is closed.
std::optional<ledger::RunId> Engine::make_up(JobState& state, Slot slot) {
  const WallTime due = slot.scheduled_at();
  if (const auto reason = find_objection(state, due, wall_now())) {
    std::move(slot).enter_skipped(*reason);
    return std::nullopt;
  }
  Pending pending{
      .launch = {.run = recorder_.ledger().next_run_id(), .trigger = ledger::RunTrigger::catchup, .scheduled_at = due},
      .state = state.shared_from_this(),
      .slot = std::move(slot)};
  const ledger::RunId run = pending.launch.run;
  catchup_.add(state.job->name, due, priority_of(*state.job));
  missed_.emplace(std::pair(state.job->name, due), run);
  park(std::move(pending), WaitsFor::budget);
  ++claims_;
  claims_written_.set();
  return run;
}

/// Of a job that no time makes due: each of its slots has an instant of its own.
Slot Engine::own_slot(JobState& state, WallTime at) {
  if (state.last_slot && at <= *state.last_slot) at = *state.last_slot + Duration{1};
  state.last_slot = at;
  return Slot(state.job, {.first = at, .last = at}, recorder_);
}

std::optional<WallTime> Engine::notice(std::string_view job, std::shared_ptr<const WatchedFiles> files) {
  const auto found = jobs_.find(job);
  if (found == jobs_.end() || draining_) return std::nullopt;
  JobState& state = *found->second;
  if (state.removed || !state.job->enabled || !state.job->watch) return std::nullopt;
  Slot due = own_slot(state, wall_now());
  const WallTime slot = due.scheduled_at();
  if (state.job->days_off.contains(slot)) {
    std::move(due).enter_skipped(ledger::SlotReason::holiday);
  } else {
    offer(state, std::move(due), {.trigger = ledger::RunTrigger::watch, .files = std::move(files)});
  }
  return slot;
}

void Engine::plan(JobState& state, WallTime after) {
  // Never a slot that was closed already: after the wall clock is set back, the job waits until it has caught up.
  if (state.last_slot && *state.last_slot > after) after = *state.last_slot;
  const auto before = state.next;
  const Job& job = *state.job;
  state.next = job.enabled && job.trigger ? job.trigger->next(after) : std::nullopt;
  if (state.next) {
    if (state.next != before) state.claimed = false;
    const bool claim_first = needs_claim(job) && !state.claimed;
    due_.set(state.slot, claim_first ? *state.next - claim_ahead : *state.next);
  } else {
    due_.clear(state.slot);
  }
  if (state.next != before) recorder_.publish(SlotPlanned{.job = job.name, .next = state.next});
}

/// True: there may be more.
bool Engine::wake_one_shots(WallTime now) {
  for (int woken = 0; woken < slots_each_turn; ++woken) {
    auto request = one_shots_.take_due(now + one_shot_ahead);
    if (!request) return false;
    wake_one_shot(*std::move(request));
  }
  return true;
}

JobState& Engine::wake_one_shot(ledger::OneShotAdded request) {
  if (jobs_.contains(request.name)) {  // the configuration has taken its name
    recorder_.record(ledger::OneShotRemoved{.name = request.name});
    request.name = fresh_name();
    recorder_.record(request);
  }
  auto state = new_state(one_shot_factory_(request));
  state->one_shot = true;
  // Its run may be known to the table of live runs alone: then its slot is closed, and it must not start again.
  const auto accounted = accounted_.find(request.name);
  if (accounted != accounted_.end() && std::ranges::binary_search(accounted->second, request.due)) {
    state->last_slot = std::max(state->last_slot.value_or(request.due), request.due);
  }
  // Due while belfryd was down: it was asked for once and is owed once, so it runs now.
  plan(*state, request.due - Duration{1});
  return *jobs_.insert_or_assign(request.name, std::move(state)).first->second;
}

void Engine::end_pauses(WallTime now) {
  while (!pause_ends_.empty() && pause_ends_.begin()->first <= now) {
    const std::string job = pause_ends_.begin()->second;
    pause_ends_.erase(pause_ends_.begin());
    const auto found = jobs_.find(job);
    if (found == jobs_.end() || !found->second->paused || found->second->paused_at(now)) continue;
    found->second->paused.reset();
    recorder_.record(ledger::PauseChanged{
        .job = job, .paused = false, .reason = "the pause was until now", .by = "belfryd", .at = now});
  }
}

}  // namespace belfry::engine
