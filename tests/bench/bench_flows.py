#!/usr/bin/python3
"""bench_flows.py: the hundred tasks of docs/flows.md, word for word: one after another, all at once, ten at a time, and ten
at a time with retries; and the least time that each can take.

Status 0: every promise met; 1: one was missed; 2: it could not measure.
"""
import argparse
import os
import re
import shutil
import statistics
import sys
import tempfile

from belfryd_process import Belfryd, judge, print_json

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(HERE, "../../docs/flows.md")
# What each task does takes 0.1 s, and the least for all is as many times that as there are rounds of tasks side by side.
# With retries the tasks do nothing; they wait 10 ms for their second try, at most twice in a row.
LEAST = {"sequential": 10.0, "unlimited": 0.1, "ten_at_a_time": 1.0, "with_retry": 0.02}
MOST = {"sequential": 1.1, "unlimited": 4.0, "ten_at_a_time": 1.2}


def example():
    with open(PAGE, encoding="utf-8") as file:
        blocks = re.findall(r"```yaml\n(.*?)```", file.read(), re.S)
    return next(block for block in blocks if "  ten_at_a_time:\n" in block)


def measure(belfryd, rounds):
    taken = {job: [] for job in LEAST}
    for _ in range(rounds):
        for job, times in taken.items():
            times.append(belfryd.seconds_of_run(job))
    met = True
    for job, times in taken.items():
        median = statistics.median(times)
        print(f"{job:<16} {median:8.3f} s  at least {LEAST[job]:6.2f} s")
        print_json(bench="flows", job=job, seconds=round(median, 4), least=LEAST[job])
        if job in MOST:
            met &= judge("flows", f"{job}: time, in times of the least", median / LEAST[job], MOST[job])
    return met


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=os.path.join(HERE, "../../build/release/bin"), help="folder of the programs")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="bench_flows.")
    belfryd = None
    try:
        belfryd = Belfryd(os.path.abspath(options.bin), folder, example())
        belfryd.wait_until_ready()
        return 0 if measure(belfryd, options.rounds) else 1
    except RuntimeError as reason:
        print(f"bench_flows: {reason}", file=sys.stderr)
        return 2
    finally:
        if belfryd is not None:
            belfryd.stop()
        shutil.rmtree(folder, ignore_errors=True)


sys.exit(main())
