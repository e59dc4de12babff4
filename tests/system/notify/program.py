"""A program is told by its variables and its standard input; one that hangs is ended with all that it started."""
import json

from belfryd import Belfryd, wait_gone
from lab import check, check_equal, step


def scenario(lab):
    told = lab.fifo("told")
    pid = lab.fifo("pid")
    lab.write("tell.sh", f"""#!/bin/sh
read -r json
printf '%s\\n' "$json" >'{told}'
echo "$BELFRY_EVENT $BELFRY_JOB $BELFRY_RUN_ID $BELFRY_EXIT_CODE $BELFRY_TRIGGER" >'{told}'
echo "$BELFRY_SUMMARY" >'{told}'
""", mode=0o755)
    lab.write("hang.sh", f"""#!/bin/sh
setsid sh -c 'echo $$ >"{pid}"; exec sleep 1000' &
exec sleep 1000
""", mode=0o755)
    daemon = Belfryd(lab, """
notify:
  program: {exec: {command: [./tell.sh]}, send_output: 1K}
  hangs: {exec: {command: ./hang.sh}, timeout: 500ms, retries: 0}
  fails: {exec: {command: "echo no >&2; exit 7"}, retries: 1, retry_delay: 1ms}
  missing: {exec: {command: [/no/such/program]}}
jobs:
  job: {every: 1000d, command: "echo out; exit 3", notify: {on_failure: [program, hangs, fails, missing]}}
""")
    daemon.start()
    step("a failure")
    daemon.belfry("run", "job", "--wait", may_fail=True)
    event = json.loads(lab.read_line("told"))
    check_equal("the event", ("failure", "job", 1, 3, "out\n"),
                tuple(event[key] for key in ("event", "job", "run", "exit_code", "output")))
    check_equal("the variables", "failure job 1 3 manual", lab.read_line("told"))
    check(": exit code 3" in lab.read_line("told"), "the summary says how it ended")

    step("the one that hangs is ended as a tree")
    escapee = int(lab.read_line("pid"))
    reason = daemon.log.wait("a notification was not delivered", channel="hangs")["reason"]
    check_equal("the reason", "the program did not end within 500ms, and was ended", reason)
    wait_gone(escapee)
    check_equal("what is left", [], daemon.processes_of("BELFRY_EVENT=failure"))

    step("the others say why not")
    failed = daemon.log.wait("a notification was not delivered", channel="fails")
    check_equal("the one that fails", ("the program: exit code 7", 2), (failed["reason"], failed["tries"]))
    missing = daemon.log.wait("a notification was not delivered", channel="missing")
    check("cannot start /no/such/program" in missing["reason"], missing["reason"])
    check_equal("it is not tried again", 1, missing["tries"])
    daemon.stop()
