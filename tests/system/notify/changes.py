"""A reload that moves a channel, an upgrade, and the end: what waits is delivered."""
import json
import os
import signal

from belfryd import Belfryd
from lab import check, check_equal, step
from peers import HttpPeer


def config(url):
    return f"""
notify: {{ops: {{webhook: {{url: '{url}'}}, retry_delay: 5m, dedup: false, timeout: 5s}}}}
jobs:
  job: {{every: 1000d, command: "exit 1", notify: {{on_failure: ops}}}}
"""


def scenario(lab):
    refuses = HttpPeer(lab, answer=lambda request: 503)
    takes = HttpPeer(lab)
    daemon = Belfryd(lab, config(refuses.url()))
    daemon.start()

    step("two messages wait for a server that refuses; a reload gives them to the new one at once, without loss")
    for _ in range(2):
        daemon.belfry("run", "job", "--wait", may_fail=True)
    refuses.next()
    daemon.write_config(config(takes.url()))
    daemon.reload()

    check_equal("the runs", [1, 2], [json.loads(takes.next()["body"])["run"] for _ in range(2)])

    step("an upgrade does not wait for the pauses between tries")
    daemon.write_config(config(refuses.url()))
    daemon.reload()
    daemon.belfry("run", "job", "--wait", may_fail=True)
    refuses.next()
    since = len(daemon.log.lines)
    os.kill(daemon.pid, signal.SIGUSR2)
    lost = daemon.log.wait("a notification was not delivered", since=since, channel="ops")
    check_equal("its tries", 6, lost["tries"])
    daemon.log.wait("belfryd is ready", count=2)

    step("at the end what waits is tried at once, and given up in time")
    since = len(daemon.log.lines)
    daemon.belfry("run", "job", "--wait", may_fail=True)
    daemon.log.wait("a notification was not taken and will be sent again", since=since, channel="ops", job="job")
    daemon.stop()
    lost = daemon.log.wait("a notification was not delivered", since=since, channel="ops")
    check_equal("its tries", 6, lost["tries"])
    check(any(line["message"] == "belfryd has ended in order" for line in daemon.log.lines), "it ends in order")
