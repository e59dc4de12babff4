"""A task that nobody owns outlives its kind: it is counted, named in the census and the log, and Alertmanager is told."""
import json
import os

from lab import check_equal, step
from prometheus import ask
from watch import Watch, check_help


def scenario(lab):
    watch = Watch(lab, """
  often:
    every: 100ms
    command: ["true"]
""", program="belfryd_faulty", environment={"BELFRY_FAULT": "leak:run.started:3"})
    daemon = watch.daemon

    step("the alert")
    alert = watch.alertmanager.wait("BelfryTaskLeak", kind="forgotten")
    check_help(alert, "1 tasks of kind forgotten have leaked", "journalctl --unit belfryd")

    step("what the daemon says of it")
    check_equal("leaked tasks by kind", ['belfry_tasks_leaked{kind="forgotten"}'], watch.series(r"belfry_tasks_leaked\{.*\}"))
    daemon.log.wait("tasks leaked: they have no owner, or live longer than their kind should", kind="forgotten", leaked=1)
    tasks = json.loads(ask(daemon.metrics_address().replace("/metrics", "/debug/tasks?format=json")))
    leaked = [task for task in tasks if task.get("leaked")]
    check_equal("leaked tasks in the census", ["wait_in_vain"], [task["name"] for task in leaked])
    places = [os.path.basename(place["file"]) for place in leaked[0]["places"] if place["line"] > 0]
    check_equal("where it waits", ["fault_point.cpp"], places)
    daemon.stop()
