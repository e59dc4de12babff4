"""Steps of 300 ms hold the loop: they are counted by their place, logged with their task, and Alertmanager is told."""
from lab import check, step, until
from steered import FaultGate
from watch import Watch, check_help

HELD = 0.3  # seconds
STEPS = 16  # BelfrySlowCallbacks is for more than 15


def scenario(lab):
    gate = FaultGate(lab, "gate")
    watch = Watch(lab, """
  often:
    every: 100ms
    command: ["true"]
""", program="belfryd_faulty", environment={"BELFRY_FAULT": f"hold:run.started:{gate.path}"})
    daemon = watch.daemon
    watch.prometheus.wait("belfry_loop_slow_steps_total == 0")

    step(f"{STEPS} steps hold the loop")
    for count in range(1, STEPS + 1):
        gate.hold()
        until(lambda: daemon.metrics()["belfry_loop_current_step_seconds"] >= HELD)
        gate.let_go()
        until(lambda wanted=count: daemon.metrics()["belfry_loop_slow_steps_total"] >= wanted)

    step("the metrics and the log name the place")
    sites = watch.series(r'belfry_slow_callbacks_total\{kind=".+",site="[a-z_/]+\.cpp:\d+"\}')
    check(sites, f"no place is named: {watch.series('belfry_slow_callbacks_total.*')}")
    line = daemon.log.wait("slow callback: nothing else could run meanwhile", longest_seconds=lambda seconds: seconds >= HELD)
    check(f'site="{line["place"]}"' in " ".join(sites), f"the log has {line['place']}, the metrics have {sites}")
    print(f"   {line['place']}, task {line['task']}")

    step("the alerts")
    check_help(watch.alertmanager.wait("BelfrySlowCallbacks", job="belfry"), "belfry status", "belfry_slow_callbacks_total")
    series, count = watch.prometheus.wait(f"sum by (site) (belfry_slow_callbacks_total) >= {STEPS}")
    check(series["site"] == line["place"], f"Prometheus has {count} slow steps of {series}")
    daemon.stop()
