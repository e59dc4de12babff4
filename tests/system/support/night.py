"""A stretch of wall time that a belfryd lives through in steps, with a job that beats at each of them."""
from datetime import datetime

from belfryd import Belfryd
from steered import NS, Clock, instant, utc

BEAT = """\
  beat:
    every: {step}s
    command: ["true"]
"""


class Night:
    """belfryd from `begin` on, with `jobs` (the text of some jobs) and a beat every `step` seconds."""

    def __init__(self, lab, name, begin, jobs, step=60, environment=None, top="", slow=()):
        self.slow = slow  # jobs whose runs do not end within their beat
        self.clock = Clock(lab, at=begin)
        self.step = step
        self.begin = instant(begin)
        self.at = self.begin
        self.daemon = Belfryd(lab, f"{top}\njobs:\n" + jobs + BEAT.format(step=step), clock=self.clock, name=name,
                              environment=environment)

    def start(self):
        self.daemon.start()
        return self

    def pass_until(self, end):
        """Lives on to `end`, beat by beat: what is due at a beat or before it has been decided upon, and has run, when
        the next one comes."""
        end = instant(end) if isinstance(end, str) else end
        while (beat := (self.at // (self.step * NS) + 1) * self.step * NS) <= end:
            self.at = beat
            since = len(self.daemon.log.lines)
            self.clock.pass_to(beat)
            log = self.daemon.log
            log.wait("run ended", since=since, job="beat", scheduled_at=lambda text, at=beat: logged(text) == at)
            for line in log.lines[since:]:
                if line["message"] == "run started" and line["job"] not in self.slow:
                    log.wait("run ended", since=since, run=line["run"])

    def started(self, job):
        """The instants for which runs were started, as text."""
        return [seconds(slot["scheduled_at"]) for slot in self.daemon.slots(job) if slot["result"] == "started"]

    def all_slots(self, job):
        """(instant, result, reason) of every entry."""
        return [(seconds(slot["scheduled_at"]), slot["result"], slot["reason"]) for slot in self.daemon.slots(job)]

    def minutes(self, end):
        """Every whole minute after the beginning up to `end`, as text."""
        return [utc(at) for at in range((self.begin // (60 * NS) + 1) * 60 * NS, instant(end) + 1, 60 * NS)]


def logged(text):
    """Nanoseconds since 1970 of a time as the log tells it, to the millisecond."""
    return round(datetime.fromisoformat(text).timestamp() * 1000) * 1_000_000


def seconds(text):
    """An instant as the views tell it, without its fraction."""
    return text[:19] + "Z"
