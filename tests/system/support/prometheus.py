"""Debian's Prometheus and Alertmanager as a user has them beside a belfryd, only that an hour of the alert rules is a minute.

.ci/install-deps unpacks both into build/tools. Alertmanager tells the test of each alert over a webhook.
"""
import http.server
import json
import os
import queue
import re
import shutil
import subprocess
import threading
import urllib.parse
import urllib.request

from belfryd import Log
from lab import BUILD_DIR, SOURCE_DIR, Skipped, check, until

RULES = os.path.join(SOURCE_DIR, "systemd/prometheus/belfry.rules.yml")
NAMESPACE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
FASTER = 60
MILLISECONDS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def program(name):
    """The path of one of their programs."""
    tools = [os.path.join(folder, "tools/usr", kind) for folder in (BUILD_DIR, os.path.join(SOURCE_DIR, "build"))
             for kind in ("bin", "sbin")]
    path = shutil.which(name, path=os.pathsep.join([*os.get_exec_path(), *tools]))
    check(path is not None, f"no {name} here: .ci/install-deps test")
    return path


def hasten(rules):
    """The rules with every `for`, range and offset a 60th of its length; thresholds stay what they are."""
    span = r"(\d+)([smhd])"

    def shorter(match):
        return re.sub(span, lambda part: f"{int(part[1]) * MILLISECONDS[part[2]] // FASTER}ms", match[0])
    hastened, count = re.subn(rf"(?m)^ *for: {span}$|\[{span}(?::{span})?\]|\boffset {span}", shorter, rules)
    check(count > 50, f"only {count} spans of time in {RULES}")
    check(not re.search(rf"(?m)^ *for: {span}$|\[{span}[\]:]|\boffset {span}\b", hastened), "a span of time was left as it is")
    return hastened


def ask(address):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=60) as answer:
        return answer.read()


class Server:
    """One of their programs, listening on a port of its own choice."""

    def __init__(self, lab, name, command):
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            [*command, "--web.listen-address=127.0.0.1:0", "--log.format=json"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=lab.folder)
        lab.at_end(process.wait)
        lab.at_end(process.kill)
        self.log = Log(process.stdout, lab.path(f"{name}.log"))
        self.address = self.log.wait("Listening on")["address"]


class Inbox:
    """The receiver of Alertmanager's webhook: each alert once when it fires and once when it is resolved."""

    def __init__(self, lab):
        alerts = queue.Queue()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                for alert in json.loads(self.rfile.read(int(self.headers["Content-Length"])))["alerts"]:
                    alerts.put(alert)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_arguments):  # pylint: disable=arguments-differ
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        lab.at_end(thread.join)
        lab.at_end(server.server_close)
        lab.at_end(server.shutdown)
        self.address = f"http://127.0.0.1:{server.server_port}/"
        self.alerts = alerts


class Alertmanager(Server):
    """Passes every alert on at once."""

    def __init__(self, lab):
        self._inbox = Inbox(lab)
        config = lab.write("alertmanager.yml", f"""
route: {{receiver: test, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: test
    webhook_configs: [{{url: "{self._inbox.address}", send_resolved: true}}]
""")
        super().__init__(lab, "alertmanager", [
            *at_home(program("prometheus-alertmanager")), f"--config.file={config}", f"--storage.path={lab.path('alerts')}",
            "--cluster.listen-address="])

    def wait(self, name, status="firing", **labels):
        """Until the alert of this name and these labels is here; returns it. Others that come before it are passed by."""
        while True:
            alert = self._inbox.alerts.get()
            wanted = {"alertname": name, **labels}
            if alert["status"] == status and wanted.items() <= alert["labels"].items():
                return alert


def at_home(path):
    """Debian's Alertmanager reads its templates from /usr/share alone. One that is unpacked elsewhere gets a /usr/share of
    its own."""
    share = os.path.join(os.path.dirname(os.path.dirname(path)), "share")
    if os.path.realpath(share) == "/usr/share":
        return [path]
    if subprocess.run([*NAMESPACE, "mount", "--bind", share, "/usr/share"], capture_output=True, check=False).returncode:
        raise Skipped("no folder may be mounted here, and Alertmanager is not installed")
    return [*NAMESPACE, "sh", "-c", 'mount --bind "$1" /usr/share && shift && exec "$@"', "sh", share, path]


class Prometheus(Server):
    """Scrapes a belfryd as systemd/prometheus/prometheus.yml has it, and holds its figures against the shipped rules."""

    def __init__(self, lab, daemon, alertmanager=None, features=()):
        alerting, rules = "", ""
        if alertmanager is not None:
            rules = "rule_files: [" + lab.write("rules.yml", hasten(read(RULES))) + "]"
            alerting = "alerting: {alertmanagers: [{static_configs: [{targets: ['" + alertmanager.address + "']}]}]}"
        target = urllib.parse.urlsplit(daemon.metrics_address()).netloc
        config = lab.write("prometheus.yml", f"""
global: {{scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 250ms}}
{rules}
{alerting}
scrape_configs:
  - job_name: belfry
    static_configs: [{{targets: ["{target}"]}}]
""")
        super().__init__(lab, "prometheus", [
            program("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={lab.path('series')}",
            *([f"--enable-feature={','.join(features)}"] if features else [])])
        self.log.wait("Server is ready to receive web requests.")

    def get(self, path, **parameters):
        """The data that its API answers."""
        answer = json.loads(ask(f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"))
        check(answer["status"] == "success", f"Prometheus answers {answer}")
        return answer["data"]

    def wait(self, query):
        """Until the query has an answer; returns its first series, as labels and value."""
        found = until(lambda: self.get("query", query=query)["result"])
        return found[0]["metric"], float(found[0]["value"][1])


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()
