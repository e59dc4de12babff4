"""One step holds the loop for 5 seconds: a scrape is answered while it lasts and says so, and so is Alertmanager told."""
from lab import check, check_equal, step, until
from steered import FaultGate
from watch import Watch, check_help

HELD = 5  # seconds


def scenario(lab):
    gate = FaultGate(lab, "gate")
    watch = Watch(lab, """
  often:
    every: 200ms
    command: ["true"]
""", program="belfryd_faulty", environment={"BELFRY_FAULT": f"hold:run.started:{gate.path}"})
    daemon, prometheus = watch.daemon, watch.prometheus

    step("the loop stands still, and whoever asks is answered")
    gate.hold()
    until(lambda: daemon.metrics()["belfry_loop_current_step_seconds"] >= HELD)
    stalled = daemon.metrics()
    check_equal("belfry_loop_stalled", 1, stalled["belfry_loop_stalled"])
    check(stalled["belfry_loop_current_step_seconds"] >= HELD, "the step is over, though it is held")
    prometheus.wait(f"belfry_loop_current_step_seconds >= {HELD} and belfry_loop_stalled == 1")
    check_help(watch.alertmanager.wait("BelfryLoopStalled", severity="critical"), "stuck", "belfry status")
    daemon.log.wait(lambda _message: True, complaint="stalled", stack=lambda calls: "pass_fault_point" in calls)
    check_equal("belfry_loop_stalled at the end of all that", 1, daemon.metrics()["belfry_loop_stalled"])

    step("it goes on")
    gate.let_go()
    until(lambda: daemon.metrics()["belfry_loop_stalled"] == 0)
    watch.alertmanager.wait("BelfryLoopStalled", status="resolved")
    lowest = prometheus.get("query", query="min_over_time(up[10m])")["result"]
    check_equal("scrapes that failed", ["1"], [sample["value"][1] for sample in lowest])
    daemon.stop()
