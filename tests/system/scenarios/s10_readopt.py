"""S10: kill -9 in the middle of a run, with forbid: the next daemon goes on with it; no second run; its true end is known.
Of a run that ends while there is no daemon, all of its output is kept and, where the kernel tells it, its exit status."""
import os
import platform
import select

from belfryd import Belfryd, door_of, keepers
from lab import check_equal, step

GATED = """
  gated:
    every: 200ms
    concurrency_policy: forbid
    command: "echo before; echo $BELFRY_RUN_ID >'{started}'; read -r word <'{gate}'; echo $word;
      echo $BELFRY_RUN_ID >'{started}'; read -r word <'{gate}'; echo $word; exit 3"
"""
ALONE = """
  alone:
    command: "echo before; echo $BELFRY_RUN_ID >'{started}'; read -r word <'{gate}'; seq 4000; echo trouble >&2; exit 3"
"""

# The kernel keeps the status of a process for whoever has a pidfd of it from 6.15 on.
TOLD = tuple(map(int, platform.release().split(".")[:2])) >= (6, 15)


def wait_ends(pids):
    for pid in pids:
        try:
            ended = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        select.select([ended], [], [])
        os.close(ended)


def scenario(lab):
    started, gate = lab.fifo("started"), lab.fifo("gate")
    daemon = Belfryd(lab, "jobs:" + GATED.format(started=started, gate=gate))
    daemon.start()
    run = int(lab.read_line("started"))
    pids = daemon.processes_of(f"BELFRY_RUN_ID={run}")
    daemon.log.wait("slot skipped", job="gated", reason="overlap")
    step("killed; the job prints while nobody is there")
    daemon.kill()
    lab.let("gate", "between")
    check_equal("the run that goes on", run, int(lab.read_line("started")))
    check_equal("its processes", pids, daemon.processes_of(f"BELFRY_RUN_ID={run}"))

    step("started again: the run is under way, and keeps its place")
    daemon.start()
    running = next(job for job in daemon.ask("list")["jobs"] if job["name"] == "gated")["running"]
    check_equal("runs under way", [run], [active["run"] for active in running])
    daemon.log.wait("slot skipped", job="gated", reason="overlap")
    check_equal("its processes", pids, daemon.processes_of(f"BELFRY_RUN_ID={run}"))
    daemon.write_config("jobs:" + ALONE.format(started=started, gate=gate))  # no further run
    daemon.reload()
    lab.let("gate", "after")
    ended = daemon.log.wait("run ended", run=run)
    check_equal("how it ended", ("failure", 3), (ended["outcome"], ended.get("exit_code")))
    check_equal("what it printed", "before\nbetween\nafter\n", daemon.belfry("logs", str(run)).stdout)
    check_equal("runs on record", [(run, "failure")], [(row["run"], row["outcome"]) for row in daemon.runs("gated")])

    step("killed again; another job prints and ends while nobody is there")
    daemon.belfry("run", "alone")
    run = int(lab.read_line("started"))
    pids = daemon.processes_of(f"BELFRY_RUN_ID={run}")
    (table,) = daemon.tables()
    daemon.kill()
    check_equal("keepers", 1, len(keepers(door_of(table))))
    lab.let("gate")
    wait_ends(pids)
    daemon.start()
    ended = daemon.log.wait("run ended", run=run)
    check_equal("how it ended", ("failure", 3) if TOLD else ("lost", None), (ended["outcome"], ended.get("exit_code")))
    numbers = "".join(f"{number}\n" for number in range(1, 4001))
    check_equal("what it printed", "before\n" + numbers, daemon.belfry("logs", str(run)).stdout)
    check_equal("what it complained of", "trouble\n", daemon.belfry("logs", str(run)).stderr)
    daemon.stop()
