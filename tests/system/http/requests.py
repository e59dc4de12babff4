"""Jobs that are HTTP requests, against Debian's nginx with TLS: what is checked, what is saved, what is given up, and that
secrets are in no log, answer, error, ledger or explanation."""
import json
import os
import socket
import subprocess
import threading

from belfryd import Belfryd
from lab import check, check_equal, step, until
from peers import HttpPeer, certificate
from prometheus import program

SECRETS = ("S3CRET-PASSWORD", "S3CRET-HEADER", "S3CRET-QUERY")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_nginx(lab, tls):
    """A server with a password, a file of 10 GB (with nothing in it), also at 1 KB a second; returns its URL."""
    port, root = free_port(), lab.path("www")
    os.makedirs(root)
    lab.write("www/health", '{"status": "ok", "database": {"lag": 3}}')
    lab.write("www/report", "a report\n" * 100_000)
    lab.write("www/passwords", "belfry:{PLAIN}S3CRET-PASSWORD\n")
    with open(lab.path("www/huge"), "wb") as file:
        file.truncate(10 << 30)
    config = lab.write("nginx.conf", f"""
daemon off; master_process off; pid {lab.path('nginx.pid')}; error_log {lab.path('nginx.err')};
events {{}}
http {{
  access_log off;
  client_body_temp_path {lab.path('t1')}; proxy_temp_path {lab.path('t2')}; fastcgi_temp_path {lab.path('t3')};
  uwsgi_temp_path {lab.path('t4')}; scgi_temp_path {lab.path('t5')};
  server {{
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {tls[0]}; ssl_certificate_key {tls[1]};
    root {root};
    default_type application/json;
    location /private {{ auth_basic x; auth_basic_user_file {root}/passwords; alias {root}/health; }}
    location /down {{ return 302 http://localhost:9/; }}
    location /slow {{ limit_rate 1k; alias {root}/huge; }}
  }}
}}
""")
    server = subprocess.Popen(  # pylint: disable=consider-using-with
        [program("nginx"), "-c", config, "-e", lab.path("nginx.err")])
    lab.at_end(lambda: (server.kill(), server.wait()))
    until(lambda: os.path.exists(lab.path("nginx.pid")))
    return f"https://localhost:{port}"


def jobs(url, ca, extra=""):
    tls = f"tls: {{ca_file: '{ca}'}}"
    return f"""
jobs:
  health:
    http:
      url: {url}/health?key=S3CRET-QUERY
      {tls}
      expect: {{status: [200, 204-206], headers: {{content-type: json}}, json: {{/status: ok, /database/lag: 3}}, body: '"ok"'}}
  private: {{http: {{url: {url}/private, auth: {{user: belfry, password_file: password}}, {tls}}}}}
  intruder: {{http: {{url: {url}/private, auth: {{user: belfry, password: wrong}}, {tls}}}}}
  report: {{http: {{url: {url}/report, save_to: saved, {tls}}}}}
  huge: {{http: {{url: {url}/huge, {tls}}}}}
  huge_file: {{http: {{url: {url}/huge, save_to: saved, max_bytes: 32M, {tls}}}}}
  down: {{http: {{url: {url}/down, {tls}}}}}
  old_certificate: {{http: {{url: {url}/health, expect: {{certificate_days: 14}}, {tls}}}}}
  untrusted: {{http: '{url}/health?key=S3CRET-QUERY', retries: {{limit: 1, delay: 1ms}}}}
  moved:
    http: {{url_file: moved.url, headers: {{X-Key: {{file: header}}}}, auth: {{user: u, password_file: password}}}}
  crawl:
    http:
      urls_file: urls
      {tls}
      expect: {{body: ok}}
      batch: {{concurrency: 4, size: 50, pause: 10ms, tries: 2, max_failures: 1, bodies: true}}
      save_to: results.jsonl
  slow: {{http: {{url: {url}/slow, save_to: slow_file, max_bytes: 1T, {tls}}}}}
{extra}"""


class Waves:
    """Answers when so many requests are there at the same time; `connections` is how many there were to the port when the
    first so many had come, and nobody had an answer."""

    def __init__(self, count):
        self.wave, self.port, self.connections = threading.Barrier(count, self.look), None, None

    def __call__(self, _request):
        self.wave.wait(60)
        return 200

    def look(self):
        if self.connections is None:
            self.connections = established(self.port)


