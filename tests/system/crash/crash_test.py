#!/usr/bin/python3
"""Kills belfryd again and again, at every fault point and at random moments, and judges what is on record in the end.

belfryd_faulty runs jobs of all kinds, is killed by SIGKILL, is started again, and so on; after the last start it is ended
in order. Then: every due slot has exactly one entry, the guarantee of each job holds by the word of its processes, no
process is left, no run is without an end. A failure prints the seed: crash_test.py --seed N makes the same choices again
(what the kernel does between them is its own). Status 77: it cannot be done here.
"""
import argparse
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path[:0] = [HERE, os.path.join(HERE, "../support")]

# pylint: disable=wrong-import-position
import lab
import plan
import verdict
from belfryd import Belfryd
from lab import SOURCE_DIR, Failed, check, check_equal, fewer, step
from steered import instant

MS = verdict.MS
ONCE = re.compile(r"daemon\.|reload\.|one_shot\.")  # points that are passed once, or when asked to
SELDOM = re.compile(r"run\.(adopted|taken_over|durable|forgotten|repeated)|claim\.|exec\.adopted|attempt\.rests|slot\.waits")
AT_END = ("daemon.told_to_end", "daemon.intake_stopped", "daemon.drained", "daemon.flushed")


def fault_points():
    """Every name that the sources give to BELFRY_FAULT_POINT."""
    names = []
    for folder in ("lib", "jobs", "daemon"):
        for where, _, files in os.walk(os.path.join(SOURCE_DIR, folder)):
            for name in files:
                if name.endswith(".cpp"):
                    with open(os.path.join(where, name), encoding="utf-8") as file:
                        names += re.findall(r'BELFRY_FAULT_POINT\("([^"]+)"\)', file.read())
    return sorted(names)


class CrashTest:
    """One state folder through all of its kills."""

    def __init__(self, folder, seed, kills):
        self.folder, self.kills = folder, kills
        self.random = random.Random(seed)
        self.marker = f"crash.{os.getpid()}.{seed}"
        self.truth = folder.write("truth", "")
        self.edited = 300
        self.daemon = Belfryd(folder, self.config(), program="belfryd_faulty", watch=True)
        self.killed = Counter()
        self.promised = []
        self.shots = 0
        folder.at_end(self.kill_jobs)

    def config(self):
        return plan.config(self.truth, self.marker, self.edited)

    def kill_jobs(self):
        for pid in verdict.with_marker(f"CRASH_TEST={self.marker}"):
            os.kill(pid, signal.SIGKILL)

    def run(self):
        self.first_start()
        faults = self.faults()
        while self.killed.total() < self.kills:
            self.one_life(next(faults))
        self.last_start()
        self.judge()

    def first_start(self):
        """In order, so that all jobs are declared: from here on every slot is owed an entry."""
        before = time.time_ns() // MS
        self.daemon.start()
        self.daemon.left_in_memory.update(self.daemon.tables())
        self.begin = (before, time.time_ns() // MS)
        self.daemon.log.wait("run ended", job="each_second")
        self.daemon.belfry("history", "-n", "1")
        self.daemon.stop()

    def faults(self):
        """What the coming lives die of, for ever: each point in its turn, and as often from outside or anywhere."""
        points = fault_points()
        while True:
            self.random.shuffle(points)
            for point in points:
                count = 1 if ONCE.match(point) else self.random.randint(1, 2 if SELDOM.match(point) else 12)
                yield f"{point}:{count}"
                if self.random.random() < 0.25:
                    yield "outside"
                if self.random.random() < 0.25:
                    yield f"random:{self.random.randrange(1 << 30)}:0.02"

    def one_life(self, fault):
        self.daemon.environment["BELFRY_FAULT"] = fault
        self.daemon.start(wait=False)
        if fault == "outside":
            self.kill_at(self.random.uniform(0.0, 0.8))
        elif self.is_ready():
            self.disturb(fault)
        status = self.daemon.wait_end()
        if status == -signal.SIGKILL:
            self.killed[fault.partition(":")[0]] += 1
        else:
            check_equal(f"exit status of a life with {fault}", 0, status)

    def kill_at(self, seconds):
        try:
            self.daemon.process.wait(seconds)
            raise Failed(f"belfryd ended by itself with {self.daemon.process.returncode}")
        except subprocess.TimeoutExpired:
            self.daemon.process.kill()

    def is_ready(self):
        try:
            self.daemon.wait_ready()
            return True
        except Failed:
            return False  # it has died before

    def disturb(self, fault):
        """Asks for things while it lives; in the end, asks it to end."""
        self.ask_for_one_shot()
        if fault.startswith("reload.") or self.random.random() < 0.3:
            self.edited = 300 if self.edited != 300 else 250
            self.daemon.write_config(self.config())
            self.daemon.process.send_signal(signal.SIGHUP)
        try:
            self.daemon.process.wait(0.2 if fault.startswith(AT_END) else 1.5)
        except subprocess.TimeoutExpired:
            self.daemon.process.send_signal(signal.SIGTERM)

    def ask_for_one_shot(self):
        self.shots += 1
        name = f"shot{self.shots}"
        done = self.daemon.belfry("in", f"{self.random.randrange(400)}ms", "--name", name,
                                  "--env", f"CRASH_TRUTH={self.truth}", "--env", f"CRASH_TEST={self.marker}",
                                  "--", plan.JOB, "0", may_fail=True)
        if done.returncode == 0:
            self.promised.append(name)

    def last_start(self):
        del self.daemon.environment["BELFRY_FAULT"]
        self.daemon.start()
        self.ready = time.time_ns() // MS
        self.daemon.log.wait("run ended", count=3, job="each_second")
        self.daemon.stop()

    def judge(self):
        truth = verdict.read_truth(self.truth)
        ledger = verdict.Ledger(self.daemon.ledger)
        slots = sum(verdict.check_coverage(ledger, job, self.begin, self.ready) for job in plan.JOBS)
        print(f"   {self.killed.total()} kills at {len(self.killed)} kinds of places, {slots} slots of {len(plan.JOBS)} jobs, "
              f"{len(truth.starts)} attempts, {len(self.promised)} one-shots promised")
        verdict.check_ledger(ledger)
        verdict.check_one_shots(ledger, self.promised, truth)
        for job in plan.JOBS:
            verdict.check_starts(ledger, job, truth, lambda text: instant(text) // MS)
        verdict.check_runs(ledger, truth)
        verdict.check_alone(truth)
        verdict.check_nothing_left(f"CRASH_TEST={self.marker}")
        check_equal("complaints of the ledger", [], self.complaints())
        missing = [point for point in fault_points() if not self.killed[point]]
        check(self.kills < 3 * len(fault_points()) or not missing, f"never killed at {missing}")

    def complaints(self):
        with open(self.folder.path("belfryd.log"), encoding="utf-8", errors="replace") as file:
            return [line.strip() for line in file if "please report this" in line or "entries of the ledger are lost" in line]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=fewer(80, 16), help="how often (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30), help="the choices of another run")
    parser.add_argument("--keep", metavar="FOLDER", help="where to leave the ledger, the truth and the log")
    options = parser.parse_args()

    def test(folder):
        step(f"{options.kills} kills; to replay: crash_test.py --kills {options.kills} --seed {options.seed}")
        if options.keep:
            folder.at_end(lambda: os.rename(folder.folder, options.keep))
        CrashTest(folder, options.seed, options.kills).run()

    return lab.run(test, 60 + 3 * options.kills)


if __name__ == "__main__":
    sys.exit(main())
