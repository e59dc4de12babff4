"""S3: 30 2/4 * * * in Sydney on 2019-10-06: 02:30 does not exist, 06:30 still fires, and so does the rest of the day."""
from lab import check_equal
from night import Night


def scenario(lab):
    jobs = """\
  four_hourly:
    schedule: "30 2/4 * * *"
    timezone: Australia/Sydney
    command: ["true"]
"""
    night = Night(lab, "sydney", "2019-10-05T12:45:00Z", jobs, step=1800).start()
    night.pass_until("2019-10-06T13:00:00Z")
    check_equal("fires", ["2019-10-05T16:00:00Z",   # 03:00, right after the gap that holds 02:30
                          "2019-10-05T19:30:00Z",   # 06:30 in summer time
                          "2019-10-05T23:30:00Z", "2019-10-06T03:30:00Z", "2019-10-06T07:30:00Z",
                          "2019-10-06T11:30:00Z"], night.started("four_hourly"))
    night.daemon.stop()
