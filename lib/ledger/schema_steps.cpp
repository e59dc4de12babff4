// The steps of the schema. A step that was released is never edited: changes are new steps at the end.
#include "ledger/schema_steps.hpp"

#include <array>

namespace belfry::ledger {
namespace {

// Jobs are numbered, so that the indexes stay small; a job's totals are kept up to date in the transaction that writes
// the rows they count, so that they survive retention and are read without scanning history.
constexpr const char* first_step = R"sql(
CREATE TABLE jobs (
  id                   INTEGER PRIMARY KEY,
  name                 TEXT NOT NULL UNIQUE,
  last_slot            INTEGER,
  last_start           INTEGER,
  last_success         INTEGER,
  last_failure         INTEGER,
  last_outcome         TEXT,
  consecutive_failures INTEGER NOT NULL DEFAULT 0,
  retries              INTEGER NOT NULL DEFAULT 0,
  one_shot             INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE run_totals (
  job_id  INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  trigger TEXT NOT NULL,
  runs    INTEGER NOT NULL,
  PRIMARY KEY (job_id, outcome, trigger)
) STRICT, WITHOUT ROWID;

CREATE TABLE slot_totals (
  job_id INTEGER NOT NULL,
  result TEXT NOT NULL,
  reason TEXT NOT NULL,
  slots  INTEGER NOT NULL,
  PRIMARY KEY (job_id, result, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE slots (
  id                INTEGER PRIMARY KEY,
  job_id            INTEGER NOT NULL,
  scheduled_at      INTEGER NOT NULL,
  last_scheduled_at INTEGER NOT NULL,
  slots             INTEGER NOT NULL,
  result            TEXT NOT NULL,
  reason            TEXT NOT NULL,
  run_id            INTEGER,
  closed_at         INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX slots_once ON slots (job_id, scheduled_at);
CREATE INDEX slots_by_time ON slots (scheduled_at);

CREATE TABLE runs (
  id           INTEGER PRIMARY KEY,
  job_id       INTEGER NOT NULL,
  trigger      TEXT NOT NULL,
  scheduled_at INTEGER,
  started_at   INTEGER NOT NULL,
  ended_at     INTEGER,
  outcome      TEXT,
  exit_code    INTEGER,
  signal       INTEGER,
  attempts     INTEGER,
  message      TEXT NOT NULL DEFAULT '',
  generation   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX runs_by_job ON runs (job_id);
CREATE INDEX runs_by_time ON runs (started_at);
CREATE INDEX runs_unfinished ON runs (id) WHERE outcome IS NULL;

CREATE TABLE attempts (
  run_id         INTEGER NOT NULL,
  attempt        INTEGER NOT NULL,
  started_at     INTEGER NOT NULL,
  ended_at       INTEGER NOT NULL,
  outcome        TEXT NOT NULL,
  exit_code      INTEGER,
  signal         INTEGER,
  message        TEXT NOT NULL,
  user_cpu       INTEGER NOT NULL,
  system_cpu     INTEGER NOT NULL,
  max_rss_bytes  INTEGER NOT NULL,
  orphans        INTEGER NOT NULL,
  lingering_pipe INTEGER NOT NULL,
  PRIMARY KEY (run_id, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE outputs (
  id            INTEGER PRIMARY KEY,
  job_id        INTEGER NOT NULL,
  run_id        INTEGER NOT NULL,
  attempt       INTEGER NOT NULL,
  stream        TEXT NOT NULL,
  head          BLOB NOT NULL,
  tail          BLOB NOT NULL,
  total_bytes   INTEGER NOT NULL,
  dropped_bytes INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX outputs_by_run ON outputs (job_id, run_id, attempt, stream);

CREATE TABLE pauses (
  job    TEXT PRIMARY KEY,
  reason TEXT NOT NULL,
  by     TEXT NOT NULL,
  at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE one_shots (
  name        TEXT PRIMARY KEY,
  due         INTEGER NOT NULL,
  argv        BLOB NOT NULL,
  working_dir TEXT NOT NULL,
  environment BLOB NOT NULL,
  by          TEXT NOT NULL,
  at          INTEGER NOT NULL
) STRICT;

CREATE TABLE clock_jumps (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, step INTEGER NOT NULL) STRICT;
CREATE TABLE declarations (job TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE daemon_marks (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, what TEXT NOT NULL) STRICT;

CREATE VIEW v_runs AS
SELECT r.id AS run, j.name AS job, r.trigger, coalesce(r.outcome, 'running') AS outcome,
       strftime('%Y-%m-%dT%H:%M:%fZ', r.scheduled_at / 1e9, 'unixepoch') AS scheduled_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', r.started_at / 1e9, 'unixepoch') AS started_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', r.ended_at / 1e9, 'unixepoch') AS ended_at,
       (r.ended_at - r.started_at) / 1e9 AS seconds,
       r.exit_code, r.signal, r.attempts, r.message, r.generation
FROM runs AS r JOIN jobs AS j ON j.id = r.job_id;

CREATE VIEW v_attempts AS
SELECT a.run_id AS run, j.name AS job, a.attempt, a.outcome,
       strftime('%Y-%m-%dT%H:%M:%fZ', a.started_at / 1e9, 'unixepoch') AS started_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', a.ended_at / 1e9, 'unixepoch') AS ended_at,
       (a.ended_at - a.started_at) / 1e9 AS seconds,
       a.exit_code, a.signal, a.message, a.user_cpu / 1e9 AS user_cpu_seconds,
       a.system_cpu / 1e9 AS system_cpu_seconds, a.max_rss_bytes, a.orphans, a.lingering_pipe
FROM attempts AS a JOIN runs AS r ON r.id = a.run_id JOIN jobs AS j ON j.id = r.job_id;

CREATE VIEW v_slots AS
SELECT j.name AS job, s.result, s.reason, s.slots, s.run_id AS run,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.scheduled_at / 1e9, 'unixepoch') AS scheduled_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.last_scheduled_at / 1e9, 'unixepoch') AS last_scheduled_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.closed_at / 1e9, 'unixepoch') AS closed_at
FROM slots AS s JOIN jobs AS j ON j.id = s.job_id;
)sql";

// Why a slot met its fate can be asked: what was paused, which breaker was open, what the clock, the zones and the
// configuration did. Claims, which are few and short-lived, keep a slot from running twice over a power cut.
constexpr const char* second_step = R"sql(
CREATE TABLE claims (
  job_id       INTEGER NOT NULL,
  scheduled_at INTEGER NOT NULL,
  at           INTEGER NOT NULL,
  PRIMARY KEY (job_id, scheduled_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_numbers (id INTEGER PRIMARY KEY CHECK (id = 1), used INTEGER NOT NULL) STRICT;

CREATE TABLE pause_log (
  id         INTEGER PRIMARY KEY,
  job        TEXT NOT NULL,
  reason     TEXT NOT NULL,
  by         TEXT NOT NULL,
  at         INTEGER NOT NULL,
  until      INTEGER,
  ended_at   INTEGER,
  ended_by   TEXT,
  end_reason TEXT
) STRICT;
CREATE INDEX pause_log_by_time ON pause_log (at);
CREATE INDEX pause_log_open ON pause_log (job) WHERE ended_at IS NULL;

CREATE TABLE breakers (
  job   TEXT PRIMARY KEY,
  until INTEGER,
  at    INTEGER NOT NULL,
  why   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE breaker_log (
  id    INTEGER PRIMARY KEY,
  job   TEXT NOT NULL,
  open  INTEGER NOT NULL,
  until INTEGER,
  at    INTEGER NOT NULL,
  why   TEXT NOT NULL
) STRICT;
CREATE INDEX breaker_log_by_time ON breaker_log (at);
CREATE INDEX breaker_log_by_job ON breaker_log (job, at);

CREATE TABLE zone_changes (
  id     INTEGER PRIMARY KEY,
  at     INTEGER NOT NULL,
  before TEXT NOT NULL,
  now    TEXT NOT NULL
) STRICT;
CREATE INDEX zone_changes_by_time ON zone_changes (at);

CREATE TABLE generations (
  id          INTEGER PRIMARY KEY,
  generation  INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  jobs        INTEGER NOT NULL,
  added       INTEGER NOT NULL,
  changed     INTEGER NOT NULL,
  removed     INTEGER NOT NULL
) STRICT;
CREATE INDEX generations_by_time ON generations (at);

CREATE INDEX clock_jumps_by_time ON clock_jumps (at);
CREATE INDEX daemon_marks_by_time ON daemon_marks (at);

ALTER TABLE clock_jumps ADD COLUMN what TEXT NOT NULL DEFAULT 'set';
ALTER TABLE runs ADD COLUMN caused_by INTEGER;
CREATE INDEX runs_by_cause ON runs (caused_by) WHERE caused_by IS NOT NULL;
CREATE INDEX runs_lost ON runs (id) WHERE outcome = 'lost';
ALTER TABLE jobs ADD COLUMN last_end INTEGER;
UPDATE jobs SET last_end = (SELECT max(r.ended_at) FROM runs AS r WHERE r.job_id = jobs.id);
ALTER TABLE pauses ADD COLUMN until INTEGER;
INSERT INTO pause_log (job, reason, by, at) SELECT job, reason, by, at FROM pauses ORDER BY at;

DROP VIEW v_runs;
CREATE VIEW v_runs AS
SELECT r.id AS run, j.name AS job, r.trigger, coalesce(r.outcome, 'running') AS outcome,
       strftime('%Y-%m-%dT%H:%M:%fZ', r.scheduled_at / 1e9, 'unixepoch') AS scheduled_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', r.started_at / 1e9, 'unixepoch') AS started_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', r.ended_at / 1e9, 'unixepoch') AS ended_at,
       (r.ended_at - r.started_at) / 1e9 AS seconds,
       r.exit_code, r.signal, r.attempts, r.message, r.generation, r.caused_by
FROM runs AS r JOIN jobs AS j ON j.id = r.job_id;

CREATE VIEW v_happenings AS
WITH happenings (at, what, job, until, by, detail) AS (
  SELECT at, 'paused', job, until, by, reason FROM pause_log
  UNION ALL
  SELECT ended_at, 'resumed', job, NULL, ended_by, end_reason FROM pause_log WHERE ended_at IS NOT NULL
  UNION ALL
  SELECT at, iif(open, 'breaker_opened', 'breaker_closed'), job, until, NULL, why FROM breaker_log
  UNION ALL
  SELECT at, iif(what = 'suspend', 'suspend', 'clock_set'), NULL, NULL, NULL, format('%+.3f s', step / 1e9)
  FROM clock_jumps
  UNION ALL
  SELECT at, 'zones_changed', NULL, NULL, NULL, before || ' -> ' || now FROM zone_changes
  UNION ALL
  SELECT at, 'generation_applied', NULL, NULL, NULL,
         format('generation %d: %d jobs, %d added, %d changed, %d removed; %s', generation, jobs, added, changed,
                removed, substr(fingerprint, 1, 12))
  FROM generations
  UNION ALL
  SELECT at, 'daemon_' || what, NULL, NULL, NULL, '' FROM daemon_marks
)
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', at / 1e9, 'unixepoch') AS at, what, job,
       strftime('%Y-%m-%dT%H:%M:%fZ', until / 1e9, 'unixepoch') AS until, by, detail
FROM happenings;
)sql";

// Where the time went between the due instant of a run and its process; NULL for runs that ended before this step.
constexpr const char* third_step = R"sql(
ALTER TABLE runs ADD COLUMN queue_wait INTEGER;
ALTER TABLE runs ADD COLUMN precondition_wait INTEGER;
ALTER TABLE runs ADD COLUMN ledger_wait INTEGER;
ALTER TABLE attempts ADD COLUMN launch INTEGER;
ALTER TABLE jobs ADD COLUMN last_duration INTEGER;
UPDATE jobs SET last_duration = (SELECT r.ended_at - r.started_at FROM runs AS r WHERE r.job_id = jobs.id
                                 AND r.ended_at = jobs.last_end ORDER BY r.id DESC LIMIT 1);

DROP VIEW v_runs;
CREATE VIEW v_runs AS
SELECT r.id AS run, j.name AS job, r.trigger, coalesce(r.outcome, 'running') AS outcome,
       strftime('%Y-%m-%dT%H:%M:%fZ', r.scheduled_at / 1e9, 'unixepoch') AS scheduled_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', r.started_at / 1e9, 'unixepoch') AS started_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', r.ended_at / 1e9, 'unixepoch') AS ended_at,
       (r.ended_at - r.started_at) / 1e9 AS seconds,
       r.exit_code, r.signal, r.attempts, r.message, r.generation, r.caused_by,
       (r.started_at - r.scheduled_at) / 1e9 AS late_seconds, r.queue_wait / 1e9 AS queue_seconds,
       r.precondition_wait / 1e9 AS precondition_seconds, r.ledger_wait / 1e9 AS ledger_seconds,
       (SELECT a.launch / 1e9 FROM attempts AS a WHERE a.run_id = r.id AND a.attempt = 1) AS launch_seconds
FROM runs AS r JOIN jobs AS j ON j.id = r.job_id;
)sql";

// The steps of flows. Without an outcome: it was skipped.
constexpr const char* fourth_step = R"sql(
CREATE TABLE steps (
  run_id     INTEGER NOT NULL,
  attempt    INTEGER NOT NULL,
  step       TEXT NOT NULL,
  item       INTEGER NOT NULL,
  try        INTEGER NOT NULL,
  label      TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at   INTEGER NOT NULL,
  outcome    TEXT,
  exit_code  INTEGER,
  signal     INTEGER,
  message    TEXT NOT NULL,
  PRIMARY KEY (run_id, attempt, step, item, try)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_steps AS
SELECT s.run_id AS run, j.name AS job, s.attempt, s.step, s.item, s.label, s.try,
       coalesce(s.outcome, 'skipped') AS outcome,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.started_at / 1e9, 'unixepoch') AS started_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.ended_at / 1e9, 'unixepoch') AS ended_at,
       (s.ended_at - s.started_at) / 1e9 AS seconds, s.exit_code, s.signal, s.message
FROM steps AS s JOIN runs AS r ON r.id = s.run_id JOIN jobs AS j ON j.id = r.job_id;
)sql";

// What steps hand on: an object of JSON, by name.
constexpr const char* fifth_step = R"sql(
ALTER TABLE steps ADD COLUMN outputs TEXT NOT NULL DEFAULT '{}';
DROP VIEW v_steps;
CREATE VIEW v_steps AS
SELECT s.run_id AS run, j.name AS job, s.attempt, s.step, s.item, s.label, s.try, coalesce(s.outcome, 'skipped') AS outcome,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.started_at / 1e9, 'unixepoch') AS started_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.ended_at / 1e9, 'unixepoch') AS ended_at,
       (s.ended_at - s.started_at) / 1e9 AS seconds, s.exit_code, s.signal, s.message, s.outputs
FROM steps AS s JOIN runs AS r ON r.id = s.run_id JOIN jobs AS j ON j.id = r.job_id;
)sql";

// The bytes of the outputs that each job has on record, whoever adds or takes them.
constexpr const char* sixth_step = R"sql(
ALTER TABLE jobs ADD COLUMN output_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE jobs SET output_bytes = (SELECT ifnull(sum(length(head) + length(tail)), 0) FROM outputs WHERE job_id = jobs.id);

CREATE TRIGGER output_kept AFTER INSERT ON outputs BEGIN
  UPDATE jobs SET output_bytes = output_bytes + length(new.head) + length(new.tail) WHERE id = new.job_id;
END;
CREATE TRIGGER output_cut AFTER UPDATE ON outputs BEGIN
  UPDATE jobs SET output_bytes = output_bytes + length(new.head) + length(new.tail) - length(old.head) - length(old.tail)
  WHERE id = new.job_id;
END;
CREATE TRIGGER output_gone AFTER DELETE ON outputs BEGIN
  UPDATE jobs SET output_bytes = output_bytes - length(old.head) - length(old.tail) WHERE id = old.job_id;
END;
)sql";

