// Numbers and totals of jobs; see job_tally.hpp.
#include "ledger/job_tally.hpp"

#include <algorithm>

namespace belfry::ledger {
namespace {

// Retention looks at a job each time that it got so many more rows.
constexpr std::size_t look_every = 256;

constexpr const char* insert_job_sql = "INSERT INTO jobs (name) VALUES (?1)";

// The newest slot is by scheduled time; the other instants are those of the last event, so that a clock which was once
// set to the future does not hold them there for ever.
constexpr const char* update_job_sql =
    "UPDATE jobs SET last_slot = max(ifnull(last_slot, ?2), ifnull(?2, last_slot)), last_start = ifnull(?3, "
    "last_start), "
    "last_success = ifnull(?4, last_success), last_failure = ifnull(?5, last_failure), "
    "last_outcome = ifnull(?6, last_outcome), last_end = ifnull(?10, last_end), "
    "last_duration = ifnull(?11, last_duration), "
    "consecutive_failures = CASE WHEN ?7 THEN ?8 ELSE consecutive_failures + ?8 END, retries = retries + ?9 "
    "WHERE id = ?1";

constexpr const char* add_runs_sql =
    "INSERT INTO run_totals (job_id, outcome, trigger, runs) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT DO UPDATE SET runs = runs + excluded.runs";

constexpr const char* add_slots_sql =
    "INSERT INTO slot_totals (job_id, result, reason, slots) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT DO UPDATE SET slots = slots + excluded.slots";

}  // namespace

JobTally::JobTally(sqlite::Connection& connection)
    : connection_(connection),
      insert_job_(connection, insert_job_sql),
      update_job_(connection, update_job_sql),
      add_runs_(connection, add_runs_sql),
      add_slots_(connection, add_slots_sql) {
  sqlite::Statement all(connection, "SELECT name, id, id IN (SELECT job_id FROM claims) FROM jobs");
  while (all.step()) {
    Job& job = jobs_[all.string(0)];
    job.id = all.integer(1);
    job.claims = all.integer(2) != 0;
  }
}

JobTally::Job& JobTally::job(const std::string& name) {
  if (const auto found = jobs_.find(name); found != jobs_.end()) return found->second;
  insert_job_.run(std::string_view{name});
  added_.push_back(name);
  Job& added = jobs_[name];
  added.id = connection_.last_insert_rowid();
  return added;
}

void JobTally::slot_closed(Job& job, const SlotClosed& slot) {
  touch(job);
  note_row(job, slot.closed_at);
  if (!slot.out_of_order) {
    job.last_slot = std::max(job.last_slot.value_or(slot.last_scheduled_at), slot.last_scheduled_at);
  }
  const auto same = [&](const Job::Slots& slots) { return slots.result == slot.result && slots.reason == slot.reason; };
  if (const auto found = std::ranges::find_if(job.slots, same); found != job.slots.end()) {
    found->count += slot.count;
  } else {
    job.slots.push_back({.result = slot.result, .reason = slot.reason, .count = slot.count});
  }
}

void JobTally::run_started(Job& job, const RunStarted& run) {
  touch(job);
  job.last_start = run.started_at;
}

void JobTally::attempt_ended(Job& job, const AttemptEnded& attempt) {
  if (attempt.attempt <= 1) return;
  touch(job);
  ++job.retries;
}

void JobTally::run_ended(Job& job, const RunEnded& run) {
  touch(job);
  note_row(job, run.ended_at);
  job.last_outcome = run.outcome;
  job.last_end = run.ended_at;
  job.last_duration = run.ended_at - run.started_at;
  if (run.outcome == Outcome::success) {
    job.last_success = run.ended_at;
    job.succeeded = true;
    job.failures = 0;
  } else if (run.outcome != Outcome::cancelled) {
    job.last_failure = run.ended_at;
    ++job.failures;
  }
  const auto same = [&](const Job::Runs& runs) { return runs.outcome == run.outcome && runs.trigger == run.trigger; };
  if (const auto found = std::ranges::find_if(job.runs, same); found != job.runs.end()) {
    ++found->count;
  } else {
    job.runs.push_back({.outcome = run.outcome, .trigger = run.trigger, .count = 1});
  }
}

void JobTally::write() {
  for (const Job* job : touched_) write(*job);
}

void JobTally::write(const Job& job) {
  const std::optional<std::string_view> last_outcome =
      job.last_outcome.transform([](Outcome o) { return to_string(o); });
  update_job_.run(job.id, job.last_slot, job.last_start, job.last_success, job.last_failure, last_outcome,
                  job.succeeded, job.failures, job.retries, job.last_end, job.last_duration);
  for (const Job::Runs& runs : job.runs) {
    add_runs_.run(job.id, to_string(runs.outcome), to_string(runs.trigger), runs.count);
  }
  for (const Job::Slots& slots : job.slots) {
    add_slots_.run(job.id, to_string(slots.result), to_string(slots.reason), slots.count);
  }
}

void JobTally::touch(Job& job) {
  if (job.touched) return;
  touched_.push_back(&job);
  job.touched = true;
}

void JobTally::clear(Job& job) noexcept {
  job.touched = false;
  job.last_slot = job.last_start = job.last_success = job.last_failure = job.last_end = std::nullopt;
  job.last_outcome.reset();
  job.last_duration.reset();
  job.succeeded = false;
  job.failures = job.retries = 0;
  job.runs.clear();
  job.slots.clear();
}

void JobTally::committed() noexcept {
  for (Job* job : touched_) clear(*job);
  touched_.clear();
  added_.clear();
}

void JobTally::rolled_back() noexcept {
  for (Job* job : touched_) clear(*job);
  touched_.clear();
  for (const std::string& name : added_) jobs_.erase(name);
  added_.clear();
}

void JobTally::note_row(Job& job, WallTime at) {
  newest_ = std::max(newest_, at);
  if (--job.until_grown > 0) return;
  job.until_grown = look_every;
  grown_.push_back(job.id);
}

std::optional<std::int64_t> JobTally::take_grown() {
  if (grown_.empty()) return std::nullopt;
  const std::int64_t job = grown_.front();
  grown_.pop_front();
  return job;
}

}  // namespace belfry::ledger
