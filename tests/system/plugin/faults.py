"""Plugins that crash, leave, hang, print without end, and change under the daemon: each run says how it ended, belfryd has no
plugin in it, and the other jobs go on."""
import os
import shutil
import subprocess

from belfryd import Belfryd, wait_gone
from lab import BIN_DIR, BUILD_DIR, check, check_equal, step

JOBS = """
plugins: [words.so, faults.so, throws.so]
jobs:
  count: {native: {function: words.count, paths: text}}
  slow: {native: {function: words.count, paths: late}}
  crash: {native: {function: faults.crash}}
  leave: {native: {function: faults.leave}}
  throws: {native: {function: variant.run}}
  flood: {native: {function: faults.flood, megabytes: 64}, output: {max_bytes: 8K}}
  deaf: {native: {function: faults.loop}, timeout: 100ms, kill_grace: 100ms}
  patient: {native: {function: faults.obedient, ready: ready}, environment: {A: b}, nice: 3}
"""


def place(lab, name, under=None):
    """Puts a plugin into the test's folder as an installation does: by a rename."""
    target = lab.path(under or name)
    shutil.copy(os.path.join(BUILD_DIR, "plugins", name), target + ".new")
    os.chmod(target + ".new", 0o755)
    os.rename(target + ".new", target)


def end_of(daemon, job):
    daemon.belfry("run", job, "--wait", may_fail=True)
    run = daemon.runs(job, 1)[0]
    return run["outcome"], run["message"]


def check_faults(daemon):
    for job, outcome, part in (
            ("crash", "killed", "faults.crash: killed by SIG"),
            ("leave", "failure", "faults.leave ended its process with status 0 instead of returning"),
            ("throws", "failure", "it threw an exception: thrown by a plugin"),
            ("deaf", "timeout", "ran past its timeout of 100ms"),
            ("flood", "success", "mmm"),
            ("count", "success", "3 words")):
        found, message = end_of(daemon, job)
        check_equal(job, outcome, found)
        check(part in (message or ""), f"{job}: {message}")
    check(len(daemon.belfry("logs", "flood").stdout) < 20_000, "more of the flood is kept than max_bytes says")


def check_changes(lab, daemon):
    """A plugin is another one, is one that cannot be loaded, is one that others may write, and is back."""
    since = len(daemon.log.lines)
    place(lab, "other_major.so", under="words.so")
    daemon.log.wait(lambda message: "ABI" in str(message), since=since)
    outcome, message = end_of(daemon, "count")
    check_equal("a plugin of another ABI", "start_error", outcome)
    check("it was built for version 2 of the ABI" in message, message)
    place(lab, "words.so")
    os.chmod(lab.path("words.so"), 0o666)
    outcome, message = end_of(daemon, "count")
    check_equal("a plugin that others may write", "start_error", outcome)
    check(f"chmod go-w {lab.path('words.so')}" in message, message)
    checked = subprocess.run([os.path.join(BIN_DIR, "belfryd"), "--check", "--config", daemon.config], check=False,
                             capture_output=True, text=True)
    check_equal("belfryd --check", 5, checked.returncode)
    check("chmod go-w" in checked.stderr, checked.stderr)
    os.remove(lab.path("words.so"))
    place(lab, "words.so")
    daemon.reload()
    check_equal("the plugin is back", ("success", "3 words"), end_of(daemon, "count"))


def scenario(lab):
    for name in ("words.so", "faults.so", "throws.so"):
        place(lab, name)
    lab.write("text", "one two three")
    os.mkfifo(lab.path("late"))
    lab.fifo("ready")
    daemon = Belfryd(lab, JOBS, watch=True)
    daemon.start()

    step("a function that is under way while others crash, leave, hang and print without end")
    patient = daemon.ask("run", "patient")["run"]["run"]
    check_equal("it has begun", "begun", lab.read_line("ready"))
    check_faults(daemon)
    with open(f"/proc/{daemon.pid}/maps", encoding="ascii", errors="replace") as maps:
        check(lab.folder + "/words.so" not in maps.read(), "belfryd has a plugin in it")

    step("it sees that it is cancelled, and has the last word")
    daemon.belfry("cancel", str(patient))
    check_equal("its end", "cancelled", daemon.log.wait("run ended", run=patient)["outcome"])
    check_equal("its error output", "progress: 40 of 100\n", daemon.belfry("logs", str(patient)).stderr)

    step("a run goes on over a kill -9 of belfryd, and what it says in the end is heard")
    slow = daemon.ask("run", "slow")["run"]["run"]
    with open(lab.path("late"), "w", encoding="ascii") as late:  # returns when the function has opened it
        late.write("four words ")
        daemon.ask("list")  # the loop has gone on: all of the start is done
        daemon.kill()
        daemon.start()
        late.write("in all")
    ended = daemon.log.wait("run ended", run=slow)
    check_equal("its end", ("success", "4 words"), (ended["outcome"], ended.get("reason")))

    step("nothing is lost of a run that ends while there is no belfryd, whatever the kernel tells of it")
    slow = daemon.ask("run", "slow")["run"]["run"]
    with open(lab.path("late"), "w", encoding="ascii") as late:
        daemon.ask("list")
        process = daemon.processes_of("BELFRY_JOB=slow")
        daemon.kill()
        late.write("just two")
    for pid in process:
        wait_gone(pid)
    daemon.start()
    run = daemon.runs("slow", 1)[0]
    check_equal("its end", (slow, "success", "2 words"), (run["run"], run["outcome"], run["message"]))

    step("the file changes")
    check_changes(lab, daemon)
    daemon.stop()
