"""What must hold after any number of kills, read from the ledger's file and from what the jobs wrote themselves."""
import sqlite3
from collections import Counter, defaultdict
from dataclasses import dataclass

from belfryd import with_marker
from lab import check, check_equal

MS = 1_000_000


@dataclass(frozen=True)
class Start:
    job: str
    run: int
    attempt: int
    trigger: str
    slot: str
    pid: int


@dataclass
class Truth:
    """The jobs' own words."""
    starts: list
    overlaps: list
    ends: set


def read_truth(path):
    truth = Truth([], [], set())
    with open(path, encoding="ascii") as file:
        for line in file:
            kind, job, run, *rest = line.split()
            if kind == "start":
                truth.starts.append(Start(job, int(run), int(rest[0]), rest[1], rest[2], int(rest[3])))
            elif kind == "overlap":
                truth.overlaps.append((job, int(run)))
            else:
                truth.ends.add((job, int(run), int(rest[0])))
    return truth


class Ledger:
    """The ledger's file, read when no daemon runs."""

    def __init__(self, path):
        self.database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    def rows(self, query, *values):
        return self.database.execute(query, values).fetchall()

    def slots(self, job):
        """(first, last, count, result, reason, run), instants in milliseconds."""
        return self.rows("SELECT s.scheduled_at / 1000000, s.last_scheduled_at / 1000000, s.slots, s.result, s.reason, "
                         "s.run_id FROM slots AS s JOIN jobs AS j ON j.id = s.job_id WHERE j.name = ? "
                         "ORDER BY s.scheduled_at", job)


def check_ledger(ledger):
    check_equal("integrity_check", [("ok",)], ledger.rows("PRAGMA integrity_check"))
    check_equal("runs without an end", [], ledger.rows("SELECT run, job FROM v_runs WHERE outcome = 'running'"))
    doubles = ledger.rows("SELECT run_id, attempt, count(*) FROM attempts GROUP BY run_id, attempt HAVING count(*) > 1")
    check_equal("attempts on record twice", [], doubles)


def check_coverage(ledger, job, begin, ready):
    """Every due instant from the first start on, which lay within `begin` (from, to, in ms), to the last one on record,
    which is later than `ready`: exactly one entry."""
    entries = ledger.slots(job.name)
    check(entries, f"nothing is on record of {job.name}")
    due = entries[0][0]
    check(due % job.period == 0 and begin[0] < due <= begin[1] + job.period, f"{job.name}: the first entry is for {due} ms")
    for first, last, count, result, reason, _ in entries:
        check(first == due, f"{job.name}: the slot at {due} ms has {'no entry' if first > due else 'two entries'}; the "
                            f"next one is {result}({reason}) from {first} to {last}")
        check_equal(f"{job.name}: slots of the entry {result}({reason}) from {first} to {last}",
                    (last - first) // job.period + 1, count)
        due = last + job.period
    check(due > ready, f"{job.name}: the last entry is for {due - job.period} ms, the last daemon was ready at {ready} ms")
    return sum(entry[2] for entry in entries)


def check_starts(ledger, job, truth, instant_ms):
    """The guarantee of the job, by what its processes wrote."""
    starts = [start for start in truth.starts if start.job == job.name]
    twice = [key for key, count in Counter((start.run, start.attempt) for start in starts).items() if count > 1]
    check_equal(f"{job.name}: attempts that were started twice (run, attempt)", [], twice)
    by_slot = defaultdict(set)
    for start in starts:
        if start.slot != "-":
            by_slot[instant_ms(start.slot)].add(start.run)
    if job.guarantee == "at_most_once":
        check_equal(f"{job.name}: slots that were started twice (slot, runs)", [],
                    [(slot, sorted(runs)) for slot, runs in by_slot.items() if len(runs) > 1])
        return
    owed = [slot[0] for slot in ledger.slots(job.name) if slot[3] == "started"]
    check_equal(f"{job.name}: slots on record as started that never were", [],
                [slot for slot in owed if slot not in by_slot])


def check_runs(ledger, truth):
    """What the ledger says of runs agrees with what their processes said."""
    known = {run: (job, outcome) for run, job, outcome in ledger.rows("SELECT run, job, outcome FROM v_runs")}
    unknown = [start for start in truth.starts if known.get(start.run, (None, None))[0] != start.job]
    check_equal("runs that happened and are not on record", [], unknown)
    ended = {(job, run) for job, run, _ in truth.ends}
    began = {(start.job, start.run) for start in truth.starts}
    liars = [(run, job, "began" if (job, run) in began else "never began") for run, (job, outcome) in known.items()
             if outcome == "success" and (job, run) not in ended]
    check_equal("runs on record as a success that did not end", [], liars)


def check_alone(truth):
    check_equal("processes that were to be alone and were not (job, run)", [], truth.overlaps)


def check_one_shots(ledger, promised, truth):
    """Those that the daemon had confirmed: each has run once, or is on record as lost when it was about to."""
    runs = Counter(start.job for start in truth.starts if start.attempt == 1)
    lost = {job for job, in ledger.rows("SELECT job FROM v_runs WHERE outcome = 'lost'")}
    check_equal("one-shots that were promised and did not run", [],
                [name for name in promised if not runs[name] and name not in lost])
    check_equal("one-shots that ran more than once", [], [(name, runs[name]) for name in promised if runs[name] > 1])


def check_nothing_left(marker):
    left = with_marker(marker)
    check_equal("processes that are left", [], left)
