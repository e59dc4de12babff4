"""S12: a job double-forks, leaves its session, clears its environment, ignores SIGTERM, then times out: nothing is left."""
import os

from belfryd import Belfryd
from lab import check, check_equal, step

# Each of the tree writes a line when it is in place, then sleeps for a number of seconds by which it can be found.
SCRIPT = """#!/bin/sh
sleep_as=$1 places=$2
trap '' TERM
(setsid sh -c "echo session >>$places; exec sleep $sleep_as" &) &
(setsid env -i /bin/sh -c "trap '' TERM; echo no-marker >>$places; exec sleep $sleep_as" &) &
(sh -c "echo group >>$places; exec sleep $sleep_as" &) &
setsid sh -c "(trap '' TERM HUP; echo grandchild >>$places; exec sleep $sleep_as) & exit 0" &
echo leader >>$places
while :; do sleep $sleep_as; done
"""
TREE = {"session", "no-marker", "group", "grandchild", "leader"}


def sleepers(argument):
    """The processes that sleep for so long."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if argument.encode() in words:
            found.append(int(entry))
    return found


def times_out(lab, timeout):
    """One run that times out after so many seconds; whether its tree was complete by then."""
    places, argument = lab.write("places", ""), f"86400.{os.getpid()}"
    script = lab.write("escape.sh", SCRIPT, mode=0o755)
    daemon = Belfryd(lab, f"""
jobs:
  escape:
    command: [{script}, "{argument}", {places}]
    timeout: {timeout}s
    kill_grace: 100ms
""", name=f"escape{timeout}")
    daemon.start()
    check_equal("exit status of belfry run --wait", 1, daemon.belfry("run", "escape", "--wait", may_fail=True).returncode)
    run = daemon.runs("escape")[0]
    check_equal("outcome", "timeout", run["outcome"])
    left = sleepers(argument) + daemon.processes_of(f"BELFRY_RUN_ID={run['run']}")
    for pid in left:
        os.kill(pid, 9)
    check_equal("processes that are left when the run has ended", [], left)
    with open(places, encoding="ascii") as file:
        complete = set(file.read().split()) == TREE
    if complete:
        orphans = daemon.sql("SELECT orphans FROM v_attempts")[0]["orphans"]
        check(orphans >= 2, f"only {orphans} orphans are on record")
        told = f"ran past its timeout of {timeout}s and was ended; {orphans} processes outlived it and were ended: "
        check(run["message"].startswith(told) and "sleep (pid " in run["message"], f"the message is {run['message']!r}")
    daemon.stop()
    return complete


def scenario(lab):
    for timeout in (1, 8, 32):  # on a busy machine the tree takes long to grow
        step(f"timeout: {timeout}s")
        if times_out(lab, timeout):
            return
    check(False, "the tree was not complete after 32 s")
