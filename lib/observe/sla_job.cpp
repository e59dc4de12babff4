#include "observe/sla_job.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace belfry::observe {

using engine::Monotonic;
using engine::SlaCheck;
using engine::SlaFinding;
using engine::WallTime;
using ledger::Duration;
using ledger::RunTrigger;

namespace {

/// The moment of the monotonic clock at which the wall clock of now would have shown `at`; not after now.
Monotonic monotonic_of(WallTime at, SlaTime now) { return now.monotonic - std::max(now.wall - at, Duration::zero()); }

/// Whether the run is the first one for its slot, so that its start says how late the slot was.
bool tells_lateness(RunTrigger trigger) noexcept {
  return trigger == RunTrigger::schedule || trigger == RunTrigger::catchup || trigger == RunTrigger::dependency ||
         trigger == RunTrigger::watch;
}

}  // namespace

SlaJob::SlaJob(std::string name, WallTime declared_at) : name_(std::move(name)), declared_at_(declared_at) {}

void SlaJob::set_policy(const engine::SlaPolicy& policy, SlaTime now, Events& out) {
  policy_ = policy;
  for (const SlaCheck check : engine::all_sla_checks) {
    if (is_breached(check) && !policy_.declares(check)) conclude(false, *standing(check), out);
  }
  look(now, out);
}

void SlaJob::know_last_success(std::optional<WallTime> at) noexcept {
  success_known_ = true;
  last_success_ = std::max(last_success_, at);
}

std::size_t SlaJob::wanted_history() const noexcept {
  constexpr std::size_t runs_a_success = 2;  // some have failed
  constexpr std::size_t trend = runs_a_success * (DurationTrend::recent_runs + DurationTrend::earlier_runs);
  const std::size_t starts = policy_.too_often ? static_cast<std::size_t>(policy_.too_often->count) + 1 : 0;
  return std::max(starts, policy_.duration_regression ? trend : 0);
}

void SlaJob::know_history(std::span<const ledger::RunSpan> runs, SlaTime now) {
  for (const ledger::RunSpan& run : runs) {
    if (run.outcome == ledger::Outcome::success) trend_.add(run.run, run.ended_at - run.started_at);
    note_start({.run = run.run, .at = monotonic_of(run.started_at, now)});
  }
}

void SlaJob::slot_waits(WallTime slot) { waiting_.insert(slot); }

void SlaJob::slots_closed(WallTime first, WallTime last) {
  waiting_.erase(waiting_.lower_bound(first), waiting_.upper_bound(last));
}

void SlaJob::run_started(const ledger::RunStarted& run, SlaTime now, Events& out) {
  run_found(run.run, run.started_at, now);
  if (run.scheduled_at && tells_lateness(run.trigger) && policy_.late_after) {
    const Duration late = run.started_at - *run.scheduled_at;
    const bool others = !waiting_.empty() && now.wall - *waiting_.begin() >= *policy_.late_after;
    conclude(late >= *policy_.late_after || others,
             {.job = name_,
              .check = SlaCheck::late_after,
              .since = *run.scheduled_at + *policy_.late_after,
              .limit = *policy_.late_after,
              .value = late,
              .run = run.run},
             out);
  }
  look(now, out);
}

void SlaJob::run_found(ledger::RunId run, WallTime started_at, SlaTime now) {
  const Monotonic at = monotonic_of(started_at, now);
  if (running_.emplace(run, at).second) note_start({.run = run, .at = at});
}

void SlaJob::run_ended(const ledger::RunEnded& run, SlaTime now, Events& out) {
  running_.erase(run.run);
  if (run.outcome == ledger::Outcome::success) {
    last_success_ = std::max(last_success_, std::optional(run.ended_at));
    trend_.add(run.run, run.ended_at - run.started_at);
    if (policy_.duration_regression) {
      if (const auto compared = trend_.compare(*policy_.duration_regression)) {
        conclude(compared->slower,
                 {.job = name_,
                  .check = SlaCheck::duration_regression,
                  .since = run.ended_at,
                  .limit = compared->agreed,
                  .value = compared->recent,
                  .run = run.run},
                 out);
      }
    }
  }
  look(now, out);
}

void SlaJob::look(SlaTime now, Events& out) {
  look_at_success(now, out);
  look_at_waiting(now, out);
  look_at_runs(now, out);
  look_at_starts(now, out);
}

void SlaJob::look_at_success(SlaTime now, Events& out) {
  if (!policy_.max_time_since_success || !success_known_) return;
  const Duration limit = *policy_.max_time_since_success;
  const WallTime from = last_success_.value_or(declared_at_);
  conclude(now.wall - from >= limit,
           {.job = name_,
            .check = SlaCheck::max_time_since_success,
            .since = from + limit,
            .limit = limit,
            .value = now.wall - from},
           out);
}

