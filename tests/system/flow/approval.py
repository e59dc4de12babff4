"""Steps of flows that wait for a person: status, metrics and log tell of them, whoever decides is on record, and what else may
end the wait does."""
import os
import pwd

from belfryd import Belfryd
from lab import check, check_equal, step

CONFIG = """
shutdown_timeout: 1s
jobs:
  deploy:
    retries: {limit: 3, delay: 1ms}
    flow:
      max_parallel: 1
      steps:
        - {id: build, command: 'echo 1.2.3', outputs: {version: last_line}}
        - {id: gate, approval: 'Deploy ${{ steps.build.outputs.version }}?', outputs: {by: {variable: by}}}
        - {id: install, environment: {BY: '${{ steps.gate.outputs.by }}'}, command: 'echo "for $BY"'}
        - {id: undo, needs: gate, if: "steps.gate.outcome == 'failure'", command: 'echo undone'}
        - {id: beside, needs: none, command: 'true'}
      finally:
        - {id: clean, command: 'echo cleaned'}
  late:
    flow:
      - {id: gate, approval: {message: 'Really?', on_timeout: skip}, timeout: 1ms}
      - {id: never, command: 'true'}
"""


def steps_of(daemon, run):
    return {row["step"]: row["outcome"] for row in daemon.sql("SELECT step, outcome FROM v_steps WHERE run = ?", run)}


def waiting(daemon):
    """A run of `deploy` that waits at its gate."""
    daemon.belfry("run", "deploy")
    asked = daemon.log.wait("a step waits for an approval", job="deploy", since=waiting.seen)
    waiting.seen = len(daemon.log.lines)
    return asked["run"]


def scenario(lab):
    waiting.seen = 0
    me = f"{pwd.getpwuid(os.getuid()).pw_name} (uid {os.getuid()})"
    daemon = Belfryd(lab, CONFIG)
    daemon.start()

    step("a step that waits is shown")
    run = waiting(daemon)
    daemon.log.wait("a step waits for an approval", step="gate", run=run, question="Deploy 1.2.3?")
    status = daemon.ask("status")["approvals"]
    check_equal("how many wait", 1, status["waiting"])
    check_equal("what is asked", ("deploy", run, "gate", "Deploy 1.2.3?"),
                tuple(status["approvals"][0][key] for key in ("job", "run", "step", "message")))
    check("waits for approval: gate since" in daemon.belfry("status").stdout, "status does not say it")
    check("waits for approval" in daemon.belfry("list").stdout, "list does not say it")

    step("it is approved, once")
    daemon.belfry("approve", "deploy", "--comment", "tested on staging")
    daemon.log.wait("run ended", run=run, outcome="success")
    check_equal("steps", {"build": "success", "beside": "success", "gate": "success", "install": "success",
                          "undo": "skipped", "clean": "success"}, steps_of(daemon, run))
    check("for " + me.split(" ", maxsplit=1)[0] + "\n" in daemon.belfry("logs", str(run)).stdout, "the output does not tell who")
    said = daemon.sql("SELECT message FROM v_steps WHERE run = ? AND step = 'gate'", run)[0]["message"]
    check_equal("on record", f"approved by {me}: tested on staging", said)
    again = daemon.belfry("approve", "deploy", may_fail=True)
    check_equal("exit status", 6, again.returncode)
    check("waits for an approval" in again.stderr, f"no clear sentence: {again.stderr}")

    step("it is rejected: no attempt follows, what asks for it runs, and the finally steps do")
    run = waiting(daemon)
    daemon.belfry("reject", str(run), "gate", "--comment", "not today")
    ended = daemon.log.wait("run ended", run=run, outcome="failure")
    check(f"rejected by {me}: not today" in ended["reason"], f"the reason does not say it: {ended}")
    check("attempts" not in ended, f"there was another attempt: {ended}")
    check_equal("steps", {"build": "success", "beside": "success", "gate": "failure", "install": "skipped",
                          "undo": "success", "clean": "success"}, steps_of(daemon, run))

    step("nobody decides in time")
    check_equal("exit status", 0, daemon.belfry("run", "late", "--wait").returncode)
    run = daemon.runs("late")[0]["run"]
    check_equal("steps", {"gate": "skipped", "never": "skipped"}, steps_of(daemon, run))

    step("a run that waits is cancelled")
    run = waiting(daemon)
    daemon.belfry("cancel", str(run))
    daemon.log.wait("run ended", run=run, outcome="cancelled")
    check_equal("gate and clean", ("cancelled", "success"), tuple(map(steps_of(daemon, run).get, ("gate", "clean"))))
    check_equal("how many wait", 0, daemon.ask("status")["approvals"]["waiting"])

    check_equal("complaints", [], [line for line in daemon.log.lines if "complaint" in line])

    step("an upgrade would lose a run that waits, so it is refused at once")
    run = waiting(daemon)
    refused = daemon.belfry("upgrade", may_fail=True)
    check_equal("exit status", 6, refused.returncode)
    check(f"run {run} of deploy waits for a person" in refused.stderr, f"no clear sentence: {refused.stderr}")

    step("belfryd is killed while a run waits")
    daemon.kill()
    daemon.start()
    waiting.seen = 0
    daemon.log.wait("run ended", run=run, outcome="lost")
    check_equal("exit status", 3, daemon.belfry("approve", str(run), may_fail=True).returncode)

    step("belfryd is stopped while a run waits")
    run = waiting(daemon)
    daemon.stop()
    check_equal("gate and clean", ("cancelled", "success"), tuple(map(steps_of(daemon, run).get, ("gate", "clean"))))
