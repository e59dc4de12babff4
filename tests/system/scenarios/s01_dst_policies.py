"""S1: 30 2 * * * in Berlin over both changes of the clock: 0, 1 or 2 fires, just as dst_gap and dst_overlap say."""
from lab import check, check_equal, step
from night import Night

SPRING = {"run_after": ["2026-03-29T01:00:00Z"], "shift": ["2026-03-29T01:30:00Z"], "skip": []}
AUTUMN = {"first": ["2026-10-25T00:30:00Z"], "second": ["2026-10-25T01:30:00Z"],
          "both": ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]}


def jobs(key, values):
    return "".join(f"""\
  {value}:
    schedule: "30 2 * * *"
    timezone: Europe/Berlin
    {key}: {value}
    command: ["true"]
""" for value in values)


def live_through(lab, night, expected, end):
    night.start().pass_until(end)
    for policy, instants in expected.items():
        check_equal(f"fires with {policy}", instants, night.started(policy))
        check_equal(f"entries with {policy}", len(instants), len(night.daemon.slots(policy)))
        said = night.daemon.belfry("next", policy, "--around-dst").stdout
        check("02:30" in said or "03:" in said, f"belfry next --around-dst does not show that night: {said}")
    night.daemon.stop()


def scenario(lab):
    step("the night of 2026-03-29, when 02:30 does not exist")
    live_through(lab, Night(lab, "spring", "2026-03-29T00:05:00Z", jobs("dst_gap", SPRING), step=300), SPRING,
                 "2026-03-29T02:00:00Z")
    step("the night of 2026-10-25, when 02:30 comes twice")
    live_through(lab, Night(lab, "autumn", "2026-10-25T00:05:00Z", jobs("dst_overlap", AUTUMN), step=300), AUTUMN,
                 "2026-10-25T02:00:00Z")
