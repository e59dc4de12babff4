"""S19: 500 jobs due in the same second: all start, none is lost, and 99 of 100 start within a second."""
from belfryd import Belfryd
from lab import SANITIZE, check, check_equal
from steered import NS, Clock, instant, utc

JOBS = 500
DUE = "2026-05-05T12:00:00Z"


def waited_for_a_cpu(pid):
    """Seconds that the loop's thread was ready to run and another process ran (proc(5), schedstat)."""
    try:
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[1]) / NS
    except OSError:
        return 0.0


def scenario(lab):
    clock = Clock(lab, at="2026-05-05T11:58:00Z")
    daemon = Belfryd(lab, "jobs:\n" + "".join(f"""\
  job{number:03}:
    schedule: "0 12 * * *"
    timezone: UTC
    command: ["true"]
""" for number in range(JOBS)), clock=clock)
    daemon.start()
    waited = waited_for_a_cpu(daemon.pid)
    clock.pass_to(instant(DUE))
    daemon.log.wait("run ended", count=JOBS, outcome="success")
    waited = waited_for_a_cpu(daemon.pid) - waited

    slots = daemon.sql("SELECT job, scheduled_at, result FROM v_slots")
    check_equal("entries", [(f"job{number:03}", DUE, "started") for number in range(JOBS)],
                sorted((slot["job"], slot["scheduled_at"][:19] + "Z", slot["result"]) for slot in slots))
    delays = sorted((row["delay"] for row in daemon.sql(
        "SELECT (julianday(a.started_at) - julianday(r.scheduled_at)) * 86400 AS delay "
        "FROM v_attempts AS a JOIN v_runs AS r ON r.run = a.run")))
    check_equal("attempts", JOBS, len(delays))
    p99 = delays[JOBS * 99 // 100]
    print(f"   due at {utc(instant(DUE))}; start delay p50 {delays[JOBS // 2]:.3f} s, p99 {p99:.3f} s, of which the loop "
          f"waited {waited:.3f} s for a processor")
    if not SANITIZE:  # other programs of this machine may hold us up: that is theirs
        check(p99 - waited < 1.0, f"the 99th percentile of the start delay is {p99} s")
    daemon.stop()
