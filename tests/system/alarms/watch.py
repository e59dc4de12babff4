"""A belfryd that is watched as in earnest: a Prometheus that scrapes it, and an Alertmanager that is told."""
import re

from belfryd import Belfryd
from lab import check
from prometheus import Alertmanager, Prometheus


class Watch:
    """All three, started one after the other; `belfryd` are the arguments of Belfryd."""

    def __init__(self, lab, jobs, **belfryd):
        self.daemon = Belfryd(lab, "jobs:\n" + jobs, **belfryd)
        self.daemon.start()
        self.daemon.metrics_at = self.daemon.metrics_address().split("/")[2]  # it keeps its port when it is started again
        self.alertmanager = Alertmanager(lab)
        self.prometheus = Prometheus(lab, self.daemon, self.alertmanager)
        self.prometheus.wait("up == 1")

    def series(self, pattern):
        """The series of the daemon's own page whose full name matches and whose value is not 0: its labels as a list."""
        return [name for name, value in self.daemon.metrics().items() if value != 0 and re.fullmatch(pattern, name)]


def check_help(alert, *words):
    """Whoever reads it knows what it is about."""
    text = alert["annotations"]["summary"] + " " + alert["annotations"]["description"]
    for word in words:
        check(word in text, f"{word!r} is not in the alert: {text}")
