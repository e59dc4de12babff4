"""belfry pause and belfry in return when what they asked for is durable: no kill -9 takes it back."""
import os
import subprocess

from belfryd import Belfryd
from lab import BIN_DIR, check, check_equal, step
from steered import Disk

CONFIG = """
jobs:
  job:
    every: 1000d
    command: ["true"]
"""


def ask(daemon, *arguments):
    return subprocess.Popen([os.path.join(BIN_DIR, "belfry"), "--socket", daemon.socket, *arguments],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def asked(daemon):
    """Both requests, once the daemon has taken them on."""
    clients = [ask(daemon, "pause", "job"), ask(daemon, "in", "1h", "--name", "later", "--", "true")]
    daemon.log.wait("job paused", job="job")
    daemon.log.wait("one-shot taken on", job="later")
    return clients


def scenario(lab):
    disk = Disk(lab)
    daemon = Belfryd(lab, CONFIG, disk=disk)
    daemon.start()
    daemon.flush()
    step("the disk stands still, and the daemon is killed before it goes on: nobody was promised anything")
    disk.hold()
    clients = asked(daemon)
    check_equal("clients that have an answer", [None, None], [client.poll() for client in clients])
    daemon.kill()
    check(all(client.wait() != 0 for client in clients), "a client believes that it was heard")
    disk.let_go()

    step("the disk works: what was promised is there after a kill -9")
    daemon.start()
    check(daemon.ask("list")["jobs"][0]["paused"] is None, "it is paused, although nobody was told so")
    clients = asked(daemon)
    check_equal("exit status of the clients", [0, 0], [client.wait() for client in clients])
    daemon.kill()
    daemon.start()
    jobs = {job["name"]: job for job in daemon.ask("list")["jobs"]}
    check_equal("jobs after the kill", ["job", "later"], sorted(jobs))
    check(jobs["job"]["paused"], "the pause is forgotten")
    daemon.stop()