// What the whole tree of an attempt has read and written, and the most memory that it had at a time (NULL: not known).
constexpr const char* seventh_step = R"sql(
ALTER TABLE attempts ADD COLUMN read_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN written_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN memory_peak_bytes INTEGER;
DROP VIEW v_attempts;
CREATE VIEW v_attempts AS
SELECT a.run_id AS run, j.name AS job, a.attempt, a.outcome,
       strftime('%Y-%m-%dT%H:%M:%fZ', a.started_at / 1e9, 'unixepoch') AS started_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', a.ended_at / 1e9, 'unixepoch') AS ended_at,
       (a.ended_at - a.started_at) / 1e9 AS seconds,
       a.exit_code, a.signal, a.message, a.user_cpu / 1e9 AS user_cpu_seconds,
       a.system_cpu / 1e9 AS system_cpu_seconds, a.max_rss_bytes, a.orphans, a.lingering_pipe,
       a.read_bytes, a.written_bytes, a.memory_peak_bytes
FROM attempts AS a JOIN runs AS r ON r.id = a.run_id JOIN jobs AS j ON j.id = r.job_id;
)sql";

constexpr std::array steps{first_step, second_step, third_step, fourth_step, fifth_step, sixth_step, seventh_step};

}  // namespace

std::span<const char* const> schema_steps() noexcept { return steps; }

}  // namespace belfry::ledger
