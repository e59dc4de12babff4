"""Files set jobs going: what their runs are told, that nothing is lost by overlap, pause, reload and restart, and what the
client says of such jobs."""
import json
import os

from belfryd import Belfryd
from lab import check, check_equal, step, until
from told import job, put, told, told_all


def config(lab, pattern="in/*.csv"):
    return "jobs:\n" + job(lab, "inbox", f"{{paths: '{pattern}', debounce: 50ms}}")


def slots(belfryd, name):
    return [(slot["result"], slot["reason"]) for slot in belfryd.slots(name)]


def scenario(lab):
    jobs = config(lab)
    belfryd = Belfryd(lab, jobs)
    belfryd.start()

    step("a folder that is not there yet; a file that appears in it, and is changed")
    put(lab, "in/a.csv")
    check_equal("the first file", ("watch", 1, ["a.csv"]), told(lab, "inbox"))
    with open(lab.path("in/a.csv"), "a", encoding="utf-8") as file:
        file.write("more")
    check_equal("a change of it", ("watch", 1, ["a.csv"]), told(lab, "inbox"))
    put(lab, "in/b.txt")  # it does not match
    put(lab, "in/.c.csv")  # hidden: somebody is still writing it
    os.rename(lab.path("in/.c.csv"), lab.path("in/c.csv"))
    check_equal("a file that was renamed", ("watch", 1, ["c.csv"]), told(lab, "inbox"))

    step("many files at once are told once each")
    names = [f"{i:03}.csv" for i in range(300)]
    for name in names:
        put(lab, "in/" + name)
    runs = told_all(lab, "inbox", names)
    check(runs < len(names), f"{runs} runs for {len(names)} files: they were not told together")
    check_equal("what the ledger says of the slots", {("started", "none")}, set(slots(belfryd, "inbox")))
    check_equal("what set the runs going", {"watch"}, {run["trigger"] for run in belfryd.runs("inbox")})

    step("a pause refuses the slot and keeps the files")
    belfryd.belfry("pause", "inbox")
    put(lab, "in/paused.csv")
    until(lambda: ("skipped", "paused") in slots(belfryd, "inbox"))
    belfryd.belfry("resume", "inbox")
    check_equal("what it was paused for", ("watch", 1, ["paused.csv"]), told(lab, "inbox"))
    why = belfryd.belfry("why", "inbox").stdout
    check("It ran" in why and "no time makes the job due" in why, why)

    step("what comes while belfryd is down is noticed at its start, and what was done with is not")
    belfryd.stop()
    put(lab, "in/night.csv")
    belfryd.start()
    check_equal("what came meanwhile", ("watch", 1, ["night.csv"]), told(lab, "inbox"))

    step("a reload that changes nothing of the watch keeps it; one that does begins anew")
    put(lab, "other/old.csv")
    belfryd.write_config(jobs + "    description: the same\n")
    belfryd.reload()
    put(lab, "in/d.csv")
    check_equal("after a reload", ("watch", 1, ["d.csv"]), told(lab, "inbox"))
    belfryd.write_config(jobs.replace("in/*.csv", "other/*.csv"))
    belfryd.reload()
    put(lab, "in/e.csv")
    put(lab, "other/new.csv")
    check_equal("in the other folder", ["new.csv"], [name for name in told(lab, "inbox")[2] if name != "old.csv"])
    belfryd.stop()

    existing(lab)
    overlap(lab)
    words(lab)


def existing(lab):
    step("what becomes of files that were there before the job was is the user's choice")
    put(lab, "there/a")
    jobs = "jobs:\n" + "".join(job(lab, how, f"{{paths: there, debounce: 50ms, existing: {how}}}")
                               for how in ("run", "ignore", "newer"))
    belfryd = Belfryd(lab, jobs, name="existing")
    belfryd.start()
    check_equal("existing: run", ("watch", 1, ["a"]), told(lab, "run"))
    put(lab, "there/b")
    for how in ("run", "ignore", "newer"):
        check_equal(f"existing: {how}, and a new one", ("watch", 1, ["b"]), told(lab, how))
    belfryd.stop()


def overlap(lab):
    step("a slot that comes while a run is under way is skipped, and its files are told when that has ended")
    gate, begun = lab.fifo("gate"), lab.fifo("begun")
    belfryd = Belfryd(lab, f"""
jobs:
  slow:
    watch: {{paths: slow, debounce: 20ms}}
    command: 'echo "$BELFRY_WATCH_COUNT" >{begun}; read -r line <{gate}'
""", name="overlap")
    os.makedirs(lab.path("slow"))
    belfryd.start()
    put(lab, "slow/1")
    check_equal("the first run", "1", lab.read_line("begun").strip())
    put(lab, "slow/2")
    until(lambda: ("skipped", "overlap") in slots(belfryd, "slow"))
    put(lab, "slow/3")
    until(lambda: slots(belfryd, "slow").count(("skipped", "overlap")) == 2)
    with open(gate, "w", encoding="utf-8") as file:
        file.write("\n")
    check_equal("what had come meanwhile", "2", lab.read_line("begun").strip())
    with open(gate, "w", encoding="utf-8") as file:
        file.write("\n")
    belfryd.log.wait("run ended", count=2, job="slow", outcome="success")
    belfryd.stop()


def words(lab):
    step("next, explain, list and simulate say sensible things of a job that no time makes due")
    belfryd = Belfryd(lab, "jobs:\n  inbox: {watch: /srv/in/*.csv, command: [x]}\n  hourly: {every: 1h, command: [x]}\n",
                      name="words")
    belfryd.start()
    when = "when a file that matches /srv/in/*.csv appears or changes"
    for source in ([], ["--config", belfryd.config]):
        said = belfryd.belfry("next", "inbox", *source).stdout
        check(when in said and "it starts when its files come" in said, said)
        said = belfryd.belfry("explain", "inbox", *source).stdout
        check(when in said and "next        when its files come" in said, said)
        check(json.loads(belfryd.belfry("--json", "explain", "inbox", *source).stdout)["by_files"] is True, "by_files")
    check("watch /srv/in/*.csv" in belfryd.belfry("list").stdout, "belfry list")
    said = belfryd.belfry("simulate", "--config", belfryd.config).stdout
    check("Nobody knows when files will come: without slots are inbox." in said, said)
    belfryd.stop()
