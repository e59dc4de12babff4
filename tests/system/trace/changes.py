"""Switched on and off by reloads, upgraded and killed: a run that goes on is in the trace that its program was told."""
import os
import signal

from belfryd import Belfryd
from lab import check, check_equal, step
from otlp import Collector, printed


def config(lab, url):
    tracing = f"tracing: {{endpoint: '{url}', interval: 5m}}" if url else ""
    return f"""
{tracing}
jobs:
  job: {{every: 1000d, command: "echo $TRACEPARENT"}}
  long: {{every: 1000d, command: "echo $TRACEPARENT >{lab.path('told')}; read line <{lab.path('go')}"}}
"""


def scenario(lab):
    lab.fifo("told")
    lab.fifo("go")
    first, second = Collector(lab), Collector(lab)
    daemon = Belfryd(lab, config(lab, None))
    daemon.start()

    step("off by default: nothing is told, and nothing is counted")
    daemon.belfry("run", "job", "--wait")
    check_equal("TRACEPARENT", "\n", printed(daemon, daemon.runs("job")[0]["run"]))
    check(not any("trace_spans" in name for name in daemon.metrics()), "there are series of traces")

    step("switched on by a reload; what waits for others is sent when it is switched off")
    daemon.write_config(config(lab, first.url()))
    daemon.reload()
    daemon.belfry("run", "job", "--wait")
    check_equal("what waits", 3, daemon.metrics()["belfry_trace_spans_queued"])
    daemon.write_config(config(lab, None))
    daemon.reload()
    first.one(name="job")
    daemon.belfry("run", "job", "--wait")

    step("a run that goes on over an upgrade, and over a kill")
    daemon.write_config(config(lab, second.url()))
    daemon.reload()
    for how in ("upgrade", "kill"):
        since = len(second.spans)
        daemon.belfry("run", "job", "--wait")
        daemon.belfry("run", "long")
        told = lab.read_line("told").split("-")
        if how == "upgrade":
            os.kill(daemon.pid, signal.SIGUSR2)
            daemon.log.wait("belfryd is ready", count=2)
            check_equal("spans that the upgrade waited for", ["attempt", "job", "launch"], sorted(span["name"] for span in second.spans[since:]))
        else:
            daemon.kill()
            daemon.start()
        lab.let("go")
        daemon.log.wait("run ended", job="long", outcome="success")
        daemon.write_config(config(lab, None))  # sends what waits
        daemon.reload()
        root = second.wait(2 if how == "kill" else 1, name="long")[-1]
        attempt = second.wait(2 if how == "kill" else 1, name="attempt", job="long")[-1]
        check_equal(f"its trace after the {how}", told[1:3], [root["trace"], attempt["id"]])
        check_equal("its attempt hangs below it", root["id"], attempt["parent"])
        daemon.write_config(config(lab, second.url()))
        daemon.reload()
    daemon.stop()
    check_equal("runs that the first collector was told of", 1, sum(span["name"] == "job" for span in first.spans))
