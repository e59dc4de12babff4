"""The ledger's disk is full: failed commits are counted, the log says why, and Alertmanager is told, until there is space."""
import errno

from belfryd import number
from lab import check, step
from steered import Disk
from watch import Watch, check_help


def scenario(lab):
    disk = Disk(lab)
    watch = Watch(lab, """
  often:
    every: 100ms
    command: ["true"]
""", disk=disk)
    daemon = watch.daemon
    watch.prometheus.wait("belfry_store_errors_total == 0")

    step("the disk is full")
    disk.fail_with(errno.ENOSPC)
    told = daemon.log.wait("the ledger cannot be written: jobs run on, their records wait in memory; free the disk or mend it")
    check("full" in told["reason"], f"the reason is told as {told['reason']!r}")
    check(number(daemon.metrics(), r"belfry_store_errors_total\{.*\}") > 0, "no failed commit is counted")
    alert = watch.alertmanager.wait("BelfryLedgerErrors", severity="critical", op="commit")
    check_help(alert, "cannot be written", "df /var/lib/belfry")

    step("there is space again")
    disk.fail_with(0)
    daemon.log.wait("the ledger is written again")
    watch.alertmanager.wait("BelfryLedgerErrors", status="resolved")
    daemon.stop()
