"""S26: a zoo of children that misbehave, at the same time: each ends as it should, nothing of them is left, and the job
beside them never notices."""
import os

from belfryd import Belfryd, memory_kb, slack_kb, state_of
from lab import check, check_equal, step, until

# Who stays for ever says `here` first; who is waited for by a script that then ends says so through a FIFO of its own.
STAY = "exec tail -f /dev/null"
HERE = "echo here >$READY"
MET = "read -r _ <$READY"

# A name that is a trap for whoever reads /proc/PID/stat up to the first bracket, and hides there with a session of its own.
LIAR = f"setsid sh -c 'printf \") Z 1 (\" >/proc/self/comm; {HERE}; while :; do read -r _ <$NEVER; done' & {MET}; exit 4"
BOMB = "exec perl -e 'fork while 1'"

# What it runs, how it ends: the outcome, and the exit code or the signal; then keys of its own.
ZOO = {
    "deaf": ("trap '' TERM INT HUP; while :; do read -r _ <$NEVER; done", "timeout", None, "timeout: 300ms"),
    "mute": ("exec >&- 2>&- <&-; exit 3", "failure", 3, ""),
    "last_code": ("exit 255", "failure", 255, ""),
    "frozen": ("kill -STOP $$", "timeout", None, "timeout: 300ms"),
    "frozen_child": (f"sh -c '{HERE}; kill -STOP $$' & {MET}; exit 5", "failure", 5, ""),
    "core": (f"ulimit -c 0; kill -SEGV $$; {STAY}", "killed", 11, ""),
    "suicide_of_the_group": (f"({STAY}) & kill -KILL 0", "killed", 9, ""),
    "liar": (LIAR, "failure", 4, ""),
    "orphans": (f"for i in 1 2 3 4 5 6 7 8; do (setsid sh -c '{HERE}; {STAY}' &); {MET}; done; exit 6", "failure", 6, ""),
    "torrent": ("head -c 300000000 /dev/zero; head -c 300000000 /dev/zero >&2; exit 7", "failure", 7, ""),
    "clinger": (f"(trap '' TERM; {HERE}; {STAY}) & {MET}; exit 8", "failure", 8, ""),
}
ROOTS = {
    "bomb": (BOMB, "timeout", None, "timeout: 1s, user: nobody, working_dir: /, limits: {nproc: 60}"),
    "turncoat": (f"setpriv --reuid 65534 --clear-groups setsid sh -c 'echo here >&3; {STAY}' 3>$READY & {MET}; exit 9", "failure", 9, ""),
}
KEEPERS_TICKS = 5


def animals():
    return {**ZOO, **(ROOTS if os.geteuid() == 0 else {})}


def config(lab):
    """Each has a FIFO to be met at, and all have one that nobody ever writes to."""
    never = lab.fifo("never")
    text = "jobs:\n  keeper: {every: 200ms, command: [\"true\"]}\n"
    for name, (script, _outcome, _code, keys) in animals().items():
        body = "".join(f"      {line}\n" for line in script.splitlines())
        text += f"  {name}:\n    kill_grace: 200ms\n"
        text += "".join(f"    {key}\n" for key in split(keys))
        ready = lab.fifo(f"ready.{name}")
        text += f"    environment: {{READY: '{ready}', NEVER: '{never}'}}\n"
        text += f"    interpreter: /bin/sh\n    script: |\n{body}"
    return text


def split(keys):
    """`a: 1, b: {c: 2}` as lines."""
    return [part for part in keys.split(", ") if part]


def scenario(lab):
    daemon = Belfryd(lab, config(lab))
    daemon.start()
    before = memory_kb(daemon.pid)
    step("all of them at once")
    for name in animals():
        daemon.belfry("run", name)
    for name, (_script, outcome, code, _keys) in animals().items():
        until(lambda: daemon.runs(name, 1)[0].get("outcome"))  # pylint: disable=cell-var-from-loop
        run = daemon.runs(name, 1)[0]
        check_equal(f"outcome of {name}", outcome, run["outcome"])
        if code is not None:
            check_equal(f"how {name} ended", code, run["exit_code"] if outcome == "failure" else run["signal"])

    step("nothing of them is left")
    check_equal("processes", {}, {name: left for name in animals() if (left := daemon.processes_of(f"BELFRY_JOB={name}"))})
    check_equal("children that nobody has reaped", [], [child for child in children(daemon.pid) if state_of(child) == "Z"])
    orphans = {row["job"]: row["orphans"] for row in daemon.sql("SELECT job, orphans FROM v_attempts")}
    for name, least in {"liar": 1, "orphans": 8, "clinger": 1, **({"turncoat": 1} if os.geteuid() == 0 else {})}.items():
        check(orphans[name] >= least, f"{orphans[name]} orphans of {name} are on record")

    step("who runs beside them never noticed")
    until(lambda: len(daemon.runs("keeper")) >= KEEPERS_TICKS)
    runs = daemon.runs("keeper")
    check_equal("its outcomes", {"success"}, {run["outcome"] for run in runs if run.get("outcome")})
    after = memory_kb(daemon.pid)
    check(after - before < 16384 + slack_kb(), f"memory grew from {before} to {after} kB")
    daemon.stop()


def children(parent):
    found = []
    for thread in os.listdir(f"/proc/{parent}/task"):
        with open(f"/proc/{parent}/task/{thread}/children", encoding="ascii") as file:
            found += [int(child) for child in file.read().split()]
    return found
