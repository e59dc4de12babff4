"""The user that belfryd runs as may have no more processes: runs end as start_error with that reason, and it recovers."""
import os
import resource
import subprocess

from belfryd import Belfryd
from lab import BIN_DIR, Skipped, check, step

NOBODY = 65534


def limit_processes(daemon, soft, become):
    """As the daemon's own user: only its owner may change the limits of a process."""
    subprocess.run(["prlimit", "--pid", str(daemon.pid), f"--nproc={soft}:"], check=True, **become)


def scenario(lab):
    # For root the limit does not count, so belfryd is nobody here.
    become = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    os.chmod(lab.folder, 0o777)
    try:
        subprocess.run([os.path.join(BIN_DIR, "belfryd"), "--version"], check=True, capture_output=True, **become)
    except (OSError, subprocess.CalledProcessError) as reason:
        raise Skipped(f"another user cannot run {BIN_DIR}/belfryd: {reason}") from reason
    daemon = Belfryd(lab, """
jobs:
  often:
    every: 100ms
    command: ["true"]
""")
    daemon.start(**become)
    daemon.log.wait("run ended", job="often", outcome="success")
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]  # which the daemon has from us
    step("no process may be made")
    limit_processes(daemon, "1", become)
    ended = daemon.log.wait("run ended", count=3, job="often", outcome="start_error")
    check("temporarily unavailable" in ended["reason"], f"the reason is told as {ended['reason']!r}")
    step("it may again")
    limit_processes(daemon, "unlimited" if hard == resource.RLIM_INFINITY else str(hard), become)
    since = len(daemon.log.lines)
    daemon.log.wait("run ended", count=3, since=since, job="often", outcome="success")
    daemon.stop()
