"""A belfryd of one's own, for the benchmarks: started with a configuration in a folder, observed, and ended in order."""
import json
import os
import socket
import subprocess
import time
from datetime import datetime


class Belfryd:
    def __init__(self, bin_dir, folder, config):
        self.bin_dir, self.folder = bin_dir, folder
        self.socket = os.path.join(folder, "belfry.sock")
        self.state_dir = os.path.join(folder, "state")
        os.makedirs(self.state_dir, exist_ok=True)
        config_file = os.path.join(folder, "scheduler.yaml")
        with open(config_file, "w", encoding="utf-8") as file:
            file.write(config)
        self.log = open(os.path.join(folder, "belfryd.log"), "wb")
        self.process = subprocess.Popen(
            [os.path.join(bin_dir, "belfryd"), "--config", config_file, "--state-dir", self.state_dir, "--socket",
             self.socket, "--metrics", f"127.0.0.1:{free_port()}"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    @property
    def pid(self):
        return self.process.pid

    def wait_until_ready(self, seconds=30):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"belfryd ended with status {self.process.returncode}: {self.log_tail()}")
            if os.path.exists(self.socket) and self.belfry("status").returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError(f"belfryd is not ready after {seconds} s: {self.log_tail()}")

    def belfry(self, *arguments):
        return subprocess.run([os.path.join(self.bin_dir, "belfry"), "--socket", self.socket, *arguments],
                              capture_output=True, text=True, check=False)

    def seconds_of_run(self, job):
        """Runs the job, which must succeed: how long that took by its record."""
        done = self.belfry("--json", "run", job, "--wait")
        if done.returncode != 0:
            raise RuntimeError(f"the job {job} failed: {done.stdout}{done.stderr}")
        run = json.loads(self.belfry("--json", "history", job, "-n", "1").stdout)["runs"][0]
        began, ended = (datetime.fromisoformat(run[key]).timestamp() for key in ("started_at", "ended_at"))
        return ended - began

    def log_tail(self):
        with open(self.log.name, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-5:]).strip()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise RuntimeError("belfryd did not end within 60 s of SIGTERM") from None
        finally:
            self.log.close()

    def ledger(self):
        """The path of its SQLite ledger."""
        for name in sorted(os.listdir(self.state_dir)):
            if name.endswith((".db", ".sqlite", ".sqlite3")):
                return os.path.join(self.state_dir, name)
        raise RuntimeError(f"no ledger in {self.state_dir}: {os.listdir(self.state_dir)}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_ns(pid):
    """CPU time that the process has used, all its threads and none of its children: to the nanosecond."""
    return time.clock_gettime_ns((~pid << 3) | 2)  # the kernel's clock id for the CPU time of another process


def print_json(**figures):
    print(json.dumps(figures, separators=(",", ":")), flush=True)


def judge(bench, figure, value, limit):
    """Prints whether a promise holds: value <= limit. Returns whether."""
    met = value <= limit
    print(f"{figure:<66} {value:>10.2f}  limit {limit:>9.2f}  {'met' if met else 'MISSED'}")
    print_json(bench=bench, figure=figure, value=round(value, 3), limit=round(limit, 3), met=met)
    return met
