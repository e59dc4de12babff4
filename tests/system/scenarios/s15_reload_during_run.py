"""S15: a reload during a run of six hours: in force at once, the run untouched, no slot lost or doubled."""
from lab import check, check_equal, step
from night import BEAT, Night
from steered import NS, utc

HOUR = 3600 * NS
JOBS = """\
  long:
    schedule: "{long}"
    timezone: UTC
    timeout: {timeout}
    command: "echo $$ >'{started}'; read -r word <'{gate}'; echo got $word"
  edited:
    schedule: "{edited} * * * *"
    timezone: UTC
    command: ["true"]
  same:
    schedule: "*/10 * * * *"
    timezone: UTC
    command: ["true"]
"""


def multiples(begin, end, minutes):
    """Every whole multiple of so many minutes after `begin` up to `end`, as entries of a started slot."""
    span = minutes * 60 * NS
    return [(utc(at), "started", "none") for at in range((begin // span + 1) * span, end + 1, span)]


def scenario(lab):
    places = {"started": lab.fifo("started"), "gate": lab.fifo("gate")}
    first = JOBS.format(long="0 1 * * *", timeout="8h", edited="*/10", **places)
    night = Night(lab, "reload", "2026-05-05T00:55:01Z", first, step=300, slow=("long",)).start()
    daemon, begin = night.daemon, night.begin
    step("the long run begins at 01:00")
    night.pass_until("2026-05-05T01:00:00Z")
    leader = int(lab.read_line("started"))
    night.pass_until(begin + 3 * HOUR)

    step("three hours later everything but one job is edited, the long one, too")
    second = JOBS.format(long="0 2 * * *", timeout="1s", edited="*/15", **places)
    daemon.write_config("jobs:\n" + second + BEAT.format(step=night.step))
    check_equal("what the reload tells", ["edited", "long"], sorted(daemon.reload()["changed"]))
    reloaded = night.clock.now()
    check_equal("the next slot of the edited job", multiples(reloaded, reloaded + 2 * HOUR, 15)[0][0],
                daemon.ask("next", "edited", "-n", "1")["slots"][0][:19] + "Z")
    check_equal("the run under way", [leader], daemon.processes_of("BELFRY_JOB=long"))
    night.pass_until(begin + 6 * HOUR + HOUR // 10)

    step("six hours after its start the run may end")
    lab.let("gate", "well")
    run = daemon.log.wait("run ended", job="long")
    check_equal("outcome of the long run", "success", run["outcome"])
    row = daemon.runs("long")[0]
    check(row["scheduled_at"].startswith("2026-05-05T01:00:00"), f"the long run was for {row['scheduled_at']}")
    check_equal("what it printed", "got well\n", daemon.belfry("logs", "long").stdout)
    check_equal("slots of the edited job", multiples(begin, reloaded, 10) + multiples(reloaded, night.at, 15),
                night.all_slots("edited"))
    check_equal("slots of the job that is as before", multiples(begin, night.at, 10), night.all_slots("same"))
    check_equal("runs of the long job", 1, len(daemon.runs("long")))
    daemon.stop()
