"""S23: a job is paused for more than a hundred slots, over a restart, too: when it is resumed, it keeps its schedule."""
from lab import check_equal, step
from night import Night


def scenario(lab):
    night = Night(lab, "paused", "2026-05-05T12:00:30Z", """\
  minutely:
    schedule: "* * * * *"
    timezone: UTC
    command: ["true"]
""").start()
    daemon = night.daemon
    night.pass_until("2026-05-05T12:05:00Z")
    step("paused for 120 slots")
    daemon.belfry("pause", "minutely", "--reason", "the scenario")
    night.pass_until("2026-05-05T13:05:00Z")
    daemon.stop()
    daemon.start()
    night.pass_until("2026-05-05T14:05:00Z")
    step("resumed")
    daemon.belfry("resume", "minutely")
    night.pass_until("2026-05-05T14:35:00Z")
    minutes = night.minutes("2026-05-05T14:35:00Z")
    check_equal("entries", [(minute, "started", "none") for minute in minutes[:5]] +
                [(minute, "skipped", "paused") for minute in minutes[5:125]] +
                [(minute, "started", "none") for minute in minutes[125:]], night.all_slots("minutely"))
    daemon.stop()
