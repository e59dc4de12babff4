"""Files that come while all files are looked at, in folders that are known and in one that has just come: each is told of
once."""
import os
import threading

from belfryd import Belfryd, number
from lab import check, fewer, step, until
from told import job, told

PAUSE = 0.003  # so that the files of a round come before, in and after the look that its folder causes


def touch(path):
    with open(path, "w", encoding="utf-8"):
        pass


def scenario(lab):
    for folder in range(20):
        os.makedirs(lab.path("tree", str(folder)))
        for file in range(fewer(150, 50)):
            touch(lab.path("tree", str(folder), str(file)))
    belfryd = Belfryd(lab, "jobs:\n" + job(lab, "busy", "{paths: 'tree/**/*', debounce: 300ms, existing: ignore}"))
    belfryd.start()
    until(lambda: number(belfryd.metrics(), "belfry_watch_folders") == 21)  # it has begun

    files = 100
    pause = threading.Event()
    for each in range(4):
        step(f"a folder is made, and files come there and elsewhere ({each})")
        os.mkdir(lab.path(f"tree/new{each}"))
        for file in range(files):
            touch(lab.path(f"tree/0/{each}.{file}"))
            touch(lab.path(f"tree/new{each}/{file}"))
            pause.wait(PAUSE)
        left = files * 2
        while left:
            left -= told(lab, "busy")[1]
            check(left >= 0, f"more files were told than there are: {-left}")
    belfryd.stop()
