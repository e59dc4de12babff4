"""belfryd may open no more files: runs end as start_error with that reason, each slot has its entry, and it recovers."""
import os
import resource

from belfryd import Belfryd
from lab import check, check_equal, step


def scenario(lab):
    daemon = Belfryd(lab, """
jobs:
  often:
    every: 100ms
    command: "echo a word"
""")
    daemon.start()
    daemon.log.wait("run ended", job="often", outcome="success")
    step("no descriptor is left")
    before = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
    used = max(int(name) for name in os.listdir(f"/proc/{daemon.pid}/fd"))
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (min(used, 8), before[1]))
    ended = daemon.log.wait("run ended", count=3, job="often", outcome="start_error")
    check("open files" in ended["reason"], f"the reason is told as {ended['reason']!r}")
    step("there are some again")
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, before)
    since = len(daemon.log.lines)
    daemon.log.wait("run ended", count=3, since=since, job="often", outcome="success")
    daemon.write_config("jobs: {}\n")
    daemon.reload()
    daemon.flush()
    slots = daemon.slots("often")
    check(all(slot["reason"] in ("none", "overlap", "overload") for slot in slots), f"entries: {slots}")
    check_equal("runs without an end", [], [run for run in daemon.runs() if run["outcome"] not in ("success", "start_error")])
    daemon.stop()
