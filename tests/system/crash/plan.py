"""The jobs of the crash test, and when each of them is due: worked out here, without belfry."""
import os
from dataclasses import dataclass

from lab import BIN_DIR

JOB = os.path.join(BIN_DIR, "truthful_job")


@dataclass(frozen=True)
class Job:
    name: str
    period: int                   # milliseconds; due at its multiples since 1970
    acts: str                     # the arguments of truthful_job
    more: str = ""                # lines of its declaration
    exclusive: bool = True        # no two runs of it at the same time
    guarantee: str = "at_most_once"
    runs_missed: bool = False     # slots of the downtime may run
    starts: bool = True           # there is such a program

    def text(self):
        command = [JOB, *self.acts.split()] if self.starts else ["/no/such/program"]
        lines = [f"every: {self.period}ms", f"command: {command}"] + [line for line in self.more.split("\n") if line]
        return f"  {self.name}:\n" + "".join(f"    {line}\n" for line in lines)


def jobs(contract):
    """Jobs of all kinds. `contract`: belfryd knows guarantees and all that comes with them."""
    found = [
        Job("short", 200, "0 exclusive"),
        Job("side_by_side", 300, "400", "concurrency_policy: allow", exclusive=False),
        Job("long", 500, "1700 exclusive"),
        Job("queued", 200, "700 exclusive", f"concurrency_policy: queue\nqueue_limit: {2 if contract else 1000}"),
        Job("retried", 600, "0 fail=2 exclusive", "retries: {limit: 2, delay: 60ms}"),
        Job("gives_up", 700, "0 fail=9 exclusive", "retries: {limit: 1, delay: 30ms}"),
        Job("times_out", 900, "600000 exclusive", "timeout: 300ms\nkill_grace: 50ms"),
        Job("printing", 800, "20 print=300000 exclusive"),
        Job("absent", 1000, "", starts=False),
        Job("each_second", 1000, "0 exclusive"),
        Job("run_once", 350, "0 exclusive", "on_missed: run_once", runs_missed=True),
    ]
    if contract:
        found += [
            Job("run_all", 450, "0 exclusive", "on_missed: run_all\nguarantee: at_most_once\n"
                "concurrency_policy: queue\nqueue_limit: 1000", runs_missed=True),
            Job("at_least", 550, "30 exclusive", "on_missed: run_once\nguarantee: at_least_once",
                guarantee="at_least_once", runs_missed=True),
            Job("at_least_long", 1500, "900 exclusive", "on_missed: run_all\nguarantee: at_least_once\n"
                "concurrency_policy: queue\nqueue_limit: 1000", guarantee="at_least_once", runs_missed=True),
            Job("replaced", 650, "900", "concurrency_policy: replace"),
        ]
    return found


def config(contract, truth, marker, edited):
    """The whole file. `edited`: the period of the one job that reloads change."""
    return (f"shutdown_timeout: 10s\nhistory: {{keep_runs: 1000000, keep_slots: 1000000, keep_outputs: 10}}\n"
            f"defaults:\n  environment: {{CRASH_TRUTH: {truth}, CRASH_TEST: {marker}}}\njobs:\n" +
            "".join(job.text() for job in jobs(contract)) + Job("edited", edited, "0 exclusive").text())
