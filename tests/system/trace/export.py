"""A run is a trace: its root, its wait, its attempts and the launch of the first hang together, and a program's TRACEPARENT is the
span of its attempt. Secrets go to the collector alone."""
import json
import re

from belfryd import Belfryd
from lab import check, check_equal, step
from otlp import Collector, printed

SECRETS = ("URLSECRET", "PASSWORDSECRET", "HEADERSECRET", "FILESECRET")


def told(daemon, run, attempt=1):
    """What the program of an attempt was told: (trace, span)."""
    text = printed(daemon, run, attempt)
    found = re.fullmatch("00-([0-9a-f]{32})-([0-9a-f]{16})-01\n.*", text, re.DOTALL)
    check(found, f"TRACEPARENT is {text!r}")
    return found.groups()


def scenario(lab):
    collector = Collector(lab)
    lab.write("token", "Bearer FILESECRET\n", 0o600)
    where = collector.url("/v1/traces?key=URLSECRET").replace("//", "//me:PASSWORDSECRET@")
    daemon = Belfryd(lab, f"""
tracing:
  endpoint: "{where}"
  headers: {{X-Key: HEADERSECRET, Authorization: {{file: token}}}}
  service_name: nightly
  interval: 100ms
jobs:
  good: {{every: 1000d, command: 'echo $TRACEPARENT; env | grep -c ^TRACE'}}
  after: {{depends_on: good, command: "echo $TRACEPARENT"}}
  flaky: {{every: 1000d, command: 'echo $TRACEPARENT; test $BELFRY_ATTEMPT = 2 || exit 7', retries: {{limit: 1, delay: 10ms}}}}
  killed: {{every: 1000d, command: "kill -9 $$"}}
  own: {{every: 1000d, command: "echo $TRACEPARENT", environment: {{TRACEPARENT: mine}}}}
  native: {{native: {{function: checksum, paths: {lab.path('token')}, output: {lab.path('sums')}}}}}
  soon: {{every: 1s, command: "true"}}
  hung: {{command: "sleep 1000"}}
  flow:
    flow:
      - {{id: each, for_each: [x, y], command: 'echo "$TRACEPARENT"'}}
      - {{id: never, if: "failure()", command: "true"}}
      - {{id: bad, retries: {{limit: 1, delay: 1ms}}, command: 'exit 5'}}
""", environment={"TRACEPARENT": "00-of-the-daemon", "TRACESTATE": "a=b"})
    daemon.start()

    step("a good run by hand")
    daemon.belfry("run", "good", "--wait")
    run = daemon.runs("good")[0]["run"]
    root = collector.one(name="good")
    attempt = collector.one(name="attempt", job="good")
    launch = collector.one(name="launch", parent=attempt["id"])
    check_equal("the parents", [None, root["id"], attempt["id"]], [span["parent"] for span in (root, attempt, launch)])
    check_equal("the trace", {root["trace"]}, {span["trace"] for span in (root, attempt, launch)})
    check_equal("what its program was told", (root["trace"], attempt["id"]), told(daemon, run))
    check_equal("variables of traces that it has", "1", printed(daemon, run).splitlines()[1])
    check(root["start"] <= attempt["start"] <= launch["start"] <= launch["end"] <= attempt["end"] <= root["end"], "they lie in each other")
    check_equal("the status", [{"code": 1}, {"code": 1}], [root["status"], attempt["status"]])
    check_equal("the service", "nightly", root["resource"]["service.name"])
    check(root["resource"]["service.instance.id"] and root["resource"]["service.version"], "who it is")
    expected = {"belfry.job": "good", "belfry.run": run, "belfry.trigger": "manual", "belfry.attempts": 1, "belfry.outcome": "success",
                "process.exit.code": 0}
    check_equal("the attributes", expected, root["attributes"])

    step("a run that follows from it is linked to it")
    after = collector.one(name="after")
    check_equal("its link", [(root["trace"], root["id"])], after["links"])
    check_equal("its cause", run, after["attributes"]["belfry.caused_by"])
    check(after["trace"] != root["trace"], "each run is a trace of its own")

    step("a run with a retry has two attempts, and each program is told its own")
    daemon.belfry("run", "flaky", "--wait")
    flaky = collector.one(name="flaky")
    attempts = sorted(collector.wait(2, name="attempt", job="flaky"), key=lambda span: span["attributes"]["belfry.attempt"])
    check_equal("their parents", [flaky["id"]] * 2, [span["parent"] for span in attempts])
    check_equal("their ends", [({"code": 2, "message": "exit code 7"}, 7), ({"code": 1}, 0)],
                [(span["status"], span["attributes"]["process.exit.code"]) for span in attempts])
    run = daemon.runs("flaky")[0]["run"]
    check_equal("what they were told", [(flaky["trace"], span["id"]) for span in attempts], [told(daemon, run, n) for n in (1, 2)])
    check_equal("the run", ({"code": 1}, 2), (flaky["status"], flaky["attributes"]["belfry.attempts"]))

    step("other ends, and another kind of action")
    daemon.belfry("run", "killed", "--wait", may_fail=True)
    killed = collector.one(name="killed")
    check_equal("killed", ("killed", 9, 2), (killed["attributes"]["belfry.outcome"], killed["attributes"]["belfry.signal"], killed["status"]["code"]))
    daemon.belfry("run", "native", "--wait")
    check_equal("native", {"code": 1}, collector.one(name="native")["status"])
    daemon.belfry("run", "hung")
    daemon.belfry("cancel", "hung")
    hung = collector.one(name="hung")
    check_equal("cancelled", ({}, "cancelled"), (hung["status"], hung["attributes"]["belfry.outcome"]))

    step("the steps of a flow are spans below their attempt, and their programs are told which")
    daemon.belfry("run", "flow", "--wait", may_fail=True)
    flow = collector.one(name="flow")
    attempt = collector.one(name="attempt", job="flow")
    each = sorted(collector.wait(2, name="step each"), key=lambda span: span["attributes"]["belfry.item"])
    bad = sorted(collector.wait(2, name="step bad"), key=lambda span: span["attributes"]["belfry.try"])
    for span in each + bad:
        check_equal("where it hangs", (flow["trace"], attempt["id"]), (span["trace"], span["parent"]))
        check(attempt["start"] <= span["start"] <= span["end"] <= attempt["end"], f"{span['name']} does not lie in its attempt")
    check_equal("the items", ["x", "y"], [span["attributes"]["belfry.label"] for span in each])
    check_equal("the tries", [(1, 5, 2), (2, 5, 2)],
                [(span["attributes"]["belfry.try"], span["attributes"]["process.exit.code"], span["status"]["code"]) for span in bad])
    check_equal("no span of one that was skipped", [], [span for span in collector.spans if span["name"] == "step never"])
    run = daemon.runs("flow")[0]["run"]
    told_steps = re.findall("^00-([0-9a-f]{32})-([0-9a-f]{16})-01$", printed(daemon, run), re.MULTILINE)
    check_equal("what their programs were told", {(span["trace"], span["id"]) for span in each}, set(told_steps))
    series = daemon.metrics()
    check_equal("steps that are counted", (2, 2, 1),
                tuple(series[f'belfry_job_steps_total{{job_name="flow",outcome="{name}"}}'] for name in ("success", "failure", "skipped")))

    step("a job that sets TRACEPARENT itself keeps it")
    daemon.belfry("run", "own", "--wait")
    run = daemon.runs("own")[0]["run"]
    check_equal("it", "mine\n", printed(daemon, run))
    collector.one(name="own")

    step("a slot begins when it is due, and its wait tells where the time went")
    slot = collector.wait(name="soon")[0]
    wait = collector.one(name="wait", trace=slot["trace"])
    check_equal("the trigger", "schedule", slot["attributes"]["belfry.trigger"])
    check_equal("the wait", (slot["id"], slot["start"]), (wait["parent"], wait["start"]))
    check_equal("its due instant", 0, slot["start"] % 10**9)
    delay = round(slot["attributes"]["belfry.start_delay"] * 10**9)
    check_equal("the wait's length", delay, wait["end"] - wait["start"])
    parts = {name: value for name, value in wait["attributes"].items() if name.startswith("belfry.wait.")}
    check_equal("its parts", {"belfry.wait." + part for part in ("queue", "precondition", "ledger", "loop")}, set(parts))
    check(abs(sum(parts.values()) * 10**9 - delay) < 1000, f"the parts {parts} are no {delay} ns")

    step("a one-shot, under a name that all of them share")
    daemon.belfry("in", "0s", "--", "/bin/sh", "-c", "echo $TRACEPARENT")
    shot = collector.one(name="one-shot")
    run = shot["attributes"]["belfry.run"]
    check_equal("its trace", shot["trace"], told(daemon, run)[0])

    step("the collector is told the secrets, and nobody else is")
    request = collector.all[0]
    check_equal("the path", "/v1/traces?key=URLSECRET", request["path"])
    check_equal("the headers", ("HEADERSECRET", "Bearer FILESECRET"), (request["headers"]["X-Key"], request["headers"]["Authorization"]))
    series = daemon.metrics()
    check(series['belfry_trace_spans_total{result="exported"}'] >= 20, "they are counted")
    check_equal("what was lost", (0, 0), tuple(series[f'belfry_trace_spans_total{{result="{name}"}}'] for name in ("failed", "dropped")))
    daemon.stop()
    everything = json.dumps(daemon.log.lines) + "".join(json.dumps(span) for span in collector.spans)
    for secret in SECRETS:
        check(secret not in everything, f"{secret} is in the log, or in a span")
