"""Folders that come later, are renamed, removed and made again, links that are swapped, more folders than allowed, and more
events than the kernel keeps: no file is overlooked."""
import os
import shutil
import signal

from belfryd import Belfryd, number
from lab import check, check_equal, step
from told import job, put, told, told_all


def scenario(lab):
    watch = "{paths: 'tree/**/*.csv', debounce: 50ms, exclude: tmp/}"
    belfryd = Belfryd(lab, "jobs:\n" + job(lab, "tree", watch) + job(lab, "link", "{paths: current/in, debounce: 50ms}") +
                      job(lab, "few", "{paths: 'many/**', debounce: 50ms, max_folders: 3, rescan: 1s}"))
    for name in "abcd":
        os.makedirs(lab.path("many", name))
    belfryd.start()

    step("folders below come later, with files in them already")
    put(lab, "tree/a.csv")
    check_equal("in a folder that was made", ["a.csv"], told(lab, "tree")[2])
    put(lab, "aside/deep/er/b.csv")
    os.rename(lab.path("aside"), lab.path("tree/came"))
    check_equal("in a folder that was moved there", ["b.csv"], told(lab, "tree")[2])
    put(lab, "tree/came/deep/er/c.csv")
    check_equal("deep in it", ["c.csv"], told(lab, "tree")[2])
    put(lab, "tree/tmp/x.csv")  # left out

    step("folders that go and come back are watched again")
    os.rename(lab.path("tree"), lab.path("away"))
    put(lab, "away/came/unseen.csv")
    os.rename(lab.path("away"), lab.path("tree"))
    check_equal("after it came back", ["unseen.csv"], told(lab, "tree")[2])
    shutil.rmtree(lab.path("tree"))
    put(lab, "tree/again/d.csv")
    check_equal("after it was removed and made again", ["d.csv"], told(lab, "tree")[2])
    os.symlink(lab.path("many"), lab.path("tree/elsewhere"))  # not entered
    put(lab, "many/a/e.csv")
    put(lab, "tree/again/f.csv")
    check_equal("a link to a folder is not entered", ["f.csv"], told(lab, "tree")[2])

    step("a link on the way may lead elsewhere")
    for version in ("1", "2"):
        os.makedirs(lab.path("release" + version, "in"))
    os.symlink("release1", lab.path("current"))
    put(lab, "release1/in/g")
    check_equal("behind the link", ["g"], told(lab, "link")[2])
    os.symlink("release2", lab.path("next"))
    os.rename(lab.path("next"), lab.path("current"))
    put(lab, "release2/in/h")
    check_equal("behind the other link", ["h"], told(lab, "link")[2])

    step("more folders than max_folders are told, with what to do")
    said = belfryd.log.wait("files may be overlooked until they are looked for, once a minute", job="few")
    check("more than 3 folders" in said["reason"] and "max_folders" in said["next"], said)
    check(belfryd.metrics()["belfry_watch_blind_spots"] >= 1, "it is counted")
    check_equal("what came above", ["e.csv"], told(lab, "few")[2])
    for name in "abcd":
        put(lab, f"many/{name}/{name}.csv")
        check_equal("watched or not, it is looked at", [name + ".csv"], told(lab, "few")[2])

    overflow(lab, belfryd)
    belfryd.stop()


def overflow(lab, belfryd):
    step("more happens than the kernel keeps in mind: all is looked at, and told once")
    with open("/proc/sys/fs/inotify/max_queued_events", encoding="ascii") as file:
        most = int(file.read())
    if most > 50_000:
        print(f"   the kernel keeps {most} events in mind: too many to overflow here")
        return
    names = [f"{i:05}.csv" for i in range(most // 2 + 1000)]  # made and closed: two events each
    os.kill(belfryd.pid, signal.SIGSTOP)
    os.makedirs(lab.path("tree/flood"), exist_ok=True)
    for name in names:
        with open(lab.path("tree/again", name), "w", encoding="utf-8"):
            pass
    os.kill(belfryd.pid, signal.SIGCONT)
    left = len(names)
    while left:
        _, count, _ = told(lab, "tree")  # the list of names is bounded, the count is not
        left -= count
        check(left >= 0, f"more files were told than there are: {-left}")
    check(number(belfryd.metrics(), "belfry_watch_overflows_total") >= 1, "the overflow is counted")
    put(lab, "tree/again/after.csv")
    check_equal("and it goes on", 1, told_all(lab, "tree", ["after.csv"]))