def established(port):
    """How many connections this machine's server has on that port, accepted or not (/proc/net/tcp)."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "01" for row in rows)


def read_results(lab):
    with open(lab.path("results.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def outcome_of(daemon, job):
    daemon.belfry("run", job, "--wait", may_fail=True)
    run = daemon.runs(job, 1)[0]
    return run["outcome"], daemon.sql("SELECT message FROM v_attempts WHERE run = ? ORDER BY attempt", run["run"])


def scenario(lab):
    tls = certificate(lab, "ours")
    url = start_nginx(lab, tls)
    elsewhere = HttpPeer(lab)
    mover = HttpPeer(lab, answer=lambda request: (302, {"Location": elsewhere.url("/?S3CRET-QUERY")}))
    lab.write("password", "S3CRET-PASSWORD\n", mode=0o600)
    lab.write("header", "S3CRET-HEADER\n", mode=0o600)
    lab.write("moved.url", mover.url("/?S3CRET-QUERY") + "\n", mode=0o600)
    lab.write("urls", "".join(f"{url}/health?{i}\n" for i in range(100)) + url + "/missing\n")
    daemon = Belfryd(lab, jobs(url, tls[0]), environment={"no_proxy": "*"})
    daemon.start()

    step("what comes is checked, shown or saved")
    for job in ("health", "private", "report", "moved"):
        check_equal(job, "success", outcome_of(daemon, job)[0])
    check_equal("the output", '{"status": "ok", "database": {"lag": 3}}', daemon.belfry("logs", "health").stdout)
    with open(lab.path("saved"), encoding="ascii") as saved, open(lab.path("www/report"), encoding="ascii") as original:
        check(saved.read() == original.read(), "the saved file differs")
    headers = elsewhere.next()["headers"]
    check("X-Key" not in headers and "Authorization" not in headers, f"another host was told {headers}")
    check_equal("the first host was told", "S3CRET-HEADER", mover.next()["headers"].get("X-Key"))

    step("what is wrong is told in a sentence")
    for job, part in {"intruder": "the status is 401, and 200-299 is expected",
                      "huge": "is larger than max_bytes (16.0 MiB)",
                      "huge_file": "is larger than max_bytes (32.0 MiB)",
                      "down": " redirects to http://localhost:9, which is not protected; it was not followed",
                      "old_certificate": "the certificate ends in 1 day, and 14 are expected; renew it",
                      "untrusted": "is not trusted: self-signed certificate; name its authority with ca_file"}.items():
        outcome, attempts = outcome_of(daemon, job)
        check_equal(job, "failure", outcome)
        check_equal(f"attempts of {job}", 2 if job == "untrusted" else 1, len(attempts))
        check(part in attempts[-1]["message"], f"{job}: {attempts[-1]['message']}")
    check_equal("the size of the saved file", 900_000, os.path.getsize(lab.path("saved")))

    step("many URLs are asked, at most so many at a time")
    check_equal("crawl", "success", outcome_of(daemon, "crawl")[0])
    results = read_results(lab)
    check_equal("the results", 101, len(results))
    check_equal("the tries of the one that is missing", [2], [each["tries"] for each in results if not each["ok"]])
    check_equal("the others", {"ok"}, {json.loads(each["body"])["status"] for each in results if each["ok"]})
    waves = Waves(4)
    peer = HttpPeer(lab, answer=waves)
    waves.port = peer.server.server_address[1]
    lab.write("urls", "".join(f"{peer.url('/' + str(i))}\n" for i in range(12)))
    for limits in ("concurrency: 4", "concurrency: 12, per_host: 4"):
        waves.connections = None
        daemon.write_config(jobs(url, tls[0]).replace("expect: {body: ok}", "expect: {status: 200}")
                            .replace("concurrency: 4", limits))
        daemon.reload()
        check_equal("crawl", "success", outcome_of(daemon, "crawl")[0])
        check_equal("requests", 12, len(read_results(lab)))
        check_equal(f"at a time, with {limits}", 4, waves.connections)

    step("a reload while a request is under way, and then its cancellation")
    run = daemon.ask("run", "slow")["run"]["run"]
    until(lambda: [name for name in os.listdir(lab.folder) if name.startswith("slow_file")])
    daemon.write_config(jobs(url, tls[0], "  new: {http: {url: '" + url + "', tls: {verify: false}}}\n"))
    daemon.reload()
    check_equal("the end of the run that goes on", None, daemon.runs("slow", 1)[0].get("outcome"))
    daemon.belfry("cancel", str(run))
    until(lambda: daemon.runs("slow", 1)[0].get("outcome") == "cancelled")
    check_equal("what is left of it", [], [name for name in os.listdir(lab.folder) if name.startswith("slow_file")])
    lint = daemon.belfry("lint", daemon.config, may_fail=True)
    check("jobs.new.http.tls.verify" in lint.stdout + lint.stderr, f"lint does not warn: {lint.stdout}{lint.stderr}")

    step("a new password is taken over by a reload")
    lab.write("password", "S3CRET-PASSWORD-2\n", mode=0o600)
    daemon.reload()
    check_equal("the old one", "failure", outcome_of(daemon, "private")[0])

    step("no secret is anywhere")
    shown = [daemon.belfry(*words, may_fail=True) for words in
             (("list",), ("history",), ("--json", "history"), ("--json", "list"), ("next",), ("status",))]
    texts = [each.stdout + each.stderr for each in shown]
    texts += [str(line) for line in daemon.log.lines]
    broken = lab.write("broken.yaml", jobs(url, tls[0]).replace("expect: {status", "expcet: {status")
                       .replace("password_file: password", "pasword: S3CRET-PASSWORD"))
    texts.append(daemon.belfry("validate", broken, may_fail=True).stderr)
    check("expcet" in texts[-1], f"the mistake is not told: {texts[-1]}")
    daemon.stop()
    for name in os.listdir(daemon.state_dir):
        with open(os.path.join(daemon.state_dir, name), "rb") as file:
            texts.append(file.read().decode("latin-1"))
    for text in texts:
        for secret in SECRETS:
            check(secret not in text, f"{secret} is in {text[:2000]}")
