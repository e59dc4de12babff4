"""S10: kill -9 in the middle of a run, with forbid: the next daemon goes on with it; no second run; its true end is known."""
from belfryd import Belfryd
from lab import check_equal, step

CONFIG = """
jobs:
  gated:
    every: 200ms
    concurrency_policy: forbid
    command: "echo before; echo $BELFRY_RUN_ID >'{started}'; read -r word <'{gate}'; echo $word;
      echo $BELFRY_RUN_ID >'{started}'; read -r word <'{gate}'; echo $word; exit 3"
"""


def scenario(lab):
    started, gate = lab.fifo("started"), lab.fifo("gate")
    daemon = Belfryd(lab, CONFIG.format(started=started, gate=gate))
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
    daemon.write_config("jobs: {}\n")  # no further run
    daemon.reload()
    lab.let("gate", "after")
    ended = daemon.log.wait("run ended", run=run)
    check_equal("how it ended", ("failure", 3), (ended["outcome"], ended.get("exit_code")))
    check_equal("what it printed", "before\nbetween\nafter\n", daemon.belfry("logs", str(run)).stdout)
    check_equal("runs on record", [(run, "failure")], [(row["run"], row["outcome"]) for row in daemon.runs("gated")])
    daemon.stop()
