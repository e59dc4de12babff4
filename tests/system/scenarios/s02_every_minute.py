"""S2: * * * * * in Berlin across both changes of the clock: one fire for each real minute."""
from lab import check_equal, step
from night import Night

MINUTELY = """\
  minutely:
    schedule: "* * * * *"
    timezone: Europe/Berlin
    command: ["true"]
"""


def scenario(lab):
    for name, begin, end in (("spring", "2026-03-29T00:30:30Z", "2026-03-29T01:30:30Z"),
                             ("autumn", "2026-10-24T23:45:30Z", "2026-10-25T02:15:30Z")):
        step(f"{name}: from {begin} to {end}, minute by minute")
        night = Night(lab, name, begin, MINUTELY).start()
        night.pass_until(end)
        check_equal("entries", [(minute, "started", "none") for minute in night.minutes(end)], night.all_slots("minutely"))
        night.daemon.stop()
