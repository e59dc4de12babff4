"""S7: a weekly job still fires weekly although the daemon is restarted every day, for four weeks."""
from lab import check_equal
from night import Night
from steered import NS

DAY = 24 * 3600 * NS


def scenario(lab):
    jobs = """\
  sundays:
    schedule: "0 3 * * sun"
    timezone: UTC
    command: ["true"]
  weekly:
    every: 7d
    from: 2026-03-04T18:00:00Z
    command: ["true"]
"""
    night = Night(lab, "weekly", "2026-03-02T12:00:01Z", jobs, step=6 * 3600)
    for day in range(1, 29):
        night.start().pass_until(night.begin + day * DAY)
        night.daemon.stop()
    night.start()
    check_equal("fires on Sundays", [f"2026-03-{day:02}T03:00:00Z" for day in (8, 15, 22, 29)], night.started("sundays"))
    check_equal("fires every 7 days", [f"2026-03-{day:02}T18:00:00Z" for day in (4, 11, 18, 25)], night.started("weekly"))
    for job in ("sundays", "weekly"):
        check_equal(f"entries of {job}", {"started"}, {slot["result"] for slot in night.daemon.slots(job)})
    night.daemon.stop()
