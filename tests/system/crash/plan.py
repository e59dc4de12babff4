"""The jobs of the crash test, and when each of them is due: worked out here, without belfry."""
import os
from dataclasses import dataclass

from lab import BIN_DIR

JOB = os.path.join(BIN_DIR, "truthful_job")


@dataclass(frozen=True)
class Job:
    name: str
    period: int                   # milliseconds; due at its multiples since 1970
    lasts: int                    # milliseconds
    acts: str = ""                # more arguments of truthful_job
    more: str = ""                # lines of its declaration
    alone: str = "by itself"      # no two processes of that name at the same time; by itself: of the job; empty: any number
    guarantee: str = "at_most_once"

    def text(self):
        command = [JOB, str(self.lasts), *self.acts.split()]
        if self.alone:
            command.append("alone=" + (self.name if self.alone == "by itself" else self.alone))
        lines = [f"every: {self.period}ms", f"command: {command}", f"guarantee: {self.guarantee}"]
        return f"  {self.name}:\n" + "".join(f"    {line}\n" for line in lines + [line for line in self.more.split("\n") if line])


JOBS = [
    Job("short", 200, 0),
    Job("side_by_side", 300, 400, "", "concurrency_policy: allow", alone=""),
    Job("long", 500, 1700),
    Job("queued", 200, 700, "", "concurrency_policy: queue\nqueue_limit: 2"),
    Job("replaced", 650, 900, "", "concurrency_policy: replace"),
    Job("cancels_other", 1100, 1500, "", "concurrency_policy: cancel_other\nkill_grace: 50ms"),
    Job("retried", 600, 0, "fail=2", "retries: {limit: 2, delay: 60ms}"),
    Job("gives_up", 700, 0, "fail=9", "retries: {limit: 1, delay: 30ms}"),
    Job("times_out", 900, 600000, "", "timeout: 300ms\nkill_grace: 50ms"),
    Job("printing", 800, 20, "print=300000"),
    Job("of_a_pair", 400, 150, "", "group: pair", alone="pair"),
    Job("of_the_pair", 450, 150, "", "group: pair\non_missed: run_once", alone="pair"),
    Job("run_once", 350, 0, "", "on_missed: run_once"),
    Job("run_all", 450, 0, "", "on_missed: run_all\nconcurrency_policy: queue\nqueue_limit: 1000"),
    Job("at_least", 550, 30, "", "on_missed: run_once", guarantee="at_least_once"),
    Job("at_least_long", 1500, 900, "", "on_missed: run_all\nconcurrency_policy: queue\nqueue_limit: 1000",
        guarantee="at_least_once"),
    Job("each_second", 1000, 0),
]

# Jobs whose slots nobody can work out beforehand.
OTHERS = """\
  absent:
    every: 1s
    command: [/no/such/program]
  follower:
    depends_on: each_second
    command: [{job}, "10", alone=follower]
"""


def config(truth, marker, edited):
    """The whole file. `edited`: the period of the one job that reloads change."""
    return (f"shutdown_timeout: 10s\nhistory: {{keep_runs: 1000000, keep_slots: 1000000, keep_outputs: 10}}\n"
            f"catchup: {{starts_per_minute: 6000}}\ngroups: {{pair: {{max_concurrency: 1}}}}\n"
            f"defaults:\n  environment: {{CRASH_TRUTH: {truth}, CRASH_TEST: {marker}}}\njobs:\n" +
            "".join(job.text() for job in JOBS) + Job("edited", edited, 0).text() + OTHERS.format(job=JOB))
