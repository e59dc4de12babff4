"""S16: the file is replaced by a symlink's swap as a ConfigMap does it, by a rename, by ten writes a second: the last
content comes into force by itself, exactly."""
import os
import signal

from belfryd import Belfryd
from lab import check_equal, step

WRITES = 100


def config(names):
    return "log: {level: debug, format: json}\njobs:\n" + "".join(
        f"  {name}:\n    every: 1000d\n    command: ['true']\n" for name in names)


def jobs(daemon):
    return sorted(job["name"] for job in daemon.ask("list")["jobs"])


def swap(lab, names):
    """A ConfigMap: the folder of the data is new, and the link that leads to it is renamed over the old one."""
    folder = lab.path("data." + "-".join(names))
    os.mkdir(folder)
    lab.write(os.path.join(os.path.basename(folder), "scheduler.yaml"), config(names))
    os.symlink(folder, lab.path("data.new"))
    os.rename(lab.path("data.new"), lab.path("data"))


def write_often(daemon, prefix, after_each):
    """As fast as it goes, in place: a half-written file may be read meanwhile."""
    for index in range(WRITES):
        with open(daemon.config, "w", encoding="utf-8") as file:
            file.write(config([f"{prefix}{index}"]))
        after_each()
    daemon.log.wait("configuration in force", added=f"{prefix}{WRITES - 1}")


def scenario(lab):
    daemon = Belfryd(lab, "")
    swap(lab, ["first"])
    os.symlink("data/scheduler.yaml", lab.path("scheduler.yaml"))
    daemon.config = lab.path("scheduler.yaml")
    daemon.start()
    check_equal("jobs at the start", ["first"], jobs(daemon))

    step("a symlink is swapped")
    swap(lab, ["second", "third"])
    daemon.log.wait("configuration in force", added="second, third", removed="first")

    step("the file is replaced by a rename")
    lab.write("scheduler.yaml", config(["fourth"]))  # the link itself is replaced
    daemon.log.wait("configuration in force", added="fourth", removed="second, third")

    step(f"{WRITES} writes in place")
    write_often(daemon, "write", lambda: None)
    check_equal("jobs after that", [f"write{WRITES - 1}"], jobs(daemon))

    step(f"{WRITES} writes in place with SIGHUPs")
    write_often(daemon, "hup", lambda: os.kill(daemon.pid, signal.SIGHUP))
    check_equal("jobs after that", [f"hup{WRITES - 1}"], jobs(daemon))
    check_equal("what changes when nothing was written", ([], []), tuple(map(daemon.reload().get, ("added", "removed"))))
    check_equal("reload in the metrics", 1, daemon.metrics()["belfry_config_last_reload_successful"])
    check_equal("jobs at the end", [f"hup{WRITES - 1}"], jobs(daemon))
    daemon.stop()
