// Pruning; see retention.hpp.
#include "ledger/retention.hpp"

#include <utility>
#include <vector>

namespace belfry::ledger {
namespace {

constexpr std::int64_t rows_of_a_step = 256;      // a few milliseconds
constexpr std::int64_t keep_happenings = 10'000;  // of each kind, however young
constexpr Duration pass_every = std::chrono::hours{1};

// Everything beyond the newest ?2 of job ?1, oldest first, at most ?3.
constexpr const char* extra_runs_sql =
    "SELECT id, job_id FROM runs WHERE job_id = ?1 AND outcome IS NOT NULL AND id < "
    "(SELECT id FROM runs WHERE job_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2 - 1) ORDER BY id LIMIT ?3";
constexpr const char* extra_slots_sql =
    "DELETE FROM slots WHERE id IN (SELECT id FROM slots WHERE job_id = ?1 AND scheduled_at < "
    "(SELECT scheduled_at FROM slots WHERE job_id = ?1 ORDER BY scheduled_at DESC LIMIT 1 OFFSET ?2 - 1) "
    "ORDER BY scheduled_at LIMIT ?3)";
constexpr const char* extra_outputs_sql =
    "SELECT id FROM outputs WHERE job_id = ?1 AND run_id < "
    "(SELECT run_id FROM outputs WHERE job_id = ?1 ORDER BY run_id DESC LIMIT 1 OFFSET ?2 - 1) "
    "AND length(head) + length(tail) > 0 ORDER BY run_id LIMIT ?3";

// The newest run of a job stays, unless the job was a one-shot; the newest of all stays, for ids must not come again.
constexpr const char* old_runs_sql =
    "SELECT r.id, r.job_id FROM runs AS r WHERE r.started_at < ?1 AND r.outcome IS NOT NULL "
    "AND r.id < (SELECT max(id) FROM runs) AND (r.id < (SELECT max(n.id) FROM runs AS n WHERE n.job_id = r.job_id) "
    "OR EXISTS (SELECT 1 FROM jobs AS j WHERE j.id = r.job_id AND j.one_shot = 1)) ORDER BY r.started_at LIMIT ?2";
constexpr const char* old_slots_sql =
    "SELECT id, job_id FROM slots WHERE scheduled_at < ?1 ORDER BY scheduled_at LIMIT ?2";
// A claim that no slot will ever take away, because its job is gone. That of a slot which waits stays, however long.
constexpr const char* old_claims_sql =
    "DELETE FROM claims WHERE scheduled_at < ?1 AND job_id NOT IN (SELECT id FROM jobs WHERE name IN "
    "(SELECT job FROM declarations UNION ALL SELECT name FROM one_shots))";

// What happened before ?1, and all but the newest ?2, oldest first, at most ?3. What is still so stays: a job that is
// paused, a breaker that is open, the newest of those that say what is in force.
constexpr const char* old_pauses_sql =
    "DELETE FROM pause_log WHERE id IN (SELECT id FROM pause_log WHERE ended_at IS NOT NULL AND (ended_at < ?1 OR "
    "id <= (SELECT max(id) FROM pause_log) - ?2) ORDER BY id LIMIT ?3)";
constexpr const char* old_breakers_sql =
    "DELETE FROM breaker_log WHERE id IN (SELECT b.id FROM breaker_log AS b WHERE (b.at < ?1 OR "
    "b.id <= (SELECT max(id) FROM breaker_log) - ?2) AND (b.open = 0 OR EXISTS (SELECT 1 FROM breaker_log AS n "
    "WHERE n.job = b.job AND n.id > b.id)) ORDER BY b.id LIMIT ?3)";
constexpr const char* old_jumps_sql =
    "DELETE FROM clock_jumps WHERE id IN (SELECT id FROM clock_jumps WHERE at < ?1 OR "
    "id <= (SELECT max(id) FROM clock_jumps) - ?2 ORDER BY id LIMIT ?3)";
constexpr const char* old_zones_sql =
    "DELETE FROM zone_changes WHERE id IN (SELECT id FROM zone_changes WHERE id < (SELECT max(id) FROM zone_changes) "
    "AND (at < ?1 OR id <= (SELECT max(id) FROM zone_changes) - ?2) ORDER BY id LIMIT ?3)";
constexpr const char* old_generations_sql =
    "DELETE FROM generations WHERE id IN (SELECT id FROM generations WHERE id < (SELECT max(id) FROM generations) "
    "AND (at < ?1 OR id <= (SELECT max(id) FROM generations) - ?2) ORDER BY id LIMIT ?3)";
constexpr const char* old_marks_sql =
    "DELETE FROM daemon_marks WHERE id IN (SELECT id FROM daemon_marks WHERE id < (SELECT max(id) FROM daemon_marks) "
    "AND (at < ?1 OR id <= (SELECT max(id) FROM daemon_marks) - ?2) ORDER BY id LIMIT ?3)";

constexpr const char* finished_one_shot_sql =
    "SELECT name FROM jobs AS j WHERE id = ?1 AND one_shot = 1 AND NOT EXISTS (SELECT 1 FROM runs WHERE job_id = ?1) "
    "AND NOT EXISTS (SELECT 1 FROM slots WHERE job_id = ?1) AND NOT EXISTS (SELECT 1 FROM one_shots WHERE name = "
    "j.name)";

std::int64_t at_least_one(std::size_t count) { return count == 0 ? 1 : static_cast<std::int64_t>(count); }

}  // namespace

Pruner::Pruner(sqlite::Connection& connection, JobTally& jobs, const Retention& retention)
    : connection_(connection),
      jobs_(jobs),
      retention_(retention),
      output_budget_(connection, jobs, retention.output_bytes),
      extra_runs_(connection, extra_runs_sql),
      extra_slots_(connection, extra_slots_sql),
      extra_outputs_(connection, extra_outputs_sql),
      old_runs_(connection, old_runs_sql),
      old_slots_(connection, old_slots_sql),
      old_claims_(connection, old_claims_sql),
      old_happenings_{{{connection, old_pauses_sql},
                       {connection, old_breakers_sql},
                       {connection, old_jumps_sql},
                       {connection, old_zones_sql},
                       {connection, old_generations_sql},
                       {connection, old_marks_sql}}},
      forget_output_(connection, forget_output_sql),
      delete_slot_(connection, "DELETE FROM slots WHERE id = ?1"),
      delete_outputs_(connection, "DELETE FROM outputs WHERE job_id = ?1 AND run_id = ?2"),
      delete_attempts_(connection, "DELETE FROM attempts WHERE run_id = ?1"),
      delete_steps_(connection, "DELETE FROM steps WHERE run_id = ?1"),
      delete_run_(connection, "DELETE FROM runs WHERE id = ?1"),
      finished_one_shot_(connection, finished_one_shot_sql),
      delete_run_totals_(connection, "DELETE FROM run_totals WHERE job_id = ?1"),
      delete_slot_totals_(connection, "DELETE FROM slot_totals WHERE job_id = ?1"),
      delete_claims_(connection, "DELETE FROM claims WHERE job_id = ?1"),
      delete_job_(connection, "DELETE FROM jobs WHERE id = ?1") {}

bool Pruner::is_due() const noexcept {
  return job_ || jobs_.has_grown() || output_budget_.is_due() || jobs_.newest() >= last_pass_ + pass_every;
}

void Pruner::step() {
  if (!job_) job_ = jobs_.take_grown();
  const bool of_budget = !job_ && output_budget_.is_due();
  bool more = of_budget;
  connection_.execute("BEGIN IMMEDIATE");
  try {
    if (of_budget) {
      output_budget_.prune();
    } else {
      more = job_ ? prune_job(*job_) : prune_by_age();
    }
    connection_.execute("COMMIT");
    for (const std::string& name : jobs_over_) jobs_.forget(name);
    jobs_over_.clear();
    if (!more) finish();
  } catch (...) {
    connection_.rollback();
    jobs_over_.clear();
    if (!of_budget) finish();
    throw;
  }
}

void Pruner::finish() noexcept {
  if (!std::exchange(job_, std::nullopt)) last_pass_ = jobs_.newest();
}

bool Pruner::prune_job(std::int64_t job) {
  extra_runs_.start(job, at_least_one(retention_.keep_runs), rows_of_a_step);
  if (prune_runs(extra_runs_)) return true;
  extra_slots_.run(job, at_least_one(retention_.keep_slots), rows_of_a_step);
  if (connection_.changes() == rows_of_a_step) return true;
  return prune_outputs(job);
}

bool Pruner::prune_outputs(std::int64_t job) {
  std::vector<std::int64_t> outputs;
  extra_outputs_.start(job, at_least_one(retention_.keep_outputs), rows_of_a_step);
  while (extra_outputs_.step()) outputs.push_back(extra_outputs_.integer(0));
  extra_outputs_.reset();
  for (const std::int64_t output : outputs) forget_output_.run(output);
  return std::ssize(outputs) == rows_of_a_step;
}

bool Pruner::prune_by_age() {
  const WallTime cutoff = jobs_.newest() - retention_.keep_for;
  old_runs_.start(cutoff, rows_of_a_step);
  if (prune_runs(old_runs_)) return true;
  if (prune_old_slots(cutoff)) return true;
  old_claims_.run(cutoff);
  return prune_old_happenings(cutoff);
}

bool Pruner::prune_old_happenings(WallTime cutoff) {
  for (sqlite::Statement& old : old_happenings_) {
    old.run(cutoff, keep_happenings, rows_of_a_step);
    if (connection_.changes() == rows_of_a_step) return true;
  }
  return false;
}

bool Pruner::prune_runs(sqlite::Statement& selected) {
  std::vector<std::pair<RunId, std::int64_t>> runs;
  while (selected.step()) runs.emplace_back(selected.integer(0), selected.integer(1));
  selected.reset();
  for (const auto& [run, job] : runs) delete_run(run, job);
  return std::ssize(runs) == rows_of_a_step;
}

bool Pruner::prune_old_slots(WallTime cutoff) {
  std::vector<std::pair<std::int64_t, std::int64_t>> slots;
  old_slots_.start(cutoff, rows_of_a_step);
  while (old_slots_.step()) slots.emplace_back(old_slots_.integer(0), old_slots_.integer(1));
  old_slots_.reset();
  for (const auto& [slot, job] : slots) {
    delete_slot_.run(slot);
    delete_job_if_over(job);
  }
  return std::ssize(slots) == rows_of_a_step;
}

void Pruner::delete_run(RunId run, std::int64_t job) {
  delete_outputs_.run(job, run);
  delete_attempts_.run(run);
  delete_steps_.run(run);
  delete_run_.run(run);
  delete_job_if_over(job);
}

// A one-shot's job is named once and never again: without this they would pile up.
void Pruner::delete_job_if_over(std::int64_t job) {
  finished_one_shot_.start(job);
  const bool over = finished_one_shot_.step();
  if (over) jobs_over_.push_back(finished_one_shot_.string(0));
  finished_one_shot_.reset();
  if (!over) return;
  delete_run_totals_.run(job);
  delete_slot_totals_.run(job);
  delete_claims_.run(job);
  delete_job_.run(job);
}

}  // namespace belfry::ledger
