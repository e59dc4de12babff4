"""S11: the power fails in the middle of a run: it is closed as lost at the first start, and the next slot runs."""
import os
import signal

from belfryd import Belfryd, wait_gone
from lab import check, check_equal, step

CONFIG = """
jobs:
  gated:
    every: 200ms
    concurrency_policy: forbid
    command: "echo $BELFRY_RUN_ID >'{started}'; read -r word <'{gate}'"
"""


def scenario(lab):
    started, gate = lab.fifo("started"), lab.fifo("gate")
    daemon = Belfryd(lab, CONFIG.format(started=started, gate=gate))
    daemon.start()
    run = int(lab.read_line("started"))
    daemon.flush()  # what had not reached the disk would be as if it had not been
    step("the power fails: the daemon, the job and all memory are gone")
    gone = daemon.tables()
    daemon.kill()
    for pid in daemon.processes_of(f"BELFRY_RUN_ID={run}"):
        os.kill(pid, signal.SIGKILL)
        wait_gone(pid)
    check(gone, "no table of live runs is in memory")
    for path in gone:
        os.unlink(path)

    step("the first start")
    daemon.start()
    ended = daemon.log.wait("run ended", run=run)
    check_equal("how the run ended", "lost", ended["outcome"])
    following = int(lab.read_line("started"))
    check(following > run, f"run {following} follows run {run}")
    row = next(row for row in daemon.runs("gated") if row["run"] == following)
    check_equal("what started the next run", "schedule", row["trigger"])
    daemon.write_config("jobs: {}\n")
    daemon.reload()
    lab.let("gate")
    daemon.log.wait("run ended", run=following, outcome="success")
    check_equal("runs without an end", [], [row for row in daemon.runs() if row["outcome"] is None])
    daemon.stop()
