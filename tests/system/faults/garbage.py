"""The ledger is replaced by garbage while belfryd is down: it refuses to start, says what to do, and leaves the file be."""
import os
import random
import sqlite3

from belfryd import Belfryd
from lab import check, check_equal, step


def of_another_program(path):
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE stock (item TEXT)")
    database.close()
    with open(path, "rb") as file:
        return file.read()


def scenario(lab):
    daemon = Belfryd(lab, "jobs:\n  job:\n    every: 1000d\n    command: ['true']\n")
    daemon.start()
    daemon.belfry("run", "job", "--wait")
    daemon.stop()
    with open(daemon.ledger, "rb") as file:
        whole = file.read()
    noise = random.Random(1).randbytes(65536)
    cases = {"noise": noise, "a text": b"this is no ledger\n" * 500, "another program's": of_another_program(lab.path("other.db")),
             "noise behind a good header": whole[:100] + noise, "cut short": whole[:len(whole) // 2]}
    for what, content in cases.items():
        step(what)
        for name in os.listdir(daemon.state_dir):
            if name.startswith("ledger.db"):
                os.unlink(os.path.join(daemon.state_dir, name))
        with open(daemon.ledger, "wb") as file:
            file.write(content)
        daemon.start(wait=False)
        check_equal("exit status", 1, daemon.wait_end())
        told = " ".join(line["message"] for line in daemon.log.lines)
        check(daemon.ledger in told, f"the file is not named: {told}")
        check(any(word in told for word in ("move", "restore", "state folder", "backup")), f"no advice: {told}")
        with open(daemon.ledger, "rb") as file:
            check(file.read() == content, "the file was changed")
    step("without it, a new one is begun")
    os.unlink(daemon.ledger)
    daemon.start()
    check_equal("runs on record", [], daemon.runs())
    daemon.stop()
