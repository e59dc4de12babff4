// The plainest ledger; see ledger_model.hpp.
#include "ledger/support/ledger_model.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>

namespace belfry::ledger::test {

void LedgerModel::write(const Entry& entry) {
  ++entries_;
  std::visit([this](const auto& value) { add(value); }, entry);
}

const SlotClosed* LedgerModel::last_slot_upto(const Job& job, WallTime instant) const {
  const auto beyond = job.slots.upper_bound(instant);
  return beyond == job.slots.begin() ? nullptr : &std::prev(beyond)->second;
}

void LedgerModel::add(const SlotClaimed& slot) {
  Job& job = jobs_[slot.job];
  if (slot.withdrawn) {
    job.claims.erase(slot.scheduled_at);
    return;
  }
  const SlotClosed* const closed = last_slot_upto(job, slot.scheduled_at);
  const bool is_closed = closed != nullptr && closed->last_scheduled_at >= slot.scheduled_at;
  if (is_closed || !job.claims.insert(slot.scheduled_at).second) ++refused_;
}

void LedgerModel::add(const SlotClosed& slot) {
  Job& job = jobs_[slot.job];
  if (slot.run) last_run_ = std::max(last_run_, *slot.run);
  if (!job.slots.emplace(slot.scheduled_at, slot).second) {
    ++refused_;
    return;
  }
  job.claims.erase(job.claims.lower_bound(slot.scheduled_at), job.claims.upper_bound(slot.last_scheduled_at));
  job.slot_totals[{slot.result, slot.reason}] += slot.count;
  job.totals.last_slot = std::max(job.totals.last_slot.value_or(slot.last_scheduled_at), slot.last_scheduled_at);
}

void LedgerModel::add(const RunStarted& started) {
  Job& job = jobs_[started.job];
  Run& run = runs_[started.run];
  if (std::exchange(run.known, true)) {
    ++refused_;
    return;
  }
  run_ids_.push_back(started.run);
  last_run_ = std::max(last_run_, started.run);
  run.row.run = started.run;
  run.row.job = started.job;
  run.row.trigger = started.trigger;
  run.row.scheduled_at = started.scheduled_at;
  run.row.started_at = started.started_at;
  run.row.caused_by = started.caused_by;
  run.generation = started.generation;
  job.totals.last_start = started.started_at;
}

void LedgerModel::add(const AttemptEnded& attempt) {
  Job& job = jobs_[attempt.job];
  last_run_ = std::max(last_run_, attempt.run);
  if (!runs_[attempt.run].attempts.emplace(attempt.attempt, attempt).second) {
    ++refused_;
    return;
  }
  if (attempt.attempt > 1) ++job.totals.retries;
}

void LedgerModel::add(const RunEnded& ended) {
  Job& job = jobs_[ended.job];
  Run& run = runs_[ended.run];
  if (run.row.outcome) {
    ++refused_;
    return;
  }
  if (!std::exchange(run.known, true)) {
    run_ids_.push_back(ended.run);
    last_run_ = std::max(last_run_, ended.run);
    run.row.run = ended.run;
    run.row.job = ended.job;
    run.row.trigger = ended.trigger;
    run.row.scheduled_at = ended.scheduled_at;
    run.row.started_at = ended.started_at;
  }
  run.row.ended_at = ended.ended_at;
  run.row.outcome = ended.outcome;
  run.row.exit_code = ended.exit_code;
  run.row.signal = ended.signal;
  run.row.attempts = ended.attempts;
  run.row.message = ended.message;
  ++job.run_totals[{ended.outcome, ended.trigger}];
  job.totals.last_outcome = ended.outcome;
  job.totals.last_end = ended.ended_at;
  job.totals.last_duration = ended.ended_at - ended.started_at;
  if (ended.outcome == Outcome::success) {
    job.totals.last_success = ended.ended_at;
    job.totals.consecutive_failures = 0;
  } else if (ended.outcome != Outcome::cancelled) {
    job.totals.last_failure = ended.ended_at;
    ++job.totals.consecutive_failures;
  }
}

void LedgerModel::add(const PauseChanged& pause) {
  if (paused_.erase(pause.job) > 0) {  // one pause ends when another begins
    PauseChanged end = pause;
    end.paused = false;
    end.until.reset();
    happenings_.emplace_back(end);
  }
  if (!pause.paused) return;
  paused_[pause.job] = pause;
  happenings_.emplace_back(pause);
}

void LedgerModel::add(const BreakerChanged& breaker) {
  breakers_.erase(breaker.job);
  if (breaker.open) breakers_[breaker.job] = breaker;
  happenings_.emplace_back(breaker);
}

void LedgerModel::add(const JobDeclared& job) {
  declared_.erase(job.job);
  if (!job.fingerprint.empty()) declared_[job.job] = job;
}

void LedgerModel::add(const OneShotAdded& shot) {
  if (std::ranges::find(one_shots_, shot.name, &OneShotAdded::name) != one_shots_.end()) {
    ++refused_;
  } else {
    one_shots_.push_back(shot);
  }
}

void LedgerModel::add(const OneShotRemoved& shot) {
  std::erase_if(one_shots_, [&](const OneShotAdded& other) { return other.name == shot.name; });
  if (const auto job = jobs_.find(shot.name); job != jobs_.end()) job->second.over = true;
}

JobTotals LedgerModel::totals(const std::string& name, const Job& job) const {
  JobTotals totals = job.totals;
  totals.job = name;
  for (const auto& [kind, count] : job.run_totals) {
    totals.runs.push_back({.outcome = kind.first, .trigger = kind.second, .count = count});
  }
  for (const auto& [kind, count] : job.slot_totals) {
    totals.slots.push_back({.result = kind.first, .reason = kind.second, .count = count});
  }
  return totals;
}

std::string LedgerModel::resume() const {
  Resume resume;
  for (const auto& [name, job] : jobs_) {
    const bool waits = std::ranges::find(one_shots_, name, &OneShotAdded::name) != one_shots_.end();
    if (!job.over || waits) resume.jobs.push_back(totals(name, job));
    for (const WallTime claim : job.claims) resume.claims.push_back({.job = name, .scheduled_at = claim, .at = {}});
  }
  for (const auto& [name, pause] : paused_) resume.paused.push_back(pause);
  for (const auto& [name, breaker] : breakers_) resume.breakers.push_back(breaker);
  for (const auto& [name, job] : declared_) resume.declared.push_back(job);
  resume.one_shots = one_shots_;
  for (const auto& [id, run] : runs_) {
    if (!run.known || run.row.outcome) continue;
    resume.unfinished.push_back({.run = id,
                                 .job = run.row.job,
                                 .trigger = run.row.trigger,
                                 .scheduled_at = run.row.scheduled_at,
                                 .started_at = run.row.started_at,
                                 .generation = run.generation,
                                 .caused_by = run.row.caused_by});
  }
  for (const Entry& entry : happenings_) {
    if (const auto* mark = std::get_if<DaemonMark>(&entry)) resume.last_mark = *mark;
    if (const auto* zones = std::get_if<ZonesChanged>(&entry)) resume.last_zones = *zones;
    if (const auto* applied = std::get_if<GenerationApplied>(&entry)) resume.last_generation = *applied;
  }
  resume.last_run = last_run_;
  return describe(resume);
}

std::string LedgerModel::runs() const {
  std::vector<RunRow> rows;
  for (const auto& [id, run] : runs_ | std::views::reverse) {
    if (!run.known) continue;
    rows.push_back(run.row);
    if (!run.row.outcome) rows.back().attempts = static_cast<int>(run.attempts.size());
  }
  return describe(rows);
}

std::string LedgerModel::slots() const {
  std::vector<SlotClosed> rows;
  for (const auto& [name, job] : jobs_) {
    for (const auto& [at, slot] : job.slots) rows.push_back(slot);
  }
  return describe(rows);
}

std::string LedgerModel::attempts(RunId run) const {
  std::vector<AttemptEnded> found;
  const auto known = runs_.find(run);
  if (known == runs_.end() || !known->second.known) return "";
  for (const auto& [number, attempt] : known->second.attempts) {
    found.push_back(attempt);
    found.back().job = known->second.row.job;
  }
  return describe(found);
}

std::string LedgerModel::slot_at(const std::string& name, WallTime instant) const {
  SlotsAround found;
  const auto job = jobs_.find(name);
  if (job == jobs_.end()) return describe(found);
  const auto& slots = job->second.slots;
  auto beyond = slots.upper_bound(instant);
  if (beyond != slots.end()) found.after = beyond->second;
  if (beyond == slots.begin()) return describe(found);
  auto upto = std::prev(beyond);
  if (upto->second.last_scheduled_at >= instant) {
    found.covering = upto->second;
    if (upto == slots.begin()) return describe(found);
    --upto;
  }
  found.before = upto->second;
  return describe(found);
}

std::string LedgerModel::durations(const std::string& job, std::size_t limit) const {
  std::vector<RunSpan> spans;
  for (const auto& [id, run] : runs_ | std::views::reverse) {
    if (run.row.job != job || !run.row.outcome || spans.size() == limit) continue;
    spans.push_back(
        {.run = id, .started_at = run.row.started_at, .ended_at = *run.row.ended_at, .outcome = *run.row.outcome});
  }
  return describe(spans);
}

namespace {

WallTime time_of(const Entry& entry) {
  return std::visit(
      [](const auto& value) {
        if constexpr (requires { value.at; }) {
          return value.at;
        } else {
          return WallTime{};
        }
      },
      entry);
}

bool touches(const ClockJumped& jump, const HappeningQuery& query) {
  const WallTime other = jump.at - jump.step;
  return std::min(jump.at, other) <= query.until && std::max(jump.at, other) >= query.since;
}

// What was in force when the span began, told by the newest of its kind before it.
class InForce {
 public:
  void note(const Entry& entry) {
    if (const auto* pause = std::get_if<PauseChanged>(&entry)) {
      newest_["pause of " + pause->job] = pause->paused ? std::optional(entry) : std::nullopt;
    } else if (const auto* breaker = std::get_if<BreakerChanged>(&entry)) {
      newest_["breaker of " + breaker->job] = breaker->open ? std::optional(entry) : std::nullopt;
    } else {
      newest_[std::to_string(entry.index())] = entry;
    }
  }

