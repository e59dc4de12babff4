"""Pings as healthchecks.io takes them: start, success and failure with one id for each run, the end of the output within its
budget, and the daemon's own."""
import re
import uuid

from belfryd import Belfryd, number
from lab import check, check_equal, step
from peers import HttpPeer


def split(request):
    path, _, query = request["path"].partition("?")
    found = re.fullmatch(r"x=1&rid=(.*)", query)
    check(found, f"the query is {query!r}")
    return path, str(uuid.UUID(found[1]))


def scenario(lab):
    hc, alive = HttpPeer(lab), HttpPeer(lab)
    lab.write("good.url", hc.url("/ping/GOOD/?x=1"))
    daemon = Belfryd(lab, f"""
ping: {{url: "{alive.url('/belfryd')}", every: 1s}}
defaults: {{ping: {{url: "{hc.url('/ping/{{job}}?x=1')}"}}}}
jobs:
  good: {{every: 1000d, command: "echo one; echo two", ping: {{url_file: good.url, send_output: 5}}}}
  bad: {{every: 1000d, command: "echo secret; exit 4"}}
  hung: {{every: 1000d, command: "sleep 1000"}}
  quiet: {{every: 1000d, command: "true", ping: {{url: "{hc.url('/ping/quiet?x=1')}", on: [failure]}}}}
  none: {{every: 1000d, command: "true", ping: none}}
""")
    daemon.start()
    step("the daemon is alive")
    for _ in range(2):
        check_equal("the ping of the daemon", ("POST", "/belfryd"), tuple(alive.next()[key] for key in ("method", "path")))

    step("a success")
    daemon.belfry("run", "good", "--wait")
    (start, first), done = split(hc.next()), hc.next()
    check_equal("the start", "/ping/GOOD/start", start)
    check_equal("the success", ("/ping/GOOD/", first), split(done))
    check_equal("its body", "success\n\ntwo\n"[-5:], done["body"][-5:])
    check(done["body"].startswith("success"), done["body"])

    step("a failure, without its output")
    daemon.belfry("run", "bad", "--wait", may_fail=True)
    (start, second), failed = split(hc.next()), hc.next()
    check_equal("the failure", ("/ping/bad/fail", second), split(failed))
    check_equal("the start", "/ping/bad/start", start)
    check_equal("its body", "failure: exit code 4\n", failed["body"])
    check(first != second, "each run has an id of its own")

    step("a run that is cancelled, and jobs that ping less")
    daemon.belfry("run", "hung")
    check_equal("the start", "/ping/hung/start", split(hc.next())[0])
    daemon.belfry("cancel", "hung")
    check_equal("the end", "/ping/hung/log", split(hc.next())[0])
    daemon.belfry("run", "quiet", "--wait")
    daemon.belfry("run", "none", "--wait")

    step("a reload changes the pings of the daemon at once")
    daemon.write_config(f"""ping: {{url: "{alive.url('/other')}", every: 1h}}\njobs: {{}}\n""")
    daemon.reload()
    while alive.next()["path"] != "/other":
        pass
    check_equal("pings of jobs", 6, len(hc.all))
    check(number(daemon.metrics(), r'belfry_notifications_total\{channel="ping",result="delivered"\}') >= 9, "they are counted")
    daemon.stop()
