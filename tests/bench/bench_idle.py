#!/usr/bin/python3
"""bench_idle.py: what belfryd costs while nothing is due: 1,000 jobs due tomorrow.

Wakeups are the context switches, voluntary and not, of all its threads in a window; memory is what the kernel says of
the process at its end. Status 0: both promises met; 1: one was missed; 2: it could not measure.
"""
import argparse
import os
import shutil
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone

from belfryd_process import Belfryd, cpu_ns, judge, print_json

HERE = os.path.dirname(os.path.abspath(__file__))


def switches(pid):
    """Context switches of each thread, by its id and name."""
    counts = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        fields = {}
        with open(f"/proc/{pid}/task/{task}/status", encoding="utf-8") as file:
            for line in file:
                key, value = line.split(":", 1)
                fields[key] = value.strip()
        counts[(task, fields["Name"])] = (int(fields["voluntary_ctxt_switches"]) +
                                          int(fields["nonvoluntary_ctxt_switches"]))
    return counts


def memory_mb(pid):
    """Resident and proportional size."""
    sizes = {}
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
        for line in list(file)[1:]:
            key, value = line.split(":", 1)
            sizes[key] = int(value.split()[0]) / 1024
    return sizes["Rss"], sizes["Pss"]


def config(jobs):
    tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
    lines = ["jobs:"]
    for job in range(jobs):
        when = tomorrow + timedelta(seconds=job)
        schedule = f"{when.second} {when.minute} {when.hour} {when.day} {when.month} *"
        lines.append(f'  job{job}: {{schedule: "{schedule}", timezone: UTC, command: ["/bin/true"]}}')
    return "\n".join(lines) + "\n"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=os.path.join(HERE, "../../build/release/bin"), help="folder of the programs")
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=60, help="the window that is watched")
    parser.add_argument("--settle", type=int, default=30,
                        help="seconds after the start that are not counted: the loop looks after what it cancelled")
    options = parser.parse_args()
    options.bin = os.path.abspath(options.bin)
    return options


def watch(belfryd, options):
    belfryd.wait_until_ready()
    time.sleep(options.settle)
    before, cpu = switches(belfryd.pid), cpu_ns(belfryd.pid)
    time.sleep(options.seconds)
    after, cpu = switches(belfryd.pid), cpu_ns(belfryd.pid) - cpu
    rss, pss = memory_mb(belfryd.pid)
    minutes = options.seconds / 60
    by_thread = {f"{name} ({task})": count - before.get((task, name), 0) for (task, name), count in after.items()}
    wakeups = sum(by_thread.values()) / minutes
    print(f"{options.jobs} jobs due tomorrow, {options.seconds} s watched: {wakeups:.1f} wakeups/min, "
          f"{cpu / 1e3 / minutes:.0f} us CPU/min, RSS {rss:.1f} MB, PSS {pss:.1f} MB, {len(after)} threads")
    for thread, count in by_thread.items():
        print(f"  {thread:<28} {count:>5} switches")
    print_json(bench="idle", jobs=options.jobs, wakeups_per_minute=round(wakeups, 2), rss_mb=round(rss, 2),
               pss_mb=round(pss, 2), cpu_us_per_minute=round(cpu / 1e3 / minutes, 1), threads=len(after))
    met = judge("idle", f"{options.jobs} jobs due tomorrow: wakeups a minute", wakeups, 2)
    return judge("idle", f"{options.jobs} jobs due tomorrow: RSS, MB", rss, 25) and met


def main():
    options = arguments()
    if not os.access(os.path.join(options.bin, "belfryd"), os.X_OK):
        print(f"bench_idle: no belfryd in {options.bin}: make build", file=sys.stderr)
        return 2
    folder = tempfile.mkdtemp(prefix="bench_idle.")
    belfryd = Belfryd(options.bin, folder, config(options.jobs))
    try:
        return 0 if watch(belfryd, options) else 1
    except RuntimeError as reason:
        print(f"bench_idle: {reason}", file=sys.stderr)
        return 2
    finally:
        belfryd.stop()
        shutil.rmtree(folder, ignore_errors=True)


sys.exit(main())
