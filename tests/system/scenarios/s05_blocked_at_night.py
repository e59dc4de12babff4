"""S5: the nights of both changes with a job that never ends: few lines in the log, few turns of the loop, no CPU."""
from belfryd import cpu_seconds
from lab import SANITIZE, check, check_equal, step
from night import Night
from steered import NS

BLOCKED = """\
  blocked:
    schedule: ["* * * * *", "30 2 * * *"]
    timezone: Europe/Berlin
    dst_overlap: both
    concurrency_policy: forbid
    command: "echo $$ >'{started}'; exec sleep infinity"
  waiting:
    schedule: "30 * * * *"
    timezone: Europe/Berlin
    concurrency_policy: queue
    command: "exec sleep infinity"
"""


def live_through(lab, name, begin, end):
    fifo = f"{name}.started"
    night = Night(lab, name, begin, BLOCKED.format(started=lab.fifo(fifo)), top="shutdown_timeout: 0s",
                  slow=("blocked", "waiting")).start()
    daemon = night.daemon
    night.pass_until(night.begin + 31 * NS)  # past the first minute: the job starts, and blocks
    lab.read_line(fifo)
    lines, cpu = len(daemon.log.lines), cpu_seconds(daemon.pid)
    turns = daemon.metrics()["belfry_loop_iterations_total"]
    night.pass_until(end)
    minutes = len(night.minutes(end))
    told = [line for line in daemon.log.lines[lines:] if line.get("job") != "beat"]
    turns = daemon.metrics()["belfry_loop_iterations_total"] - turns
    cpu = cpu_seconds(daemon.pid) - cpu
    print(f"   {minutes} minutes: {len(told)} lines about the job, {turns:.0f} turns of the loop, {cpu:.2f} s of CPU")
    check(len(told) < 100, f"{len(told)} lines in {minutes} minutes")  # the scenario allows as many in each minute
    check(turns < 100 * minutes, f"{turns} turns of the loop in {minutes} minutes")
    if not SANITIZE:
        check(cpu < 0.05 * 60 * minutes, f"{cpu} s of CPU in {minutes} minutes")
    slots = night.all_slots("blocked")
    check_equal("slots", night.minutes(end), [slot[0] for slot in slots])
    check_equal("entries but the first that are something else", [],
                [slot for slot in slots[1:] if slot[1:] != ("skipped", "overlap")])
    daemon.stop()


def scenario(lab):
    step("the night of 2026-03-29")
    live_through(lab, "spring", "2026-03-29T00:29:30Z", "2026-03-29T01:40:30Z")
    step("the night of 2026-10-25")
    live_through(lab, "autumn", "2026-10-24T23:50:30Z", "2026-10-25T01:40:30Z")
