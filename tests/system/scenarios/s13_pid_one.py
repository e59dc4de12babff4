"""S13: belfryd as PID 1 of a container, 10,000 runs of which some leave orphans: no zombie, every exit code right."""
import os
import subprocess

from belfryd import Belfryd, memory_kb, slack_kb, state_of
from lab import Skipped, check, check_equal, fewer, step

SECONDS = 150
CONTAINER = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
JOBS = 100


def config():
    text = "history: {keep_runs: 20000, keep_slots: 20000}\njobs:\n"
    for code in range(JOBS):
        orphan = "(sleep 0 &) ; " if code % 10 == 0 else ""
        text += f"""\
  exit{code:02}:
    every: 100ms
    command: ["/bin/sh", "-c", "{orphan}exit {code}"]
"""
    return text


class Contained(Belfryd):
    """A belfryd that is PID 1 of a PID namespace of its own."""

    @property
    def pid(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            return int(file.read().split()[0])


def zombies(parent):
    children = []
    for thread in os.listdir(f"/proc/{parent}/task"):
        with open(f"/proc/{parent}/task/{thread}/children", encoding="ascii") as file:
            children += [int(child) for child in file.read().split()]
    return [child for child in children if state_of(child) == "Z"]


def scenario(lab):
    if subprocess.run([*CONTAINER, "true"], capture_output=True, check=False).returncode != 0:
        raise Skipped("no PID namespace may be made here")
    runs = fewer(10_000, 1_000)
    daemon = Contained(lab, config())
    daemon.program = [*CONTAINER, *daemon.program]
    daemon.start()
    step("a tenth of the runs: memory is warm then")
    daemon.log.wait("run ended", count=runs // 10)
    before = memory_kb(daemon.pid)
    step(f"{runs} runs")
    daemon.log.wait("run ended", count=runs)
    after = memory_kb(daemon.pid)
    daemon.write_config("jobs: {}\n")
    daemon.reload()
    daemon.log.wait("run ended", count=sum(line["message"] == "run started" for line in daemon.log.lines))
    check_equal("zombies", [], zombies(daemon.pid))
    ended = daemon.sql("SELECT job, outcome, exit_code, count(*) AS runs FROM v_runs GROUP BY job, outcome, exit_code")
    wrong = [row for row in ended if row["exit_code"] != int(row["job"].removeprefix("exit"))]
    check_equal("runs with a wrong exit code", [], wrong)
    check_equal("jobs that ran", JOBS, len({row["job"] for row in ended}))
    total = sum(row["runs"] for row in ended)
    check(total >= runs, f"only {total} of {runs} runs are on record")
    print(f"   {total} runs; resident memory from {before} to {after} kB")
    # What grows is what is kept of each job's runs in the ledger's page cache (8 MiB at most).
    check(after - before < 8192 + slack_kb(), f"memory grew from {before} to {after} kB")
    daemon.stop()
