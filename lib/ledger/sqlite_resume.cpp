// What the engine needs at its start, read in one transaction; see SqliteReader.
#include <unordered_map>

#include "ledger/read_words.hpp"
#include "ledger/row_writer.hpp"
#include "ledger/schema.hpp"
#include "ledger/sqlite_reader.hpp"

namespace belfry::ledger {
namespace {

// One-shots that are over have no totals to go on with; without this, a million of them would slow every start.
constexpr const char* live_jobs =
    "SELECT j.id, j.name, j.retries, j.last_slot, j.last_start, j.last_success, j.last_failure, j.last_outcome, "
    "j.consecutive_failures, j.last_end, j.last_duration FROM jobs AS j "
    "WHERE j.one_shot = 0 OR EXISTS (SELECT 1 FROM one_shots AS o WHERE o.name = j.name) ORDER BY j.id";

// An older slot may be missing below these. CROSS JOIN: a look into the index for each job, and not one at each slot.
constexpr const char* out_of_order_sql =
    "SELECT j.name, s.scheduled_at FROM jobs AS j CROSS JOIN slots AS s ON s.job_id = j.id AND s.scheduled_at > "
    "ifnull(j.last_slot, -9223372036854775808) "
    "WHERE j.one_shot = 0 OR EXISTS (SELECT 1 FROM one_shots AS o WHERE o.name = j.name) "
    "ORDER BY j.id, s.scheduled_at";

constexpr const char* unfinished_sql =
    "SELECT r.id, j.name, r.trigger, r.scheduled_at, r.started_at, r.generation, r.caused_by "
    "FROM runs AS r INDEXED BY runs_unfinished JOIN jobs AS j ON j.id = r.job_id WHERE r.outcome IS NULL ORDER BY r.id";
constexpr const char* unrepeated_sql =
    "SELECT r.id, j.name, r.trigger, r.scheduled_at, r.started_at, r.generation, r.caused_by "
    "FROM runs AS r INDEXED BY runs_lost JOIN jobs AS j ON j.id = r.job_id WHERE r.outcome = 'lost' "
    "AND NOT EXISTS (SELECT 1 FROM runs AS c WHERE c.caused_by = r.id) ORDER BY r.id";

using Index = std::unordered_map<std::int64_t, std::size_t>;  // job number -> place in the vector

Index read_jobs(sqlite::Connection& connection, std::vector<JobTotals>& jobs) {
  Index index;
  sqlite::Statement row(connection, live_jobs);
  while (row.step()) {
    index.emplace(row.integer(0), jobs.size());
    JobTotals& job = jobs.emplace_back();
    job.job = row.string(1);
    job.retries = row.count(2);
    job.last_slot = row.optional_time(3);
    job.last_start = row.optional_time(4);
    job.last_success = row.optional_time(5);
    job.last_failure = row.optional_time(6);
    if (!row.is_null(7)) job.last_outcome = read_outcome(row.text(7));
    job.consecutive_failures = row.count(8);
    job.last_end = row.optional_time(9);
    if (!row.is_null(10)) job.last_duration = row.duration(10);
  }
  return index;
}

void read_totals(sqlite::Connection& connection, const Index& index, std::vector<JobTotals>& jobs) {
  sqlite::Statement runs(connection, "SELECT job_id, outcome, trigger, runs FROM run_totals");
  while (runs.step()) {
    const auto found = index.find(runs.integer(0));
    if (found == index.end()) continue;
    jobs[found->second].runs.push_back(
        {.outcome = read_outcome(runs.text(1)), .trigger = read_run_trigger(runs.text(2)), .count = runs.count(3)});
  }
  sqlite::Statement slots(connection, "SELECT job_id, result, reason, slots FROM slot_totals");
  while (slots.step()) {
    const auto found = index.find(slots.integer(0));
    if (found == index.end()) continue;
    jobs[found->second].slots.push_back({.result = read_slot_result(slots.text(1)),
                                         .reason = read_slot_reason(slots.text(2)),
                                         .count = slots.count(3)});
  }
}

std::vector<Resume::JobSlot> read_out_of_order(sqlite::Connection& connection) {
  std::vector<Resume::JobSlot> slots;
  sqlite::Statement row(connection, out_of_order_sql);
  while (row.step()) slots.push_back({.job = row.string(0), .scheduled_at = row.wall_time(1)});
  return slots;
}

std::vector<PauseChanged> read_pauses(sqlite::Connection& connection) {
  std::vector<PauseChanged> pauses;
  sqlite::Statement row(connection, "SELECT job, reason, by, at, until FROM pauses ORDER BY job");
  while (row.step()) {
    pauses.push_back({.job = row.string(0),
                      .paused = true,
                      .reason = row.string(1),
                      .by = row.string(2),
                      .at = row.wall_time(3),
                      .until = row.optional_time(4)});
  }
  return pauses;
}

std::vector<JobDeclared> read_declarations(sqlite::Connection& connection) {
  std::vector<JobDeclared> declared;
  sqlite::Statement row(connection, "SELECT job, fingerprint, at FROM declarations ORDER BY job");
  while (row.step()) {
    declared.push_back({.job = row.string(0), .fingerprint = row.string(1), .at = row.wall_time(2)});
  }
  return declared;
}

std::map<std::string, std::string> split_variables(std::string_view joined) {
  std::map<std::string, std::string> variables;
  for (const std::string& variable : split_words(joined)) {
    const std::size_t sign = variable.find('=');
    if (sign != std::string::npos) variables.emplace(variable.substr(0, sign), variable.substr(sign + 1));
  }
  return variables;
}

std::vector<OneShotAdded> read_one_shots(sqlite::Connection& connection) {
  std::vector<OneShotAdded> shots;
  sqlite::Statement row(connection,
                        "SELECT name, due, argv, working_dir, environment, by, at FROM one_shots ORDER BY due, rowid");
  while (row.step()) {
    shots.push_back({.name = row.string(0),
                     .due = row.wall_time(1),
                     .argv = split_words(row.text(2)),
                     .working_dir = row.string(3),
                     .environment = split_variables(row.text(4)),
                     .by = row.string(5),
                     .at = row.wall_time(6)});
  }
  return shots;
}

std::vector<RunStarted> read_runs(sqlite::Connection& connection, const char* sql) {
  std::vector<RunStarted> runs;
  sqlite::Statement row(connection, sql);
  while (row.step()) {
    runs.push_back({.run = row.integer(0),
                    .job = row.string(1),
                    .trigger = read_run_trigger(row.text(2)),
                    .scheduled_at = row.optional_time(3),
                    .started_at = row.wall_time(4),
                    .generation = row.count(5),
                    .caused_by = row.optional_integer(6)});
  }
  return runs;
}

std::vector<SlotClaimed> read_claims(sqlite::Connection& connection) {
  std::vector<SlotClaimed> claims;
  sqlite::Statement row(connection,
                        "SELECT j.name, c.scheduled_at, c.at FROM claims AS c JOIN jobs AS j ON j.id = c.job_id "
                        "ORDER BY c.scheduled_at");
  while (row.step()) {
    claims.push_back({.job = row.string(0), .scheduled_at = row.wall_time(1), .at = row.wall_time(2)});
  }
  return claims;
}

std::vector<BreakerChanged> read_breakers(sqlite::Connection& connection) {
  std::vector<BreakerChanged> breakers;
  sqlite::Statement row(connection, "SELECT job, until, at, why FROM breakers ORDER BY job");
  while (row.step()) {
    breakers.push_back({.job = row.string(0),
                        .open = true,
                        .until = row.optional_time(1),
                        .at = row.wall_time(2),
                        .why = row.string(3)});
  }
  return breakers;
}

std::optional<DaemonMark> read_last_mark(sqlite::Connection& connection) {
  sqlite::Statement row(connection, "SELECT what, at FROM daemon_marks ORDER BY id DESC LIMIT 1");
  if (!row.step()) return std::nullopt;
  const auto what = row.text(0) == "started" ? DaemonMark::What::started : DaemonMark::What::stopped;
  return DaemonMark{.what = what, .at = row.wall_time(1)};
}

std::optional<ZonesChanged> read_last_zones(sqlite::Connection& connection) {
  sqlite::Statement row(connection, "SELECT at, before, now FROM zone_changes ORDER BY id DESC LIMIT 1");
  if (!row.step()) return std::nullopt;
  return ZonesChanged{.at = row.wall_time(0), .before = row.string(1), .now = row.string(2)};
}

std::optional<GenerationApplied> read_last_generation(sqlite::Connection& connection) {
  sqlite::Statement row(connection,
                        "SELECT generation, at, fingerprint, jobs, added, changed, removed FROM generations "
                        "ORDER BY id DESC LIMIT 1");
  if (!row.step()) return std::nullopt;
  return GenerationApplied{.generation = row.count(0),
                           .at = row.wall_time(1),
                           .fingerprint = row.string(2),
                           .jobs = row.count(3),
                           .added = row.count(4),
                           .changed = row.count(5),
                           .removed = row.count(6)};
}

}  // namespace

Resume SqliteReader::resume() {
  connection_.execute("BEGIN");
  try {
    Resume resume;
    const Index index = read_jobs(connection_, resume.jobs);
    read_totals(connection_, index, resume.jobs);
    resume.out_of_order = read_out_of_order(connection_);
    resume.paused = read_pauses(connection_);
    resume.declared = read_declarations(connection_);
    resume.one_shots = read_one_shots(connection_);
    resume.unfinished = read_runs(connection_, unfinished_sql);
    resume.unrepeated = read_runs(connection_, unrepeated_sql);
    resume.claims = read_claims(connection_);
    resume.breakers = read_breakers(connection_);
    resume.last_mark = read_last_mark(connection_);
    resume.last_zones = read_last_zones(connection_);
    resume.last_generation = read_last_generation(connection_);
    resume.last_run = connection_.integer(newest_run_id_sql);
    connection_.execute("COMMIT");
    return resume;
  } catch (...) {
    connection_.rollback();
    throw;
  }
}

}  // namespace belfry::ledger
