"""Flows: what is on record of the steps; a cancelled one ends in every step, and its finally steps run; after a kill -9
nothing of it is left, and what had ended is known."""
from belfryd import Belfryd
from lab import check, check_equal, step

CONFIG = """
jobs:
  good:
    flow:
      - {{id: list, command: [seq, "3"], outputs: {{all: stdout}}}}
      - {{id: each, for_each: "${{{{ steps.list.outputs.all }}}}", max_parallel: 2, command: 'echo "item $BELFRY_ITEM"'}}
      - {{id: never, if: failure(), command: 'true'}}
      - {{id: again, retries: {{limit: 1, delay: 1ms}}, command: 'test "$BELFRY_STEP_ATTEMPT" = 2'}}
  resumed:
    retries: {{limit: 1, delay: 1ms}}
    flow:
      - {{id: first, command: 'echo once'}}
      - {{id: second, command: 'test "$BELFRY_ATTEMPT" = 2'}}
  waiting:
    flow:
      steps:
        - {{id: ready, command: 'true'}}
        - {{id: left, needs: ready, command: 'echo left >"{started}"; read -r word <"{gate}"'}}
        - {{id: right, needs: ready, command: 'echo right >"{started}"; setsid sh -c "read -r word <{gate}" & wait'}}
      finally:
        - {{id: clean, command: 'echo cleaned'}}
        - {{id: knows, if: "steps.left.outcome == 'cancelled' && failure()", command: 'true'}}
  undone:
    retries: {{limit: 1, delay: 1ms}}
    flow:
      - {{id: stop, command: 'true'}}
      - {{id: install, command: 'false'}}
      - {{id: undo, if: failure(), command: 'true'}}
"""


def steps_of(daemon, run):
    return [(row["step"], row["item"], row["try"], row["outcome"]) for row in daemon.sql(
        "SELECT step, item, try, outcome FROM v_steps WHERE run = ? ORDER BY started_at, step, item, try", run)]


def under_way(lab, daemon):
    """The run of the job `waiting`, both of whose steps are at their gate."""
    check_equal("who is ready", ["left", "right"], sorted([lab.read_line("started"), lab.read_line("started")]))
    return next(job for job in daemon.ask("list")["jobs"] if job["name"] == "waiting")["running"][0]["run"]


def scenario(lab):
    started, gate = lab.fifo("started"), lab.fifo("gate")
    daemon = Belfryd(lab, CONFIG.format(started=started, gate=gate))
    daemon.start()

    step("a flow that succeeds")
    check_equal("exit status", 0, daemon.belfry("run", "good", "--wait").returncode)
    run = daemon.runs("good")[0]["run"]
    seen = steps_of(daemon, run)
    check_equal("steps", {("list", 0, 1, "success"), ("each", 1, 1, "success"), ("each", 2, 1, "success"),
                          ("each", 3, 1, "success"), ("never", 0, 1, "skipped"), ("again", 0, 1, "failure"),
                          ("again", 0, 2, "success")}, set(seen))
    check_equal("number of steps", 7, len(seen))
    shown = daemon.ask("logs", "good")
    check_equal("steps in the answer", 7, len(shown["steps"]))
    text = daemon.belfry("logs", "good")
    check("--- step each (2): success\nitem 2\n" in text.stdout, f"not in the output: {text.stdout}")
    check("again" in text.stderr and "skipped" in text.stderr, f"no table of steps: {text.stderr}")

    step("another attempt leaves out what succeeded")
    check_equal("exit status", 0, daemon.belfry("run", "resumed", "--wait").returncode)
    rows = daemon.sql("SELECT attempt, step, outcome FROM v_steps WHERE job = 'resumed' ORDER BY attempt, step")
    check_equal("steps", [(1, "first", "success"), (1, "second", "failure"), (2, "second", "success")],
                [(row["attempt"], row["step"], row["outcome"]) for row in rows])

    check_equal("exit status", 1, daemon.belfry("run", "undone", "--wait", may_fail=True).returncode)
    rows = daemon.sql("SELECT attempt, step FROM v_steps WHERE job = 'undone' ORDER BY attempt, started_at")
    check_equal("steps: what depends on one that is done again is, too",
                {(1, "stop"), (1, "install"), (1, "undo"), (2, "install"), (2, "undo")},
                {(row["attempt"], row["step"]) for row in rows})

    step("a flow that is cancelled")
    daemon.belfry("run", "waiting")
    run = under_way(lab, daemon)
    daemon.belfry("cancel", str(run))
    daemon.log.wait("run ended", run=run, outcome="cancelled")
    check_equal("processes that are left", [], daemon.processes_of(f"BELFRY_RUN_ID={run}"))
    check_equal("steps", {("ready", 0, 1, "success"), ("left", 0, 1, "cancelled"), ("right", 0, 1, "cancelled"),
                          ("clean", 0, 1, "success"), ("knows", 0, 1, "success")}, set(steps_of(daemon, run)))

    step("belfryd is killed while a flow runs")
    daemon.belfry("run", "waiting")
    run = under_way(lab, daemon)
    daemon.kill()
    check(len(daemon.processes_of(f"BELFRY_RUN_ID={run}")) >= 3, "the steps have gone with belfryd")
    daemon.start()
    ended = daemon.log.wait("run ended", run=run)
    check_equal("how it ended", "lost", ended["outcome"])
    check_equal("processes that are left", [], daemon.processes_of(f"BELFRY_RUN_ID={run}"))
    check("have been ended" in daemon.runs("waiting")[0]["message"], "the message does not say what was done")
    check_equal("steps", [("ready", 0, 1, "success")], steps_of(daemon, run))
    daemon.stop()
