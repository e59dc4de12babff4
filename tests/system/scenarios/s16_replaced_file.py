"""S16: the file is replaced by a rename, by a symlink's swap as a ConfigMap does it, by ten writes a second: the last
content is in force, exactly."""
import os
import signal

from belfryd import Belfryd
from lab import check_equal, step


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


def scenario(lab):
    daemon = Belfryd(lab, "")
    swap(lab, ["first"])
    os.symlink("data/scheduler.yaml", lab.path("scheduler.yaml"))
    daemon.config = lab.path("scheduler.yaml")
    daemon.start()
    check_equal("jobs at the start", ["first"], jobs(daemon))

    step("a symlink is swapped")
    swap(lab, ["second", "third"])
    daemon.reload()
    check_equal("jobs after the swap", ["second", "third"], jobs(daemon))

    step("the file is replaced by a rename")
    lab.write("scheduler.yaml", config(["fourth"]))  # the link itself is replaced
    daemon.reload()
    check_equal("jobs after the rename", ["fourth"], jobs(daemon))

    step("a hundred writes in place and SIGHUPs, as fast as they go")
    for number in range(100):
        with open(daemon.config, "w", encoding="utf-8") as file:  # a half-written file may be read meanwhile
            file.write(config([f"write{number}"]))
        os.kill(daemon.pid, signal.SIGHUP)
    daemon.log.wait("configuration in force", added="write99")
    check_equal("jobs after a hundred writes", ["write99"], jobs(daemon))
    check_equal("what changes when nothing was written", [], daemon.reload()["added"])
    check_equal("reload in the metrics", 1, daemon.metrics()["belfry_config_last_reload_successful"])
    check_equal("jobs at the end", ["write99"], jobs(daemon))
    daemon.stop()
