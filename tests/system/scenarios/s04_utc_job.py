"""S4: a job at 01:30 UTC fires once while the host's zone, London, sets its clock back."""
from lab import check_equal
from night import Night


def scenario(lab):
    jobs = """\
  in_utc:
    schedule: "30 1 * * *"
    timezone: UTC
    command: ["true"]
  in_london:
    schedule: "30 1 * * *"
    command: ["true"]
"""
    night = Night(lab, "london", "2026-10-24T23:50:00Z", jobs, step=300, environment={"TZ": "Europe/London"}).start()
    night.pass_until("2026-10-25T03:00:00Z")
    check_equal("fires of the job in UTC", ["2026-10-25T01:30:00Z"], night.started("in_utc"))
    check_equal("fires of the job in the host's zone", ["2026-10-25T00:30:00Z"], night.started("in_london"))
    night.daemon.stop()
