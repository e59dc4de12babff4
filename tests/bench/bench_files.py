#!/usr/bin/python3
"""bench_files.py: what a copy by a job of belfryd costs beside cp: one large file, and very many small ones; and what the
loop of belfryd feels of it. Neither makes it durable (`fsync: false`): cp does not.

Both take turns, on the file system of --folder. Times are what the ledger says of the run, and what the clock says of
cp. Status 0: the promises are met; 1: one was missed; 2: it could not
measure.
"""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from belfryd_process import Belfryd, judge, print_json

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "../../build")
BLOCK = 1 << 20


def make_large(path, megabytes):
    """Of random bytes: nothing on the way may pack them, or take them for a hole."""
    with open(path, "wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(BLOCK))


def make_small(folder, files):
    """A hundred in each folder, of 0 to 4 KB."""
    content = os.urandom(4096)
    for number in range(files):
        inner = os.path.join(folder, f"{number // 100:04}")
        if number % 100 == 0:
            os.makedirs(inner)
        with open(os.path.join(inner, f"{number:06}"), "wb") as file:
            file.write(content[:number * 37 % 4096])


def by_cp(command):
    begun = time.monotonic()
    subprocess.run(command, check=True)
    return time.monotonic() - begun


def lag(belfryd):
    """The upper bounds of p99 and of the longest lag of the loop, in ms, since belfryd was started."""
    status = json.loads(belfryd.belfry("--json", "status").stdout)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{status['metrics']}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    buckets = [(float(bound), float(count)) for bound, count in
               re.findall(r'belfry_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)', text)]
    total = max(count for _, count in buckets)
    p99 = next(bound for bound, count in buckets if count >= 0.99 * total)
    longest = next(bound for bound, count in buckets if count >= total)
    return 1000 * p99, 1000 * longest


class Case:
    """One copy, by belfryd's job and by cp; every round into an empty place."""

    def __init__(self, name, job, target, command):
        self.name, self.job, self.target, self.command = name, job, target, command
        self.ours, self.theirs = [], []

    def clear(self, folder):
        if os.path.isdir(self.target):
            shutil.rmtree(self.target)
        elif os.path.exists(self.target):
            os.unlink(self.target)
        subprocess.run(["sync", "--file-system", folder], check=True)

    def round(self, belfryd, folder, ours_first):
        turns = [lambda: self.ours.append(belfryd.seconds_of_run(self.job)), lambda: self.theirs.append(by_cp(self.command))]
        for turn in turns if ours_first else reversed(turns):
            self.clear(folder)
            turn()
        print(f"{self.name:<24} belfryd {self.ours[-1]:8.3f} s  cp {self.theirs[-1]:8.3f} s", flush=True)

    def ratio(self):
        for peer, times in (("belfryd", self.ours), ("cp", self.theirs)):
            print_json(bench="files", case=self.name, peer=peer, seconds=round(statistics.median(times), 4))
        # Of the rounds: what disturbs the machine disturbs both turns of one.
        return statistics.median(ours / theirs for ours, theirs in zip(self.ours, self.theirs))


def config(folder):
    # The loop has something to be late for.
    return f"""
jobs:
  large: {{every: 1d, file: {{copy: {{from: {folder}/large, to: {folder}/large.copy, fsync: false}}}}}}
  sync: {{every: 1d, file: {{sync: {{from: {folder}/small, to: {folder}/small.copy, fsync: false}}}}}}
  copy: {{every: 1d, file: {{copy: {{from: '{folder}/small/**', to: {folder}/small.copy/, fsync: false}}}}}}
  tick: {{every: 100ms, file: {{mkdir: {{paths: {folder}/ticks}}}}}}
"""


def measure(belfryd, folder, options):
    large = ["cp", f"{folder}/large", f"{folder}/large.copy"]
    small = ["cp", "-r", f"{folder}/small", f"{folder}/small.copy"]
    cases = [Case("a large file", "large", large[-1], large),
             Case("small files, sync", "sync", small[-1], small),
             Case("small files, copy", "copy", small[-1], small)]
    for number in range(options.rounds):
        for case in cases:
            case.round(belfryd, folder, number % 2 == 0)
    ratios = [case.ratio() for case in cases]
    p99, longest = lag(belfryd)
    met = [judge("files", "a large file, in times of cp", ratios[0], 1.1),
           judge("files", "many small files by sync, in times of cp -r", ratios[1], 1.5),
           judge("files", "many small files by copy, in times of cp -r", ratios[2], 1.5),
           judge("files", "lag of the loop meanwhile, p99, in ms (upper bound of its bucket)", p99, 5),
           judge("files", "lag of the loop meanwhile, the longest, in ms (the same)", longest, 5)]
    return all(met)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=os.path.join(BUILD, "release/bin"), help="folder of the programs")
    parser.add_argument("--folder", default=os.path.join(BUILD), help="where to copy: with room for all of it twice")
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    options.bin = os.path.abspath(options.bin)
    folder = tempfile.mkdtemp(prefix="bench_files.", dir=os.path.abspath(options.folder))
    belfryd = None
    try:
        make_large(f"{folder}/large", options.megabytes)
        make_small(f"{folder}/small", options.files)
        belfryd = Belfryd(options.bin, folder, config(folder))
        belfryd.wait_until_ready()
        return 0 if measure(belfryd, folder, options) else 1
    except RuntimeError as reason:
        print(f"bench_files: {reason}", file=sys.stderr)
        return 2
    finally:
        if belfryd is not None:
            belfryd.stop()
        shutil.rmtree(folder, ignore_errors=True)


sys.exit(main())
