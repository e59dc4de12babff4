"""S26: a zoo of children that misbehave, at the same time: each ends as it should, nothing of them is left, and the job
beside them never notices."""
import os

from belfryd import Belfryd, memory_kb, slack_kb, state_of
from lab import check, check_equal, step, until

# A name that is a trap for whoever reads /proc/PID/stat up to the first bracket, and hides there with a session of its own.
LIAR = "setsid sh -c 'printf \") Z 1 (\" >/proc/self/comm; exec 3>&-; while :; do sleep 1000; done' & sleep 0.1; exit 4"
BOMB = "exec perl -e 'fork while 1'"

# What it runs, how it ends: the outcome, and the exit code or the signal; then keys of its own.
ZOO = {
    "deaf": ("trap '' TERM INT HUP; while :; do sleep 0.05; done", "timeout", None, "timeout: 300ms"),
    "mute": ("exec >&- 2>&- <&-; sleep 0.2; exit 3", "failure", 3, ""),
    "last_code": ("exit 255", "failure", 255, ""),
    "frozen": ("kill -STOP $$", "timeout", None, "timeout: 300ms"),
    "frozen_child": ("(kill -STOP $(exec sh -c 'echo $PPID'); sleep 1000) & sleep 0.1; exit 5", "failure", 5, ""),
    "core": ("ulimit -c 0; kill -SEGV $$; sleep 1000", "killed", 11, ""),
    "suicide_of_the_group": ("sleep 1000 & kill -KILL 0", "killed", 9, ""),
    "liar": (LIAR, "failure", 4, ""),
    "orphans": ("for i in 1 2 3 4 5 6 7 8; do (setsid sleep 1000 &) & done; sleep 0.2; exit 6", "failure", 6, ""),
    "torrent": ("head -c 300000000 /dev/zero; head -c 300000000 /dev/zero >&2; exit 7", "failure", 7, ""),
    "clinger": ("(trap '' TERM; exec sleep 1000) & exit 8", "failure", 8, ""),
}
ROOTS = {
    "bomb": (BOMB, "timeout", None, "timeout: 1s, user: nobody, working_dir: /, limits: {nproc: 60}"),
    "turncoat": ("setpriv --reuid 65534 --clear-groups setsid sleep 1000 & sleep 0.2; exit 9", "failure", 9, ""),
}
KEEPERS_TICKS = 5


def animals():
    return {**ZOO, **(ROOTS if os.geteuid() == 0 else {})}


def config():
    text = "jobs:\n  keeper: {every: 200ms, command: [\"true\"]}\n"
    for name, (script, _outcome, _code, keys) in animals().items():
        body = "".join(f"      {line}\n" for line in script.splitlines())
        text += f"  {name}:\n    kill_grace: 200ms\n"
        text += "".join(f"    {key}\n" for key in split(keys))
        text += f"    interpreter: /bin/sh\n    script: |\n{body}"
    return text


def split(keys):
    """`a: 1, b: {c: 2}` as lines."""
    return [part for part in keys.split(", ") if part]


def scenario(lab):
    daemon = Belfryd(lab, config())
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
    runs = daemon.runs("keeper")
    check(len(runs) >= KEEPERS_TICKS, f"only {len(runs)} runs of the keeper")
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
