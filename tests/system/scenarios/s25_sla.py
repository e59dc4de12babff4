"""S25: a nightly backup and what its `sla` says, on a steered clock: late while it waits for another, no success for over a
day, also over a restart that nobody tells the watch of, and well again; the log, /metrics and the client say the same."""
from lab import check, check_equal, step
from night import Night
from steered import instant

JOBS = """\
  hog:
    command: [cat, hog.fifo]
    group: disk
  backup:
    schedule: "30 2 * * *"
    timezone: UTC
    command: [sh, -c, "test -e well"]
    group: disk
    sla: {max_time_since_success: 26h, late_after: 5m, too_often: 3/1d}
  plain:
    schedule: "0 0 1 1 *"
    command: ["true"]
"""


def late(daemon):
    """The checks of the backup that fail now: by the metrics, which the client must confirm."""
    series = daemon.metrics()
    failing = sorted(check for check in ("late_after", "max_time_since_success", "too_often")
                     if series[f'belfry_job_late{{job_name="backup",check="{check}"}}'] == 1)
    job = next(job for job in daemon.ask("list")["jobs"] if job["name"] == "backup")
    check_equal("the breaches of belfry list --json", failing, sorted(each["check"] for each in job["breaches"]))
    check_equal("the breaches of belfry status --json", len(failing), daemon.ask("status")["sla"]["breached"])
    check_equal("belfry list marks the job", bool(failing), ", late" in daemon.belfry("list").stdout)
    return failing


def scenario(lab):
    import os  # pylint: disable=import-outside-toplevel
    lab.write("well", "")
    os.mkfifo(lab.path("hog.fifo"))
    night = Night(lab, "sla", "2026-05-05T02:00:00Z", JOBS, step=1800, top="groups: {disk: {max_concurrency: 1}}\n",
                  environment={"TZ": "UTC"})
    daemon = night.start().daemon

    step("02:30: the backup is well, and nothing is late")
    night.pass_until("2026-05-05T03:00:00Z")
    check_equal("what fails", [], late(daemon))
    check_equal("a job without sla has no such series", [],
                [name for name in daemon.metrics() if "belfry_job_late" in name and '"plain"' in name])

    step("the next night another job holds its group: late after 5 minutes, while it waits")
    night.pass_until("2026-05-06T02:00:00Z")
    daemon.belfry("run", "hog")
    night.clock.pass_to(instant("2026-05-06T02:31:00Z"))
    check_equal("what fails", [], late(daemon))
    night.clock.pass_to(instant("2026-05-06T02:35:00Z"))
    breach = daemon.log.wait("sla breached", job="backup", check="late_after")
    check_equal("the limit", 300, breach["limit_seconds"])
    check_equal("what fails", ["late_after"], late(daemon))
    check("a slot waits since 5m, and 5m are agreed" in daemon.belfry("status").stdout, "belfry status says by how much")

    step("it starts, too late, and fails: the job is not in time by that")
    os.unlink(lab.path("well"))
    with open(lab.path("hog.fifo"), "wb"):
        pass
    daemon.log.wait("run ended", job="backup", outcome="failure")
    check_equal("what fails", ["late_after"], late(daemon))

    step("04:30 is 26 hours after the success: told at that moment, with nothing due")
    night.clock.pass_to(instant("2026-05-06T04:29:00Z"))
    check_equal("what fails", ["late_after"], late(daemon))
    night.clock.pass_to(instant("2026-05-06T04:31:00Z"))
    daemon.log.wait("sla breached", job="backup", check="max_time_since_success")
    check_equal("what fails", ["late_after", "max_time_since_success"], late(daemon))

    step("a restart does not forget the last success")
    daemon.stop()
    daemon.start()
    daemon.log.wait("sla breached", job="backup", check="max_time_since_success")
    check_equal("what fails", ["max_time_since_success"], late(daemon))

    step("a success by hand ends it; the fourth start within a day is one too many")
    lab.write("well", "")
    daemon.belfry("run", "--wait", "backup")
    daemon.log.wait("sla met again", job="backup", check="max_time_since_success")
    check_equal("what fails", [], late(daemon))
    daemon.belfry("run", "--wait", "backup")
    daemon.belfry("run", "--wait", "backup")
    breach = daemon.log.wait("sla breached", job="backup", check="too_often")
    check_equal("what fails", ["too_often"], late(daemon))
    daemon.stop()
