"""S18: suspend for 8 h, the clock set by +1 h and by -1 h, the zone's rules replaced: the documented result, and one event
each in the ledger."""
import os
import shutil

from lab import check_equal, step
from night import Night
from steered import instant

JOBS = """\
  skips:
    schedule: "0 * * * *"
    timezone: UTC
    on_missed: skip
    command: ["true"]
  runs_once:
    schedule: "0 * * * *"
    timezone: UTC
    on_missed: run_once
    command: ["true"]
  local:
    schedule: "30 6 * * *"
    timezone: Europe/Berlin
    command: ["true"]
"""


def happenings(daemon, what):
    return daemon.sql("SELECT at, what, detail FROM v_happenings WHERE what = ?", what)


def hours(first, last):
    return f"2026-05-05T{first:02}:00:00Z", f"2026-05-05T{last:02}:00:00Z", last - first + 1


def spans(daemon, job):
    return [(slot["scheduled_at"][:19] + "Z", slot["last_scheduled_at"][:19] + "Z", slot["slots"], slot["result"],
             slot["reason"]) for slot in daemon.slots(job)]


def single_slots(entries):
    """Entries of several slots, hour by hour."""
    return [f"{first[:11]}{hour:02}:00:00Z" for first, last, *_ in entries
            for hour in range(int(first[11:13]), int(last[11:13]) + 1)]


def check_gap(daemon, first, last, reason):
    """Both jobs after the slots from hour `first` to `last` were passed over."""
    check_equal(f"on_missed: skip after {reason}", [hours(first, last) + ("missed", reason)],
                [entry for entry in spans(daemon, "skips") if entry[4] == reason])
    folded = [hours(first, last - 1) + ("coalesced", reason)] if last > first else []
    check_equal(f"on_missed: run_once after {reason}", folded + [hours(last, last) + ("started", "none")],
                [entry for entry in spans(daemon, "runs_once") if first <= int(entry[0][11:13]) <= last])
    newest = next(run for run in daemon.runs("runs_once") if run["trigger"] == "catchup")
    check_equal("the newest catch-up run is for", f"2026-05-05T{last:02}:00:00", newest["scheduled_at"][:19])


def scenario(lab):
    zones = lab.path("zoneinfo")
    shutil.copytree("/usr/share/zoneinfo/Europe", os.path.join(zones, "Europe"))
    shutil.copy("/usr/share/zoneinfo/UTC", zones)
    lab.write("zoneinfo/tzdata.zi", "# version before\nZ Europe/Berlin 0\nZ UTC 0\n")
    night = Night(lab, "clock", "2026-05-05T00:59:30Z", JOBS, step=1800, environment={"TZDIR": zones, "TZ": "UTC"})
    daemon = night.start().daemon
    night.pass_until("2026-05-05T02:00:00Z")

    step("suspended from 02:00 to 10:00 and a bit")
    since = len(daemon.log.lines)
    night.clock.suspend(8 * 3600 + 60)
    daemon.log.wait("run ended", since=since, job="runs_once", trigger="catchup")
    check_gap(daemon, 3, 10, "suspend")
    check_equal("events of suspends", 1, len(happenings(daemon, "suspend")))
    check_equal("events of a clock that was set", 0, len(happenings(daemon, "clock_set")))
    check_equal("06:30 in Berlin, which passed in sleep", [("missed", "suspend")],
                [(slot["result"], slot["reason"]) for slot in daemon.slots("local")])

    step("the clock is set forward by an hour at 10:01")
    since = len(daemon.log.lines)
    night.clock.set_by(3600)
    daemon.log.wait("run ended", since=since, job="runs_once", trigger="catchup")
    check_gap(daemon, 11, 11, "clock_jump")
    check_equal("events of a clock that was set", 1, len(happenings(daemon, "clock_set")))
    night.at = night.clock.now()
    night.pass_until("2026-05-05T12:00:00Z")

    step("the clock is set back by an hour at 12:00: what has run does not run again")
    before = {job: spans(daemon, job) for job in ("skips", "runs_once")}
    since = len(daemon.log.lines)
    night.clock.set_by(-3600)
    daemon.log.wait("the wall clock was set", since=since)
    check_equal("events of a clock that was set", 2, len(happenings(daemon, "clock_set")))
    for time in ("11:30", "11:59"):  # until just before 12:00 of the second pass
        night.clock.pass_to(instant(f"2026-05-05T{time}:00Z"))
        daemon.flush()
    check_equal("entries after the hour was lived through again", before, {job: spans(daemon, job) for job in before})
    night.at = instant("2026-05-05T12:00:00Z")  # the beat, too, has had its slots up to here
    night.pass_until("2026-05-05T13:00:00Z")
    for job in before:
        check_equal(f"entries of {job} at 13:00", before[job] + [hours(13, 13) + ("started", "none")], spans(daemon, job))
        check_equal(f"slots of {job}", [f"2026-05-05T{hour:02}:00:00Z" for hour in range(1, 14)], single_slots(spans(daemon, job)))

    step("the zone's rules are replaced: Tokyo's under Berlin's name")
    shutil.copy("/usr/share/zoneinfo/Asia/Tokyo", os.path.join(zones, "Europe/new"))
    os.rename(os.path.join(zones, "Europe/new"), os.path.join(zones, "Europe/Berlin"))
    lab.write("zoneinfo/tzdata.zi", "# version after\nZ Europe/Berlin 0\nZ UTC 0\n")
    daemon.reload()
    daemon.log.wait("tzdata was updated: its new rules are in force", before="before", now="after")
    daemon.log.wait("the next slot has moved", job="local")
    check_equal("the next slot at 06:30", "2026-05-05T21:30:00Z", daemon.ask("next", "local", "-n", "1")["slots"][0][:19] + "Z")
    check_equal("events of zones", ["before -> after"], [row["detail"] for row in happenings(daemon, "zones_changed")])
    daemon.stop()
