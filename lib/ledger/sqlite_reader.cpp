// Queries of history; see sqlite_reader.hpp, sqlite_resume.cpp for what the engine asks at its start, and
// sqlite_happenings.cpp for what explains a slot's fate.
#include "ledger/sqlite_reader.hpp"

#include <algorithm>

#include "ledger/read_words.hpp"
#include "ledger/schema.hpp"

namespace belfry::ledger {
namespace {

constexpr std::size_t max_rows = 10'000;

constexpr const char* run_columns =
    "SELECT r.id, j.name, r.trigger, r.scheduled_at, r.started_at, r.ended_at, r.outcome, r.exit_code, r.signal, "
    "ifnull(r.attempts, (SELECT count(*) FROM attempts AS a WHERE a.run_id = r.id)), r.message, r.caused_by, "
    "r.queue_wait, r.precondition_wait, r.ledger_wait, "
    "(SELECT a.launch FROM attempts AS a WHERE a.run_id = r.id AND a.attempt = 1) "
    "FROM runs AS r JOIN jobs AS j ON j.id = r.job_id ";

constexpr const char* slot_columns =
    "SELECT j.name, s.scheduled_at, s.last_scheduled_at, s.slots, s.result, s.reason, s.run_id, s.closed_at "
    "FROM slots AS s JOIN jobs AS j ON j.id = s.job_id ";

RunRow run_row(const sqlite::Statement& row) {
  RunRow run;
  run.run = row.integer(0);
  run.job = row.string(1);
  run.trigger = read_run_trigger(row.text(2));
  run.scheduled_at = row.optional_time(3);
  run.started_at = row.wall_time(4);
  run.ended_at = row.optional_time(5);
  if (!row.is_null(6)) run.outcome = read_outcome(row.text(6));
  run.exit_code = row.optional_int(7);
  run.signal = row.optional_int(8);
  run.attempts = static_cast<int>(row.integer(9));
  run.message = row.string(10);
  run.caused_by = row.optional_integer(11);
  if (!row.is_null(12)) {
    run.waits = {.queue = row.duration(12), .precondition = row.duration(13), .ledger = row.duration(14)};
  }
  if (!row.is_null(15)) run.launch = row.duration(15);
  return run;
}

SlotClosed slot_row(const sqlite::Statement& row) {
  SlotClosed slot;
  slot.job = row.string(0);
  slot.scheduled_at = row.wall_time(1);
  slot.last_scheduled_at = row.wall_time(2);
  slot.count = row.count(3);
  slot.result = read_slot_result(row.text(4));
  slot.reason = read_slot_reason(row.text(5));
  slot.run = row.optional_integer(6);
  slot.closed_at = row.wall_time(7);
  return slot;
}

AttemptEnded attempt_row(const sqlite::Statement& row) {
  AttemptEnded attempt;
  attempt.attempt = static_cast<int>(row.integer(0));
  attempt.started_at = row.wall_time(1);
  attempt.ended_at = row.wall_time(2);
  attempt.outcome = read_outcome(row.text(3));
  attempt.exit_code = row.optional_int(4);
  attempt.signal = row.optional_int(5);
  attempt.message = row.string(6);
  attempt.usage = {.user_cpu = row.duration(7), .system_cpu = row.duration(8), .max_rss_bytes = row.integer(9)};
  attempt.orphans = static_cast<int>(row.integer(10));
  attempt.lingering_pipe = row.integer(11) != 0;
  if (!row.is_null(12)) attempt.launch = row.duration(12);
  attempt.usage.read_bytes = row.integer(15);
  attempt.usage.written_bytes = row.integer(16);
  attempt.usage.memory_peak_bytes = row.optional_integer(17);
  return attempt;
}

// "AND r.outcome IN ('failure','lost')": the words are those of the enum, never a user's.
std::string only_outcomes(const std::vector<Outcome>& outcomes) {
  if (outcomes.empty()) return {};
  std::string list;
  for (const Outcome outcome : outcomes) {
    if (!list.empty()) list += ',';
    list.append("'").append(to_string(outcome)).append("'");
  }
  return "AND r.outcome IN (" + list + ") ";
}

std::int64_t limit_of(std::size_t wanted) {
  return static_cast<std::int64_t>(std::clamp<std::size_t>(wanted, 1, max_rows));
}

}  // namespace

SqliteReader::SqliteReader(const std::string& path) : connection_(path, sqlite::Mode::read_only) {
  check_schema(connection_);
}

std::optional<std::int64_t> SqliteReader::job_id(const std::string& name) {
  sqlite::Statement statement(connection_, "SELECT id FROM jobs WHERE name = ?1");
  statement.start(std::string_view{name});
  return statement.step() ? std::optional{statement.integer(0)} : std::nullopt;
}

std::vector<RunRow> SqliteReader::runs(const RunQuery& query) {
  std::string sql = run_columns;
  std::optional<std::int64_t> job;
  if (!query.job.empty()) {
    job = job_id(query.job);
    if (!job) return {};
    sql += "WHERE r.job_id = ?1 ";  // retention bounds what a job has, so `since` needs no index of its own here
  } else {
    sql += "WHERE ?1 IS NULL ";
  }
  if (query.since) sql += "AND r.started_at >= ?2 ";
  if (query.under_way_at) sql += "AND r.started_at <= ?4 AND (r.ended_at IS NULL OR r.ended_at >= ?4) ";
  sql += only_outcomes(query.outcomes);
  // By the index on time where that leaves less to look at; ids break ties, and follow the order of the starts.
  sql += query.since && !job ? "ORDER BY r.started_at DESC, r.id DESC LIMIT ?3" : "ORDER BY r.id DESC LIMIT ?3";

  sqlite::Statement statement(connection_, sql.c_str());
  statement.bind(1, job);
  if (query.since) statement.bind(2, *query.since);
  if (query.under_way_at) statement.bind(4, *query.under_way_at);
  statement.bind(3, limit_of(query.limit));
  std::vector<RunRow> rows;
  while (statement.step()) rows.push_back(run_row(statement));
  return rows;
}

std::optional<RunRow> SqliteReader::run(RunId run) {
  sqlite::Statement statement(connection_, (std::string(run_columns) + "WHERE r.id = ?1").c_str());
  statement.start(run);
  return statement.step() ? std::optional{run_row(statement)} : std::nullopt;
}

std::vector<AttemptEnded> SqliteReader::attempts(RunId run) {
  sqlite::Statement statement(
      connection_,
      "SELECT a.attempt, a.started_at, a.ended_at, a.outcome, a.exit_code, a.signal, a.message, a.user_cpu, "
      "a.system_cpu, a.max_rss_bytes, a.orphans, a.lingering_pipe, a.launch, r.job_id, j.name, a.read_bytes, "
      "a.written_bytes, a.memory_peak_bytes "
      "FROM attempts AS a JOIN runs AS r ON r.id = a.run_id JOIN jobs AS j ON j.id = r.job_id "
      "WHERE a.run_id = ?1 ORDER BY a.attempt");
  statement.start(run);
  std::vector<AttemptEnded> attempts;
  while (statement.step()) {
    AttemptEnded& attempt = attempts.emplace_back(attempt_row(statement));
    attempt.run = run;
    attempt.job = statement.string(14);
    read_output(attempt, statement.integer(13), "stdout", attempt.standard_output);
    read_output(attempt, statement.integer(13), "stderr", attempt.standard_error);
  }
  return attempts;
}

std::vector<StepEnded> SqliteReader::steps(RunId run) {
  sqlite::Statement statement(
      connection_,
      "SELECT s.attempt, s.step, s.item, s.label, s.try, s.started_at, s.ended_at, s.outcome, s.exit_code, s.signal, "
      "s.message, j.name, s.outputs FROM steps AS s JOIN runs AS r ON r.id = s.run_id JOIN jobs AS j ON j.id = "
      "r.job_id "
      "WHERE s.run_id = ?1 ORDER BY s.attempt, s.started_at, s.ended_at, s.step, s.item, s.try");
  sqlite::Statement outputs(connection_, "SELECT key, value FROM json_each(?1)");
  statement.start(run);
  std::vector<StepEnded> steps;
  while (statement.step()) {
    StepEnded& step = steps.emplace_back();
    step.run = run;
    step.attempt = static_cast<int>(statement.integer(0));
    step.step = statement.string(1);
    step.item = static_cast<int>(statement.integer(2));
    step.label = statement.string(3);
    step.number = static_cast<int>(statement.integer(4));
    step.started_at = statement.wall_time(5);
    step.ended_at = statement.wall_time(6);
    if (!statement.is_null(7)) step.outcome = read_outcome(statement.text(7));
    step.exit_code = statement.optional_int(8);
    step.signal = statement.optional_int(9);
    step.message = statement.string(10);
    step.job = statement.string(11);
    outputs.start(statement.text(12));
    while (outputs.step()) step.outputs.emplace(outputs.string(0), outputs.string(1));
  }
  return steps;
}

void SqliteReader::read_output(AttemptEnded& attempt, std::int64_t job, std::string_view stream,
                               CapturedStream& output) {
  sqlite::Statement statement(connection_,
                              "SELECT head, tail, total_bytes, dropped_bytes FROM outputs "
                              "WHERE job_id = ?1 AND run_id = ?2 AND attempt = ?3 AND stream = ?4");
  statement.start(job, attempt.run, attempt.attempt, stream);
  if (!statement.step()) return;
  output = {.head = statement.string(0),
            .tail = statement.string(1),
            .total_bytes = statement.count(2),
            .dropped_bytes = statement.count(3)};
}

std::optional<JobDeclared> SqliteReader::declared(const std::string& job) {
  sqlite::Statement statement(connection_, "SELECT job, fingerprint, at FROM declarations WHERE job = ?1");
  statement.start(std::string_view{job});
  if (!statement.step()) return std::nullopt;
  return JobDeclared{.job = statement.string(0), .fingerprint = statement.string(1), .at = statement.wall_time(2)};
}

std::vector<SlotClosed> SqliteReader::slots(const SlotQuery& query) {
  std::string sql = slot_columns;
  std::optional<std::int64_t> job;
  if (!query.job.empty()) {
    job = job_id(query.job);
    if (!job) return {};
    sql += "WHERE s.job_id = ?1 ";
  } else {
    sql += "WHERE ?1 IS NULL ";
  }
  if (query.since) sql += "AND s.last_scheduled_at >= ?2 ";
  sql += "ORDER BY s.scheduled_at DESC, s.id DESC LIMIT ?3";

  sqlite::Statement statement(connection_, sql.c_str());
  statement.bind(1, job);
  if (query.since) statement.bind(2, *query.since);
  statement.bind(3, limit_of(query.limit));
  std::vector<SlotClosed> rows;
  while (statement.step()) rows.push_back(slot_row(statement));
  return rows;
}

SlotsAround SqliteReader::slot_at(const std::string& job, WallTime instant) {
  SlotsAround found;
  const std::optional<std::int64_t> id = job_id(job);
  if (!id) return found;
  const std::string of_job = std::string(slot_columns) + "WHERE s.job_id = ?1 AND s.scheduled_at ";

  sqlite::Statement upto(connection_, (of_job + "<= ?2 ORDER BY s.scheduled_at DESC LIMIT 2").c_str());
  upto.start(*id, instant);
  while (!found.before && upto.step()) {
    SlotClosed slot = slot_row(upto);
    (slot.last_scheduled_at >= instant ? found.covering : found.before) = std::move(slot);
  }
  sqlite::Statement beyond(connection_, (of_job + "> ?2 ORDER BY s.scheduled_at LIMIT 1").c_str());
  beyond.start(*id, instant);
  if (beyond.step()) found.after = slot_row(beyond);
  return found;
}

std::vector<RunSpan> SqliteReader::durations(const std::string& job, std::size_t limit) {
  std::vector<RunSpan> spans;
  const std::optional<std::int64_t> id = job_id(job);
  if (!id) return spans;
  sqlite::Statement row(connection_,
                        "SELECT id, started_at, ended_at, outcome FROM runs "
                        "WHERE job_id = ?1 AND outcome IS NOT NULL ORDER BY id DESC LIMIT ?2");
  row.start(*id, limit_of(limit));
  while (row.step()) {
    spans.push_back({.run = row.integer(0),
                     .started_at = row.wall_time(1),
                     .ended_at = row.wall_time(2),
                     .outcome = read_outcome(row.text(3))});
  }
  return spans;
}

}  // namespace belfry::ledger
