#!/usr/bin/python3
"""bench_firing.py: 1, 100 and 1,000 jobs every second; belfryd, a bare timerfd + vfork loop, and the peers.

Every job runs `stamp`, which appends the time at which it started. All jobs are due at the same whole second, so at
1,000 lateness is mostly the rate of spawning; read it as a ratio to the raw loop of the same run. The drivers take turns
in short rounds, so that a change of the machine's load meets them all. CPU is the scheduler's own, its children excluded.
All are started with the environment that systemd gives a service, so that all programs are started with the same.
A lateness is taken within its second: where slots are missed it has wrapped around, and only "missed" means anything.

Status 0: every promise met; 1: one was missed; 2: it could not measure.
"""
import argparse
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter

from belfryd_process import Belfryd, cpu_ns, judge, print_json

HERE = os.path.dirname(os.path.abspath(__file__))
SECOND = 1_000_000_000
SERVICE_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
                       "LANG": "C.UTF-8", "LOGNAME": "root", "USER": "root", "SHELL": "/bin/sh"}


class Unavailable(Exception):
    """This peer cannot be measured here; the text says what to install."""


class Command:
    """A scheduler that is one process, with the arguments JOBS STAMP FILE."""

    def __init__(self, *command, environment=None):
        self.command, self.environment = command, environment

    def start(self, jobs, stamp, folder):
        environment = {**os.environ, **(self.environment or {})}
        with open(os.path.join(folder, "log"), "wb") as log:  # an overloaded peer complains in thousands of lines
            self.process = subprocess.Popen([*self.command, str(jobs), stamp, os.path.join(folder, "stamps")],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        time.sleep(1 + jobs / 1000)

    def cpu_ns(self):
        return cpu_ns(self.process.pid)

    def stop(self, _first, _last):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return {}


class BelfrydDriver:
    def __init__(self, bin_dir):
        self.bin_dir = bin_dir

    def start(self, jobs, stamp, folder):
        self.jobs = jobs
        lines = ["jobs:"]
        for job in range(jobs):
            lines.append(f'  job{job}: {{schedule: "* * * * * *", command: ["{stamp}", "{folder}/stamps", "{job}"]}}')
        self.belfryd = Belfryd(self.bin_dir, folder, "\n".join(lines) + "\n")
        self.belfryd.wait_until_ready()

    def cpu_ns(self):
        return cpu_ns(self.belfryd.pid)

    def stop(self, first, last):
        self.belfryd.stop()
        return self.ledger_gaps(first, last)

    def ledger_gaps(self, first, last):
        """Slots of [first, last) that have no entry, entries that say anything but started, runs without an end."""
        with sqlite3.connect(f"file:{self.belfryd.ledger()}?mode=ro", uri=True) as ledger:
            window = (first * SECOND, last * SECOND)
            slots = ledger.execute("SELECT COALESCE(SUM(slots), 0) FROM slots WHERE scheduled_at >= ? AND "
                                   "scheduled_at < ?", window).fetchone()[0]
            others = ledger.execute("SELECT result || ' ' || reason, SUM(slots) FROM slots WHERE scheduled_at >= ? AND "
                                    "scheduled_at < ? AND result != 'started' GROUP BY 1", window).fetchall()
            unended = ledger.execute("SELECT COUNT(*) FROM runs WHERE outcome IS NULL").fetchone()[0]
            failed = ledger.execute("SELECT COUNT(*) FROM runs WHERE outcome != 'success'").fetchone()[0]
        return {"slots not in the ledger": self.jobs * (last - first) - slots, "runs without an end": unended,
                "runs that failed": failed, **{f"slots {what}": count for what, count in others}}


class Systemd:
    """systemd's timers, in a systemd booted for this by tests/system/boot-systemd (root only)."""

    def __init__(self, boot):
        self.boot = boot

    def start(self, jobs, stamp, folder):
        self.folder = folder
        shutil.copy(stamp, os.path.join(folder, "stamp"))
        shutil.copy(os.path.join(HERE, "fire_systemd.sh"), folder)
        with open(os.path.join(folder, "log"), "wb") as log:
            self.process = subprocess.Popen(
                [self.boot, "--bind", f"{folder}:{folder}", "--timeout", "900", "--", "/bin/bash",
                 f"{folder}/fire_systemd.sh", str(jobs), folder], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 120
        while not os.path.exists(os.path.join(folder, "ready")):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.terminate()
                raise Unavailable("systemd could not be booted here, or could not start so many timers")
            time.sleep(0.1)
        self.pids = [pid for pid in descendants(self.process.pid) if comm(pid) in ("systemd", "systemd-journal")]

    def cpu_ns(self):
        return sum(cpu_ns(pid) for pid in self.pids)

    def stop(self, _first, _last):
        with open(os.path.join(self.folder, "stop"), "w", encoding="ascii"):
            pass
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            self.process.wait()
        return {}


def comm(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


def descendants(root):
    children = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                parent = int(file.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(name))
    found, todo = [], [root]
    while todo:
        todo += children.get(todo.pop(), [])
        found = list(dict.fromkeys(found + todo))
    return found


def make_driver(name, options, scratch):
    if name == "belfryd":
        if not os.access(os.path.join(options.bin, "belfryd"), os.X_OK):
            raise Unavailable(f"no belfryd in {options.bin}: make build")
        return BelfrydDriver(options.bin)
    if name == "raw":
        return Command(os.path.join(options.bin, "fire_raw"))
    if name == "systemd":
        boot = os.path.join(os.path.dirname(HERE), "system", "boot-systemd")
        if os.geteuid() != 0:
            raise Unavailable("booting a systemd takes root")
        if not os.path.exists("/lib/systemd/systemd") or not shutil.which("dbus-daemon"):
            raise Unavailable("apt-get install -y systemd dbus")
        return Systemd(boot)
    if name == "apscheduler":
        if subprocess.run(["/usr/bin/python3", "-c", "import apscheduler"], stderr=subprocess.DEVNULL).returncode != 0:
            raise Unavailable("apt-get install -y python3-apscheduler")
        return Command("/usr/bin/python3", os.path.join(HERE, "fire_apscheduler.py"))
    if not shutil.which("node") or not shutil.which("npm"):
        raise Unavailable("apt-get install -y nodejs npm")
    modules = os.path.join(scratch, "node")
    os.makedirs(modules)
    npm = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", modules, "node-cron@4.6.0"],
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if npm.returncode != 0:
        raise Unavailable(f"npm could not install node-cron 4.6.0: {npm.stderr.strip()[-200:]}")
    return Command("node", os.path.join(HERE, "fire_node_cron.js"),
                   environment={"NODE_PATH": os.path.join(modules, "node_modules")})


class Figures:
    def __init__(self):
        self.lateness_ns, self.expected, self.cpu_ns, self.gaps = [], 0, 0, Counter()

    def percentile(self, share):
        ordered = sorted(self.lateness_ns)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] / 1e6 if ordered else float("nan")

    @property
    def missed(self):
        return self.expected - len(self.lateness_ns)

    @property
    def cpu_us(self):
        return self.cpu_ns / max(1, len(self.lateness_ns)) / 1e3


def measure(driver, jobs, seconds, stamp, scratch, figures):
    folder = tempfile.mkdtemp(dir=scratch)
    os.chmod(folder, 0o755)
    gaps = {}
    driver.start(jobs, stamp, folder)
    first = int(time.time()) + 2  # a second to warm up in
    last = first + seconds
    try:
        sleep_until(first - 0.05)
        cpu = driver.cpu_ns()
        sleep_until(last - 0.05)
        cpu = driver.cpu_ns() - cpu
        sleep_until(last + 0.5)
    finally:
        gaps = driver.stop(first, last)
    with open(os.path.join(folder, "stamps"), encoding="ascii") as file:
        stamps = [int(line.split()[0]) for line in file]
    figures.lateness_ns += [ns % SECOND for ns in stamps if first * SECOND <= ns < last * SECOND]
    figures.expected += jobs * seconds
    figures.cpu_ns += cpu
    figures.gaps.update(gaps)
    shutil.rmtree(folder, ignore_errors=True)


def sleep_until(instant):
    time.sleep(max(0.0, instant - time.time()))


def report(jobs, name, figures):
    p50, p99, worst = figures.percentile(0.5), figures.percentile(0.99), figures.percentile(1)
    print(f"{jobs:>5} {name:<12} {p50:>9.2f} {p99:>9.2f} {worst:>9.2f} {figures.missed:>8} {figures.cpu_us:>9.1f}")
    print_json(bench="firing", jobs=jobs, peer=name, p50_ms=round(p50, 3), p99_ms=round(p99, 3), max_ms=round(worst, 3),
               missed=figures.missed, expected=figures.expected, own_cpu_us=round(figures.cpu_us, 1))


def judge_all(jobs, results):
    belfry, raw = results.get("belfryd"), results.get("raw")
    if belfry is None:
        return True
    met = judge("firing", f"{jobs} jobs: slots without a stamp", belfry.missed, 0)
    for what, count in sorted(belfry.gaps.items()):
        met &= judge("firing", f"{jobs} jobs: {what}", count, 0)
    for share, label in ((0.5, "p50"), (0.99, "p99")):
        if raw is not None:
            met &= judge("firing", f"{jobs} jobs: {label} as a multiple of the raw loop's",
                         belfry.percentile(share) / raw.percentile(share), 1.5)
        for name, peer in results.items():
            if name in ("belfryd", "raw"):
                continue
            if peer.missed > peer.expected / 100:
                print(f"{jobs} jobs: {name} missed {peer.missed} of {peer.expected} slots: behind")
                continue
            met &= judge("firing", f"{jobs} jobs: {label} as a multiple of {name}'s",
                         belfry.percentile(share) / peer.percentile(share), 1.0)
    if jobs < 10:  # one firing a second meets cold caches and pays for two commits alone; even the raw loop needs 100 us
        print(f"{jobs} jobs: the daemon's own CPU for a firing is {belfry.cpu_us:.0f} us; the limit is for 100 and more")
        return met
    return judge("firing", f"{jobs} jobs: the daemon's own CPU for a firing, us", belfry.cpu_us, 100) and met


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=os.path.join(HERE, "../../build/release/bin"), help="folder of the programs")
    parser.add_argument("--seconds", type=int, default=60, help="measured for each driver and number of jobs")
    parser.add_argument("--rounds", type=int, default=3, help="turns into which the seconds are cut")
    parser.add_argument("--jobs", type=lambda text: [int(n) for n in text.split(",")], default=[1, 100, 1000])
    parser.add_argument("--drivers", type=lambda text: text.split(","),
                        default=["raw", "belfryd", "systemd", "apscheduler", "node-cron"])
    options = parser.parse_args()
    options.bin = os.path.abspath(options.bin)
    return options


def main():
    options = arguments()
    os.environ.clear()
    os.environ.update(SERVICE_ENVIRONMENT)
    stamp = os.path.join(options.bin, "stamp")
    if not os.access(stamp, os.X_OK):
        sys.exit(f"bench_firing: no {stamp}: cmake --build build/release --target benches")
    scratch = tempfile.mkdtemp(prefix="bench_firing.")
    os.chmod(scratch, 0o755)
    drivers, met = {}, True
    try:
        for name in options.drivers:
            try:
                drivers[name] = make_driver(name, options, scratch)
            except Unavailable as reason:
                print(f"{name} is left out: {reason}")
        for jobs in options.jobs:
            results = {name: Figures() for name in drivers}
            for _ in range(options.rounds):
                for name in list(results):
                    try:
                        measure(drivers[name], jobs, max(1, options.seconds // options.rounds), stamp, scratch,
                                results[name])
                    except Unavailable as reason:
                        print(f"{name} is left out: {reason}")
                        del results[name]
            print(f"\n{'jobs':>5} {'':<12} {'p50 ms':>9} {'p99 ms':>9} {'max ms':>9} {'missed':>8} {'own us':>9}")
            for name, figures in results.items():
                report(jobs, name, figures)
            met &= judge_all(jobs, results)
    except RuntimeError as reason:
        print(f"bench_firing: {reason}", file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return 0 if met else 1


sys.exit(main())
