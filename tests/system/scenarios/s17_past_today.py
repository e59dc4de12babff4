"""S17: a schedule is edited so that today's time is already past: it does not fire until its next slot."""
from lab import check, check_equal
from night import BEAT, Night

JOB = """\
  report:
    schedule: "{schedule}"
    timezone: UTC
    on_missed: run_once
    command: ["true"]
"""


def scenario(lab):
    night = Night(lab, "edited", "2026-05-05T11:59:01Z", JOB.format(schedule="0 13 * * *"), step=3600).start()
    daemon = night.daemon
    night.pass_until("2026-05-05T12:00:00Z")
    daemon.write_config("jobs:\n" + JOB.format(schedule="0 11 * * *") + BEAT.format(step=night.step))
    check_equal("what the reload tells", ["report"], daemon.reload()["changed"])
    night.pass_until("2026-05-05T15:00:00Z")
    check_equal("slots today", [], daemon.slots("report"))

    # The same by a restart: the declaration is another one than that of the daemon before.
    daemon.stop()
    daemon.write_config("jobs:\n" + JOB.format(schedule="0 14 * * *") + BEAT.format(step=night.step))
    daemon.start()
    night.pass_until("2026-05-05T18:00:00Z")
    check_equal("slots after the restart", [], daemon.slots("report"))
    check(daemon.ask("next", "report", "-n", "1")["slots"][0].startswith("2026-05-06T14:00:00"), "the next slot")
    night.pass_until("2026-05-06T15:00:00Z")
    check_equal("slots tomorrow", ["2026-05-06T14:00:00Z"], night.started("report"))
    daemon.stop()
