"""Slots pass while belfryd is down: they are counted with the reason, and Alertmanager is told which job missed how many."""
from lab import check_equal, step
from steered import NS, Clock
from watch import Watch, check_help

HOURS = 3


def scenario(lab):
    clock = Clock(lab)
    watch = Watch(lab, """
  hourly:
    every: 1h
    command: ["true"]
""", clock=clock)
    daemon = watch.daemon
    watch.prometheus.wait('belfry_job_slots_total{job_name="hourly",result="missed"} == 0')

    step(f"belfryd is down for {HOURS} hours")
    daemon.kill()
    clock.pass_to(clock.now() + HOURS * 3600 * NS)
    daemon.start()
    check_equal("missed slots", HOURS, daemon.metrics()['belfry_job_missed_total{job_name="hourly",reason="down"}'])
    daemon.log.wait("slot missed", job="hourly", reason="down", slots=HOURS)

    step("the alert")
    alert = watch.alertmanager.wait("BelfryJobMissed", job_name="hourly")
    check_help(alert, f"Job hourly missed {HOURS} slots", "belfry why hourly")
    daemon.stop()
