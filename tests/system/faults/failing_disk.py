"""Every write of the ledger fails (EIO): jobs run on, it is told, and nothing is lost when the disk works again."""
import errno

from belfryd import number
from lab import check, check_equal, step
from night import Night
from steered import NS, Disk, utc


def scenario(lab):
    disk = Disk(lab)
    night = Night(lab, "failing", "2026-05-05T12:00:00Z", """\
  often:
    every: 10s
    command: ["true"]
""", step=10)
    daemon = night.daemon
    daemon.environment |= disk.environment
    daemon.environment["LD_PRELOAD"] += ":" + disk.preload
    night.start().pass_until(night.begin + 30 * NS)
    step("the disk fails")
    disk.fail_with(errno.EIO)
    night.pass_until(night.at + 100 * NS)
    told = daemon.log.wait("the ledger cannot be written: jobs run on, their records wait in memory; free the disk or mend it")
    check("I/O" in told["reason"], f"the reason is told as {told['reason']!r}")
    step("it works again")
    disk.fail_with(0)
    daemon.flush()
    night.pass_until(night.at + 50 * NS)
    daemon.log.wait("the ledger is written again")
    check_equal("entries", [(utc(at), "started", "none") for at in range(night.begin + 10 * NS, night.at + 1, 10 * NS)],
                night.all_slots("often"))
    check_equal("entries given up", 0, number(daemon.metrics(), r"belfry_store_dropped_writes_total\{.*\}"))
    check_equal("integrity", "ok", daemon.sql("PRAGMA integrity_check")[0]["integrity_check"])
    daemon.stop()
