"""A job fails, once and over and over: the metrics tell its exit code, and Alertmanager is told of both with its name."""
from lab import check_equal, step
from watch import Watch, check_help


def scenario(lab):
    watch = Watch(lab, f"""
  broken:
    command: "test -e {lab.path('mended')} || exit 3"
  sound:
    every: 100ms
    command: ["true"]
""")
    daemon = watch.daemon

    def run(expected):
        daemon.belfry("run", "broken", "--wait", may_fail=True)
        figures = daemon.metrics()
        check_equal("exit code", expected, figures['belfry_job_last_exit_code{job_name="broken"}'])
        return figures

    step("it fails once")
    figures = run(3)
    check_equal("failures", 1, figures['belfry_job_runs_total{job_name="broken",outcome="failure",trigger="manual"}'])
    alert = watch.alertmanager.wait("BelfryJobFailed", job_name="broken", severity="warning")
    check_help(alert, "Job broken failed", "belfry history broken --failed")

    step("it fails again and again")
    run(3)
    run(3)
    alert = watch.alertmanager.wait("BelfryJobFailingRepeatedly", job_name="broken", severity="critical")
    check_help(alert, "Job broken has failed 3 times in a row")

    step("it succeeds: that is over, and nothing was said of the sound one")
    lab.write("mended", "")
    run(0)
    watch.alertmanager.wait("BelfryJobFailingRepeatedly", status="resolved", job_name="broken")
    alerts = watch.prometheus.get("alerts")["alerts"]
    check_equal("alerts about the sound job", [], [alert for alert in alerts if alert["labels"].get("job_name") == "sound"])
    daemon.stop()
