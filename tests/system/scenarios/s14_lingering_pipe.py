"""S14: a grandchild keeps the output open after its parent's end: the run finishes, and lingering_pipe is noted."""
from belfryd import Belfryd
from lab import check_equal


def scenario(lab):
    daemon = Belfryd(lab, """
jobs:
  lingers:
    command: "sleep 86400 & echo the last word"
  clean:
    command: "echo the only word"
""")
    daemon.start()
    for job, lingering, orphans in (("lingers", 1, 1), ("clean", 0, 0)):
        daemon.belfry("run", job, "--wait")
        run = daemon.runs(job)[0]
        check_equal(f"outcome of {job}", "success", run["outcome"])
        row = daemon.sql("SELECT lingering_pipe, orphans FROM v_attempts WHERE job = ?", job)[0]
        check_equal(f"what is noted of {job}", {"lingering_pipe": lingering, "orphans": orphans}, row)
        check_equal(f"processes of {job}", [], daemon.processes_of(f"BELFRY_RUN_ID={run['run']}"))
    check_equal("output", "the last word\n", daemon.belfry("logs", "lingers").stdout)
    daemon.log.wait("a process kept the output of its job open after the end of the attempt", job="lingers")
    daemon.stop()