  std::vector<Entry> entries() const {
    std::vector<Entry> found;
    for (const auto& [kind, entry] : newest_) {
      if (entry) found.push_back(*entry);
    }
    std::ranges::sort(found, {}, time_of);
    return found;
  }

 private:
  std::map<std::string, std::optional<Entry>> newest_;
};

bool is_of(const Entry& entry, const std::string& job) {
  if (const auto* pause = std::get_if<PauseChanged>(&entry)) return job.empty() || pause->job == job;
  if (const auto* breaker = std::get_if<BreakerChanged>(&entry)) return job.empty() || breaker->job == job;
  return true;
}

}  // namespace

std::string LedgerModel::happenings(const HappeningQuery& query) const {
  InForce before;
  std::vector<Entry> early_jumps;
  std::vector<Entry> inside;
  for (const Entry& entry : happenings_) {
    if (!is_of(entry, query.job)) continue;
    if (const auto* jump = std::get_if<ClockJumped>(&entry)) {
      if (touches(*jump, query)) (jump->at < query.since ? early_jumps : inside).push_back(entry);
    } else if (time_of(entry) < query.since) {
      before.note(entry);
    } else if (time_of(entry) <= query.until) {
      inside.push_back(entry);
    }
  }
  std::vector<Entry> all = before.entries();
  all.insert(all.end(), early_jumps.begin(), early_jumps.end());
  all.insert(all.end(), inside.begin(), inside.end());
  // Insertion keeps what has the same instant in the order of its writing.
  std::vector<Entry> sorted;
  for (const Entry& entry : all) {
    sorted.insert(std::ranges::upper_bound(sorted, time_of(entry), {}, time_of), entry);
  }
  return describe(sorted);
}

}  // namespace belfry::ledger::test