/// Late slots that wait no more change nothing here: only one that starts in time ends the breach.
void SlaJob::look_at_waiting(SlaTime now, Events& out) {
  if (!policy_.late_after || waiting_.empty()) return;
  const Duration limit = *policy_.late_after;
  const WallTime oldest = *waiting_.begin();
  if (now.wall - oldest < limit) return;
  conclude(true,
           {.job = name_,
            .check = SlaCheck::late_after,
            .since = oldest + limit,
            .limit = limit,
            .value = now.wall - oldest},
           out);
}

void SlaJob::look_at_runs(SlaTime now, Events& out) {
  if (!policy_.max_runtime) return;
  const Duration limit = *policy_.max_runtime;
  const auto oldest = oldest_run();
  const Duration age = oldest ? now.monotonic - oldest->second : Duration::zero();
  conclude(oldest && age >= limit,
           {.job = name_,
            .check = SlaCheck::max_runtime,
            .since = now.wall - (age - limit),
            .limit = limit,
            .value = age,
            .run = oldest ? std::optional(oldest->first) : std::nullopt},
           out);
}

void SlaJob::look_at_starts(SlaTime now, Events& out) {
  const Start* const oldest = oldest_counted_start();
  if (oldest == nullptr) return;
  const engine::StartLimit& limit = *policy_.too_often;
  conclude(now.monotonic - oldest->at < limit.within,
           {.job = name_,
            .check = SlaCheck::too_often,
            .since = now.wall - (now.monotonic - starts_.back().at),
            .limit = limit.within,
            .value = starts_.back().at - oldest->at,
            .count = limit.count,
            .run = starts_.back().run},
           out);
}

std::optional<WallTime> SlaJob::next_wall() const {
  std::optional<WallTime> next;
  if (policy_.max_time_since_success && success_known_ && !is_breached(SlaCheck::max_time_since_success)) {
    next = last_success_.value_or(declared_at_) + *policy_.max_time_since_success;
  }
  if (policy_.late_after && !waiting_.empty() && !is_breached(SlaCheck::late_after)) {
    const WallTime late = *waiting_.begin() + *policy_.late_after;
    next = std::min(next.value_or(late), late);
  }
  return next;
}

std::optional<Monotonic> SlaJob::next_monotonic() const {
  std::optional<Monotonic> next;
  if (policy_.max_runtime && !is_breached(SlaCheck::max_runtime)) {
    if (const auto oldest = oldest_run()) next = oldest->second + *policy_.max_runtime;
  }
  if (is_breached(SlaCheck::too_often)) {
    const Monotonic over = oldest_counted_start()->at + policy_.too_often->within;
    next = std::min(next.value_or(over), over);
  }
  return next;
}

std::vector<engine::SlaBreached> SlaJob::breaches() const {
  std::vector<engine::SlaBreached> all;
  for (const auto& standing : standings_) {
    if (standing) all.push_back({*standing});
  }
  return all;
}

const std::optional<SlaFinding>& SlaJob::standing(SlaCheck check) const {
  return standings_[static_cast<std::size_t>(check)];
}

void SlaJob::conclude(bool breached, SlaFinding finding, Events& out) {
  auto& standing = standings_[static_cast<std::size_t>(finding.check)];
  if (breached == standing.has_value()) return;
  if (breached) {
    standing = finding;
    out.emplace_back(engine::SlaBreached{std::move(finding)});
    return;
  }
  finding.since = standing->since;
  standing.reset();
  out.emplace_back(engine::SlaMet{std::move(finding)});
}

/// Keeps one more than may start, by time; each run once.
void SlaJob::note_start(Start start) {
  if (!policy_.too_often) return starts_.clear();
  if (std::ranges::find(starts_, start.run, &Start::run) != starts_.end()) return;
  starts_.insert(std::ranges::upper_bound(starts_, start.at, {}, &Start::at), start);
  if (std::cmp_greater(starts_.size(), policy_.too_often->count + 1)) starts_.pop_front();
}

/// The start that must be so long ago that all since then are no more than agreed; none: there were not so many.
const SlaJob::Start* SlaJob::oldest_counted_start() const {
  if (!policy_.too_often || !std::cmp_greater(starts_.size(), policy_.too_often->count)) return nullptr;
  return &starts_[starts_.size() - static_cast<std::size_t>(policy_.too_often->count) - 1];
}

std::optional<std::pair<ledger::RunId, Monotonic>> SlaJob::oldest_run() const {
  const auto oldest = std::ranges::min_element(running_, {}, &decltype(running_)::value_type::second);
  return oldest == running_.end() ? std::nullopt : std::optional(std::pair(oldest->first, oldest->second));
}

}  // namespace belfry::observe
