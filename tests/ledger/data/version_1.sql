-- A ledger of version 1 with rows in every table, as belfry 0.1 wrote it. Never edited: what the newest belfry makes of
-- it is tested.
PRAGMA page_size = 2048;
PRAGMA application_id = 1651271289;
PRAGMA user_version = 1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
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
INSERT INTO jobs VALUES(1,'backup',1767225720000000000,1767225720001000000,1767225725000000000,1767225669000000000,'success',0,1,0);
INSERT INTO jobs VALUES(2,'poll',1767226100000000000,NULL,NULL,NULL,NULL,0,0,0);
INSERT INTO jobs VALUES(3,'one-shot-1',NULL,NULL,NULL,NULL,NULL,0,0,0);
CREATE TABLE run_totals (
  job_id  INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  trigger TEXT NOT NULL,
  runs    INTEGER NOT NULL,
  PRIMARY KEY (job_id, outcome, trigger)
) STRICT, WITHOUT ROWID;
INSERT INTO run_totals VALUES(1,'failure','schedule',1);
INSERT INTO run_totals VALUES(1,'success','schedule',1);
CREATE TABLE slot_totals (
  job_id INTEGER NOT NULL,
  result TEXT NOT NULL,
  reason TEXT NOT NULL,
  slots  INTEGER NOT NULL,
  PRIMARY KEY (job_id, result, reason)
) STRICT, WITHOUT ROWID;
INSERT INTO slot_totals VALUES(1,'started','none',3);
INSERT INTO slot_totals VALUES(2,'missed','down',100);
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
INSERT INTO slots VALUES(1,1,1767225660000000000,1767225660000000000,1,'started','none',1,1767225660001000000);
INSERT INTO slots VALUES(2,1,1767225720000000000,1767225720000000000,1,'started','none',2,1767225720001000000);
INSERT INTO slots VALUES(3,1,1767225780000000000,1767225780000000000,1,'started','none',3,1767225780001000000);
INSERT INTO slots VALUES(4,2,1767225605000000000,1767226100000000000,100,'missed','down',NULL,1767226600000000000);
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
INSERT INTO runs VALUES(1,1,'schedule',1767225660000000000,1767225660001000000,1767225669000000000,'failure',1,NULL,2,'exit code 1',3);
INSERT INTO runs VALUES(2,1,'schedule',1767225720000000000,1767225720001000000,1767225725000000000,'success',0,NULL,1,'',3);
INSERT INTO runs VALUES(3,1,'schedule',1767225780000000000,1767225780001000000,NULL,NULL,NULL,NULL,NULL,'',4);
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
INSERT INTO attempts VALUES(1,1,1767225660000000000,1767225664000000000,'failure',1,NULL,'exit code 1',1000000,2000000,4096,0,0);
INSERT INTO attempts VALUES(1,2,1767225665000000000,1767225669000000000,'failure',1,NULL,'exit code 1',1000000,2000000,4096,0,0);
INSERT INTO attempts VALUES(2,1,1767225720000000000,1767225725000000000,'success',0,NULL,'',1000000,2000000,4096,1,1);
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
INSERT INTO outputs VALUES(1,1,1,2,'stderr',X'6e6f207370616365206c6566740a00ff',X'74686520656e640a',5000,4970);
CREATE TABLE pauses (
  job    TEXT PRIMARY KEY,
  reason TEXT NOT NULL,
  by     TEXT NOT NULL,
  at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO pauses VALUES('poll','repair','ann',1767226600000000000);
CREATE TABLE one_shots (
  name        TEXT PRIMARY KEY,
  due         INTEGER NOT NULL,
  argv        BLOB NOT NULL,
  working_dir TEXT NOT NULL,
  environment BLOB NOT NULL,
  by          TEXT NOT NULL,
  at          INTEGER NOT NULL
) STRICT;
INSERT INTO one_shots VALUES('one-shot-1',1767234600000000000,X'2f62696e2f6563686f0074776f20776f72647300','/tmp',X'413d6200','ben',1767226500000000000);
CREATE TABLE clock_jumps (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, step INTEGER NOT NULL) STRICT;
INSERT INTO clock_jumps VALUES(1,1767226300000000000,-30000000000);
CREATE TABLE declarations (job TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO declarations VALUES('backup','v1:abc',1767225600000000000);
CREATE TABLE daemon_marks (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, what TEXT NOT NULL) STRICT;
INSERT INTO daemon_marks VALUES(1,1767225600000000000,'started');
INSERT INTO daemon_marks VALUES(2,1767227600000000000,'stopped');
CREATE UNIQUE INDEX slots_once ON slots (job_id, scheduled_at);
CREATE INDEX slots_by_time ON slots (scheduled_at);
CREATE INDEX runs_by_job ON runs (job_id);
CREATE INDEX runs_by_time ON runs (started_at);
CREATE INDEX runs_unfinished ON runs (id) WHERE outcome IS NULL;
CREATE UNIQUE INDEX outputs_by_run ON outputs (job_id, run_id, attempt, stream);
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
COMMIT;
PRAGMA journal_mode = WAL;
