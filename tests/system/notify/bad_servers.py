"""Servers that are slow, gone, elsewhere, or not who they say: it is told why, it is tried again where that may help, and jobs
and the other channels do not wait."""
import json
import socket

from belfryd import Belfryd
from lab import check, check_equal, step
from peers import HttpPeer, certificate


def scenario(lab):
    slow = HttpPeer(lab, answer=lambda request: None)
    moved = HttpPeer(lab, answer=lambda request: (301, {"Location": "https://other.example/SECRET"}))
    busy = [503, 429, 200]
    flaky = HttpPeer(lab, answer=lambda request: busy.pop(0))
    denied = HttpPeer(lab, answer=lambda request: 403)
    ours, theirs = certificate(lab, "ours"), certificate(lab, "theirs")
    secure = HttpPeer(lab, tls=ours)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        gone = probe.getsockname()[1]
    good = HttpPeer(lab)
    channels = {
        "slow": f"{{webhook: {{url: '{slow.url('/SECRET')}'}}, timeout: 300ms, retries: 0}}",
        "gone": f"{{webhook: {{url: 'http://127.0.0.1:{gone}/SECRET'}}, retries: 1, retry_delay: 1ms}}",
        "moved": f"{{webhook: {{url: '{moved.url('/SECRET')}'}}}}",
        "flaky": f"{{webhook: {{url: '{flaky.url()}'}}, retry_delay: 1ms}}",
        "denied": f"{{webhook: {{url: '{denied.url('/SECRET')}'}}}}",
        "trusted": f"{{webhook: {{url: '{secure.url('/', 'localhost')}', ca_file: '{ours[0]}'}}}}",
        "untrusted": f"{{webhook: {{url: '{secure.url('/SECRET', 'localhost')}'}}}}",
        "other": f"{{webhook: {{url: '{secure.url('/SECRET', 'localhost')}', ca_file: '{theirs[0]}'}}}}",
        "misnamed": f"{{webhook: {{url: '{secure.url('/SECRET')}', ca_file: '{ours[0]}'}}}}",
        "good": f"{{webhook: {{url: '{good.url()}'}}}}",
    }
    daemon = Belfryd(lab, "notify:\n" + "".join(f"  {name}: {text}\n" for name, text in channels.items()) + f"""
jobs:
  job: {{every: 1000d, command: "exit 1", notify: {{on_failure: [{', '.join(channels)}]}}}}
""")
    daemon.start()

    step("all of them are told of one failure")
    daemon.belfry("run", "job", "--wait", may_fail=True)
    check_equal("the good one", "failure", json.loads(good.next()["body"])["event"])
    reasons = {name: daemon.log.wait("a notification was not delivered", channel=name)
               for name in channels if name not in ("good", "flaky", "trusted")}
    for _ in range(3):
        flaky.next()
    daemon.log.wait("a notification was delivered", channel="flaky")
    daemon.log.wait("a notification was delivered", channel="trusted")
    origin = secure.url("", "localhost")
    expected = {
        "slow": (slow.url("") + " has not answered within 300 ms", 1),
        "gone": (f"http://127.0.0.1:{gone} cannot be reached: Connection refused", 2),
        "moved": (moved.url("") + " answered with HTTP status 301, a redirect to https://other.example; redirects are not "
                  "followed: give the address where it ends", 1),
        "denied": (denied.url("") + " answered with HTTP status 403", 1),
        "untrusted": (f"the certificate of {origin} is not trusted: self-signed certificate; name its authority with ca_file", 1),
        "other": (f"the certificate of {origin} is not trusted: self-signed certificate; name its authority with ca_file", 1),
    }
    for name, (reason, tries) in expected.items():
        check_equal(f"the reason of {name}", (reason, tries), (reasons[name]["reason"], reasons[name]["tries"]))
    check("is not trusted" in reasons["misnamed"]["reason"], f"misnamed: {reasons['misnamed']['reason']}")
    check_equal("requests of the one that moved", 1, len(moved.all))
    check_equal("requests of the secure one", 1, len(secure.all))

    step("each is counted, and `belfry notify test` says the same")
    series = daemon.metrics()
    for name in channels:
        result = "delivered" if name in ("good", "flaky", "trusted") else "failed"
        check_equal(name, 1, series[f'belfry_notifications_total{{channel="{name}",result="{result}"}}'])
    answer = daemon.belfry("notify", "test", "untrusted", may_fail=True)
    check_equal("its status", 1, answer.returncode)
    check("not delivered: " + expected["untrusted"][0] in answer.stdout, answer.stdout)

    step("a failure that repeats is logged once, and jobs start on time meanwhile")
    for _ in range(3):
        daemon.belfry("run", "job", "--wait", may_fail=True)
    for _ in range(3):
        good.next()
    lines = [line for line in daemon.log.lines if line["message"] == "a notification was not delivered" and line["channel"] == "moved"]
    check_equal("lines about the one that moved", 1, len(lines))
    check("SECRET" not in json.dumps(daemon.log.lines), "a secret is in the log")
    daemon.stop()
