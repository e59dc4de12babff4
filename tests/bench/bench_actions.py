#!/usr/bin/python3
"""bench_actions.py: runs of a program that does nothing, 1, 8 and 64 side by side, what it prints captured.

By belfry's engine with a ledger that keeps nothing and with SQLite, a bare vfork + pidfd loop (the floor), Tokio, Go and
`xargs -P` with its output read by a pipe. Then belfry alone: while the process holds 2 GB beside 50 MB, and while
10,000 other runs are under way, or as many as the limit of open files allows: three for each, one if its program has closed
its output, which as many of them do as must. The starters take turns, so that a change of the machine's load meets them
all; medians.

Status 0: every promise met; 1: one was missed; 2: it could not measure.
"""
import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from belfryd_process import judge, print_json

HERE = os.path.dirname(os.path.abspath(__file__))
LIVE = 10_000
FILES_OF_A_RUN = 3
FILES_OF_A_MUTE_RUN = 1


def others(limit):
    """How many other runs can be under way, with so many open files, that may print, and how many that cannot."""
    live = min(LIVE, limit // FILES_OF_A_MUTE_RUN)
    talking = min(live, (limit - live * FILES_OF_A_MUTE_RUN) // (FILES_OF_A_RUN - FILES_OF_A_MUTE_RUN))
    return talking, live - talking


class Bench:
    def __init__(self, options, folder):
        self.bin, self.folder, self.runs, self.rounds = options.bin, folder, options.runs, options.rounds
        self.noop = self.path("noop")
        self.files = 0

    def path(self, name):
        return os.path.join(self.bin, name)

    def timed(self, name, at_a_time, *more):
        done = subprocess.run([self.path(name), str(self.runs), str(at_a_time), self.noop, *more], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{name}: {done.stderr.strip()}")
        return float(done.stdout)

    def ledger(self):
        self.files += 1
        return os.path.join(self.folder, f"{self.files}.db")

    def xargs(self, at_a_time):
        line = f"seq {self.runs} | xargs -n 1 -P {at_a_time} {self.noop} | wc -c"
        began = time.monotonic()
        done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=True)
        took = time.monotonic() - began
        if int(done.stdout) != 3 * self.runs:
            raise RuntimeError(f"xargs: {done.stdout.strip()} bytes came")
        return took

    def starters(self, at_a_time):
        all_of_them = {
            "raw": lambda: self.timed("spawn_raw", at_a_time),
            "belfry": lambda: self.timed("spawn_belfry", at_a_time),
            "belfry+ledger": lambda: self.timed("spawn_belfry", at_a_time, "--ledger", self.ledger()),
            "tokio": lambda: self.timed("spawn_tokio", at_a_time),
            "go": lambda: self.timed("spawn_go", at_a_time),
            "xargs": lambda: self.xargs(at_a_time),
        }
        for name, program in (("tokio", "spawn_tokio"), ("go", "spawn_go")):
            if not os.access(self.path(program), os.X_OK):
                print(f"{name} is left out: no {program}")
                del all_of_them[name]
        return all_of_them

    def medians(self, starters):
        taken = {name: [] for name in starters}
        for _ in range(self.rounds):
            for name, start in starters.items():
                taken[name].append(start())
        return {name: statistics.median(times) for name, times in taken.items()}

    def tell(self, what, times):
        for name, seconds in times.items():
            print(f"{what:<14} {name:<16} {self.runs / seconds:>9.0f} runs a second  {seconds / self.runs * 1e6:>8.0f} us each")
            print_json(bench="actions", what=what, peer=name, rate=round(self.runs / seconds), us=round(seconds / self.runs * 1e6, 1))

    def side_by_side(self, at_a_time):
        times = self.medians(self.starters(at_a_time))
        self.tell(f"{at_a_time} at a time", times)
        what = f"{at_a_time} at a time: time of a run, in times of"
        met = judge("actions", f"{what} the raw loop's, no ledger", times["belfry"] / times["raw"], 1.5)
        met &= judge("actions", f"{what} the raw loop's, ledger", times["belfry+ledger"] / times["raw"], 2.0)
        for peer in ("tokio", "go", "xargs"):
            if peer in times:
                met &= judge("actions", f"{what} {peer}'s, no ledger", times["belfry"] / times[peer], 1.0)
        return met

    def burdened(self):
        """How much a large process, or many other children, add."""
        def one(*more):
            return lambda: self.timed("spawn_belfry", 8, *more)
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        talking, mute = others(limit - 500)
        live = talking + mute
        beside = one("--live", self.path("mute_child"), str(mute), "--live", self.path("idle_child"), str(talking))
        times = self.medians({"50 MB": one("--ballast", "50"), "2 GB": one("--ballast", "2048"), f"{live} live": beside})
        self.tell("8 at a time", times)
        met = judge("actions", "with 2 GB, in times of with 50 MB", times["2 GB"] / times["50 MB"], 1.2)
        return met & judge("actions", f"beside {live} other runs, in times of alone", times[f"{live} live"] / times["50 MB"], 1.5)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=os.path.join(HERE, "../../build/release/bin"), help="folder of the programs")
    parser.add_argument("--runs", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--at-a-time", type=lambda text: [int(n) for n in text.split(",")], default=[1, 8, 64])
    options = parser.parse_args()
    options.bin = os.path.abspath(options.bin)
    return options


def main():
    options = arguments()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    folder = tempfile.mkdtemp(prefix="bench_actions.")
    bench = Bench(options, folder)
    met = True
    try:
        for at_a_time in options.at_a_time:
            met &= bench.side_by_side(at_a_time)
        return 0 if bench.burdened() & met else 1
    except RuntimeError as reason:
        print(f"bench_actions: {reason}", file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(folder, ignore_errors=True)


sys.exit(main())
