// What the last daemon left: runs that went on without it, runs whose end nobody saw, slots that may have started.
//
// Two witnesses: the ledger, which is durable but may lack the last milliseconds before a kill, and the table of live
// runs, which is exact but gone when the machine was (past.hpp).

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "async/fault_point.hpp"
#include "engine/engine.hpp"
#include "engine/engine_clock.hpp"

namespace belfry::engine {
namespace {

/// A run's number is its fencing token and never given twice. After a power cut nobody knows which ones were given and
/// had not become durable; there are not so many.
constexpr ledger::RunId power_cut_gap = 10'000;

ledger::SlotClosed started_slot(const ledger::RunStarted& run) {
  return {.job = run.job,
          .scheduled_at = *run.scheduled_at,
          .last_scheduled_at = *run.scheduled_at,
          .count = 1,
          .result = ledger::SlotResult::started,
          .reason = ledger::SlotReason::none,
          .run = run.run,
          .closed_at = run.started_at,
          .out_of_order = true};  // what was missed before it is entered when the job is planned
}

bool ended_in_order(const Past& past) noexcept {
  const auto& mark = past.resume.last_mark;
  return !mark || mark->what == ledger::DaemonMark::What::stopped;
}

/// There was nothing that a table begun now should know.
bool nothing_in_doubt(const Past& past) noexcept {
  const auto& mark = past.resume.last_mark;
  return ended_in_order(past) && std::ranges::none_of(past.resume.claims, [&](const ledger::SlotClaimed& claim) {
           return mark && claim.scheduled_at <= mark->at;
         });
}

/// Whether a claim that was never closed may have started: only when neither the table nor an orderly stop tells.
bool in_doubt(const Past& past, WallTime slot) noexcept {
  if (past.table_is_whole) return false;
  const auto& mark = past.resume.last_mark;
  return !mark || mark->what != ledger::DaemonMark::What::stopped || slot <= mark->at;
}

/// A slot whose fate is known, although older ones of the job may have none yet.
void account_for(std::vector<WallTime>& accounted, WallTime slot) {
  const auto place = std::ranges::lower_bound(accounted, slot);
  if (place == accounted.end() || *place != slot) accounted.insert(place, slot);
}

}  // namespace

void Engine::resume(std::shared_ptr<const Past> past) {
  past_ = std::move(past);
  const ledger::Resume& resume = past_->resume;
  for (const ledger::JobTotals& totals : resume.jobs) totals_.emplace(totals.job, &totals);
  for (const ledger::JobDeclared& declared : resume.declared) declared_.emplace(declared.job, declared);
  for (const ledger::PauseChanged& pause : resume.paused) paused_before_.emplace(pause.job, pause);
  for (const ledger::BreakerChanged& breaker : resume.breakers) breakers_before_.emplace(breaker.job, breaker);
  if (recorder_.live() != nullptr) {
    recorder_.ledger().skip_run_ids(recorder_.live()->newest_run());
    if (nothing_in_doubt(*past_)) recorder_.live()->settled();
  }
  if (!past_->table_is_whole && !ended_in_order(*past_)) {
    recorder_.ledger().skip_run_ids(resume.last_run + power_cut_gap);
  }
  recorder_.publish(Resumed{.past = std::shared_ptr<const ledger::Resume>(past_, &resume)});
  for (const auto& slot : resume.out_of_order) account_for(accounted_[slot.job], slot.scheduled_at);
  for (const Leftover& left : past_->left) take_over(left);
  for (const ledger::RunStarted& run : resume.unfinished) {
    const bool known =
        std::ranges::any_of(past_->left, [&](const Leftover& left) { return left.run.started.run == run.run; });
    if (!known) close_lost(run, "belfryd ended while it ran, so how it ended is unknown");
  }
  std::set<std::string_view> claimed;
  for (const ledger::SlotClaimed& claim : resume.claims) claimed.insert(claim.job);
  for (const ledger::OneShotAdded& request : resume.one_shots) {
    const bool untouched = !totals_.contains(request.name) && !paused_before_.contains(request.name) &&
                           !accounted_.contains(request.name) && !claimed.contains(request.name);
    if (untouched) {
      one_shots_.add(request);
    } else {
      wake_one_shot(request);
    }
  }
}

/// Brings to the ledger what only the table knows of the run.
void Engine::take_over(const Leftover& left) {
  const ledger::LiveRun& run = left.run;
  BELFRY_FAULT_POINT("run.taken_over");
  if (run.started.scheduled_at) account_for(accounted_[run.started.job], *run.started.scheduled_at);
  const bool owns_slot = run.started.scheduled_at && run.started.trigger != ledger::RunTrigger::recovery;
  if (owns_slot && !left.slot_on_record) recorder_.record_late(started_slot(run.started));
  if (!left.start_on_record) recorder_.record_late(run.started);
  if (run.attempt_ended && left.attempts_on_record < run.attempt) recorder_.record_late(*run.attempt_ended);
  if (run.ended && left.end_on_record) recorder_.live()->forget(run.started.run);
}

void Engine::close_lost(const ledger::RunStarted& run, std::string message) {
  // A daemon that closed it before, and was killed at once, may have begun what depends on it: due at the end of the
  // run.
  const auto follower = std::ranges::find_if(past_->left, [&](const Leftover& left) {
    return left.run.started.caused_by == run.run && left.run.started.trigger == ledger::RunTrigger::dependency;
  });
  ledger::RunEnded ended{.run = run.run,
                         .job = run.job,
                         .trigger = run.trigger,
                         .scheduled_at = run.scheduled_at,
                         .started_at = run.started_at,
                         .ended_at = follower == past_->left.end() ? wall_now() : *follower->run.started.scheduled_at,
                         .outcome = ledger::Outcome::lost,
                         .exit_code = std::nullopt,
                         .signal = std::nullopt,
                         .attempts = 1,
                         .message = std::move(message)};
  lost_.push_back(std::move(ended));
}

/// With the first generation in force, the past can be judged by what is declared. An end and what follows from it are
/// for one commit: a power cut between the two would have it follow twice.
void Engine::settle_past() {
  const Recorder::Together together(recorder_);
  std::vector<const ledger::LiveRun*> late;
  for (const Leftover& left : past_->left) {
    if (!left.run.ended) {
      adopt(left.run);
    } else if (!left.end_on_record) {
      late.push_back(&left.run);
    }
  }
  std::ranges::sort(late, {}, [](const ledger::LiveRun* run) { return run->ended->ended_at; });
  for (const ledger::LiveRun* run : late) note_late_end(*run);
  for (const ledger::RunEnded& ended : lost_) {
    recorder_.record(ended);
    const auto found = jobs_.find(ended.job);
    if (found != jobs_.end()) note_end(*found->second, ended);
  }
  for (const ledger::RunStarted& lost : past_->resume.unrepeated) repeat_if_owed(lost);  // it was still waiting
  for (const ledger::SlotClaimed& claimed : past_->resume.claims) settle_claim(claimed);
  restore_dependencies();
  withdraw_undeclared();
  lost_.clear();
  totals_.clear();
  past_.reset();
  run_ended_.set();  // so that the table is told when all of this is durable
  std::vector<std::shared_ptr<JobState>> one_shots;
  for (const auto& [name, state] : jobs_) {
    if (state->one_shot) one_shots.push_back(state);
  }
  for (const auto& state : one_shots) forget_if_done(*state);  // it had started before belfryd ended
}

/// The run goes on under this daemon. One whose job is declared no more is supervised by a stand-in for it.
void Engine::adopt(const ledger::LiveRun& left) {
  const std::string& name = left.started.job;
  auto found = jobs_.find(name);
  if (found == jobs_.end()) {
    ledger::OneShotAdded stand_in{};
    stand_in.name = name;
    stand_in.argv = {"/bin/true"};
    auto state = new_state(one_shot_factory_(stand_in));
    state->removed = true;
    found = jobs_.emplace(name, std::move(state)).first;
  }
  JobState& state = *found->second;
  ++state.running;
  state.last_start = left.started.started_at;
  if (Group* group = group_of(*state.job)) {
    group->adopt(left.started.run, state.job->group->weight);
    places_.emplace(left.started.run, group);
    tell(*group);
  }
  supervise(state, std::make_shared<Run>(state.job, left, state.last_success, recorder_));
}

/// An end that the table alone knows; its job's totals lack it. What was to follow from it may have followed already:
/// restore_dependencies() looks.
void Engine::note_late_end(const ledger::LiveRun& left) {
  recorder_.record_late(*left.ended);
  const auto found = jobs_.find(left.started.job);
  if (found == jobs_.end()) return;
  JobState& state = *found->second;
  state.last_start = std::max(state.last_start.value_or(left.started.started_at), left.started.started_at);
  remember_end(state, *left.ended);
  if (left.ended->outcome == ledger::Outcome::lost) repeat_if_owed(left.started);
}

/// A slot that was claimed, or waited, and was never closed.
void Engine::settle_claim(const ledger::SlotClaimed& claimed) {
  BELFRY_FAULT_POINT("claim.settled");
  const WallTime now = wall_now();
  const auto known = accounted_.find(claimed.job);
  if (known != accounted_.end() && std::ranges::binary_search(known->second, claimed.scheduled_at)) return;
  const auto found = jobs_.find(claimed.job);
  const bool planned = found != jobs_.end() && found->second->next == claimed.scheduled_at;
  // One that was planned as still to come may have become due since then, in this very turn.
  if (planned && (claimed.scheduled_at > now || !(found->second->missed_while_down || past_->continued))) {
    found->second->claimed = true;
    due_.set(found->second->slot, claimed.scheduled_at);
    return;
  }
  if (claimed.scheduled_at > now) {
    recorder_.write(
        ledger::SlotClaimed{.job = claimed.job, .scheduled_at = claimed.scheduled_at, .at = now, .withdrawn = true});
    return;
  }
  if (found == jobs_.end() || found->second->removed) {
    Job gone;
    gone.name = claimed.job;
    Slot(std::make_shared<const Job>(std::move(gone)), {.first = claimed.scheduled_at, .last = claimed.scheduled_at},
         recorder_, true)
        .enter_skipped(ledger::SlotReason::reloaded);
    return;
  }
  JobState& state = *found->second;
  account_for(accounted_[claimed.job], claimed.scheduled_at);
  Slot slot(state.job, {.first = claimed.scheduled_at, .last = claimed.scheduled_at}, recorder_, true);
  const Job& job = *state.job;
  if (job.guarantee == Guarantee::at_most_once && in_doubt(*past_, claimed.scheduled_at)) {
    std::move(slot).enter_missed(ledger::SlotReason::in_doubt);
  } else if (past_->continued && job.enabled) {
    offer(state, std::move(slot), {.trigger = ledger::RunTrigger::schedule});
  } else if (job.on_missed == OnMissed::skip || !job.enabled) {
    std::move(slot).enter_missed(ledger::SlotReason::down);
  } else {
    make_up(state, std::move(slot));
  }
}

/// A run that was lost under the last daemon.
void Engine::repeat_if_owed(const ledger::RunStarted& lost) {
  const auto found = jobs_.find(lost.job);
  if (found == jobs_.end() || found->second->job->guarantee != Guarantee::at_least_once) return;
  const auto declared = declared_.find(lost.job);
  if (declared == declared_.end() || lost.started_at < declared->second.at) return;  // by another declaration
  repeat(*found->second, lost.run, lost.scheduled_at);
}

/// Whether the last daemon had begun what follows from that run, and not put on record why.
bool Engine::has_followed(const std::string& job, ledger::RunId cause) const {
  return past_ && std::ranges::any_of(past_->left, [&](const Leftover& left) {
           return left.run.started.caused_by == cause && left.run.started.job == job;
         });
}

/// guarantee: at_least_once. The run was lost, so its slot is owed another.
void Engine::repeat(JobState& state, ledger::RunId lost, std::optional<WallTime> slot) {
  if (draining_ || state.removed || tasks_ == nullptr || has_followed(state.job->name, lost)) return;
  BELFRY_FAULT_POINT("run.repeated");
  static_cast<void>(
      take_turn({.launch = {.trigger = ledger::RunTrigger::recovery, .scheduled_at = slot, .caused_by = lost},
                 .state = state.shared_from_this(),
                 .slot = std::nullopt}));  // nobody asked who could be told
}

void Engine::withdraw_undeclared() {
  for (const ledger::JobDeclared& declared : past_->resume.declared) {
    if (!catalog_->jobs.contains(declared.job)) withdraw(declared.job);
  }
}

/// A round that was decided, or nearly so, when the daemon ended.
void Engine::restore_dependencies() {
  const auto last_end = [this](std::string_view name) -> std::optional<JobEnd> {
    const auto found = jobs_.find(name);
    if (found == jobs_.end()) return std::nullopt;
    const JobState& state = *found->second;
    return state.last_end && state.owes_another(state.last_end->outcome) ? std::nullopt : state.last_end;
  };
  for (const auto& [name, job] : catalog_->jobs) {
    if (!job->is_driven()) continue;
    const JobState& state = *jobs_.at(name);
    const WallTime declared = declared_.at(name).at;
    const WallTime since = std::max(declared, state.last_slot.value_or(declared));
    if (const auto round = dependencies_.restore(name, since, last_end)) decide(*round);
  }
}

}  // namespace belfry::engine
