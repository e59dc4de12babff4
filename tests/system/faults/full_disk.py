"""The ledger lies on a tmpfs that is full: jobs run on, it is told, and what was queued is written when there is space."""
import os
import subprocess

from belfryd import Belfryd, number
from lab import Skipped, check, check_equal, step

NAMESPACE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]


class OnTmpfs(Belfryd):
    """Its state folder is a tmpfs of two megabytes that only it sees; we reach it by its root."""

    def start(self, wait=True, **popen):
        os.makedirs(self.state_dir, exist_ok=True)
        script = 'mount -t tmpfs -o size=2m,mode=700 none "$1" && shift && exec "$@"'
        self.program = [*NAMESPACE, "sh", "-c", script, "sh", self.state_dir, *self.program]
        return super().start(wait, **popen)

    def fill(self):
        """Takes all the space that is left."""
        with open(self.inside("ballast"), "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

    def inside(self, name):
        return f"/proc/{self.pid}/root{self.state_dir}/{name}"


def scenario(lab):
    if subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False).returncode:
        raise Skipped("no file system may be mounted here")
    daemon = OnTmpfs(lab, """
jobs:
  often:
    every: 100ms
    command: "head -c 2000 /dev/zero | tr '\\\\0' x"
""")
    daemon.start()
    daemon.log.wait("run ended", job="often")
    step("the disk is full")
    daemon.fill()
    told = daemon.log.wait("the ledger cannot be written: jobs run on, their records wait in memory; free the disk or mend it")
    check("full" in told["reason"], f"the reason is told as {told['reason']!r}")
    since = len(daemon.log.lines)
    daemon.log.wait("run ended", count=5, since=since, job="often", outcome="success")
    full = daemon.metrics()
    check(full["belfry_store_queued_writes"] > 0, "nothing waits")
    check(number(full, r"belfry_store_errors_total\{.*\}") > 0, "no failed commit is counted")

    step("there is space again")
    os.unlink(daemon.inside("ballast"))
    daemon.log.wait("the ledger is written again")
    daemon.write_config("jobs: {}\n")
    daemon.reload()
    daemon.flush()
    series = daemon.metrics()
    check_equal("entries given up", 0, number(series, r"belfry_store_dropped_writes_total\{.*\}"))
    ended = sum(line["message"] == "run ended" for line in daemon.log.lines)
    check_equal("runs on record", ended, len(daemon.runs()))
    daemon.stop()
