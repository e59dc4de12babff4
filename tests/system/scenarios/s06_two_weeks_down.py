"""S6: down for two weeks with a job of every 5 s and run_once: one run, the others counted in one entry, a quick start."""
from belfryd import Belfryd, cpu_seconds
from lab import SANITIZE, check, check_equal, step
from steered import NS, Clock, instant, utc

WEEKS = 14 * 24 * 3600


def scenario(lab):
    clock = Clock(lab, at="2026-05-05T12:00:02Z")
    begin = instant("2026-05-05T12:00:00Z")
    daemon = Belfryd(lab, """
jobs:
  often:
    every: 5s
    on_missed: run_once
    command: ["true"]
""", clock=clock)
    daemon.start()
    for beat in range(1, 4):
        clock.pass_to(begin + beat * 5 * NS)
        daemon.log.wait("run ended", count=beat, job="often", trigger="schedule")
    daemon.flush()
    step("killed, and down for two weeks")
    daemon.kill()
    clock.pass_to(begin + WEEKS * NS + 17 * NS)
    daemon.start()
    cpu = cpu_seconds(daemon.pid)
    run = daemon.log.wait("run ended", job="often", trigger="catchup")
    check_equal("outcome of the one run", "success", run["outcome"])
    print(f"   {cpu:.2f} s of CPU until it was ready")
    if not SANITIZE:
        check(cpu < 1.0, f"the start took {cpu} s of CPU")
    entries = [(slot["scheduled_at"][:19] + "Z", slot["last_scheduled_at"][:19] + "Z", slot["slots"], slot["result"],
                slot["reason"]) for slot in daemon.slots("often")]
    newest = begin + WEEKS * NS + 15 * NS
    check_equal("the entries of the downtime",
                [(utc(begin + 20 * NS), utc(newest - 5 * NS), WEEKS // 5 - 1, "coalesced", "down"),
                 (utc(newest), utc(newest), 1, "started", "none")], entries[3:5])
    check_equal("catch-up runs", 1, sum(run["trigger"] == "catchup" for run in daemon.runs("often")))
    daemon.stop()
