"""S21: the ledger's disk stands still while slots come due: they start on time, and what was queued is written."""
from belfryd import number
from lab import check, check_equal, step
from night import Night
from steered import NS, Disk, utc


def scenario(lab):
    disk = Disk(lab)
    night = Night(lab, "stalled", "2026-05-05T12:00:00Z", """\
  often:
    every: 10s
    command: ["true"]
""", step=10)
    daemon = night.daemon
    daemon.environment |= disk.environment
    daemon.environment["LD_PRELOAD"] += ":" + disk.preload
    night.start().pass_until(night.begin + 30 * NS)

    step("the disk stands still")
    disk.hold()
    held = night.at
    night.pass_until(held + 120 * NS)
    stalled = daemon.metrics()
    check(stalled["belfry_store_queued_writes"] >= 40, f"{stalled['belfry_store_queued_writes']} entries wait")
    on_time = number(stalled, r'belfry_job_slots_total\{job_name="often",result="started"\}')
    other = number(stalled, r'belfry_job_slots_total\{job_name="often",result="(skipped|missed|coalesced)"\}')
    check_equal("slots that started and others, while it stands still", ((night.at - night.begin) // (10 * NS), 0), (on_time, other))

    step("it goes on")
    disk.let_go()
    check_equal("entries", [(utc(at), "started", "none") for at in range(night.begin + 10 * NS, night.at + 1, 10 * NS)],
                [(at, result, reason) for at, result, reason in night.all_slots("often")])
    check_equal("runs without an end", [], [run for run in daemon.runs() if run["outcome"] != "success"])
    series = daemon.metrics()
    check_equal("entries given up", 0, number(series, r"belfry_store_dropped_writes_total\{.*\}"))
    daemon.stop()
