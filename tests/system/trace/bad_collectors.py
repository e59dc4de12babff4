"""Collectors that are down, hang, drip, refuse or talk nonsense: no job waits for them, memory is bounded, what can be kept is
kept, and belfryd ends in time."""
import http.server
import json
import socket
import threading

from belfryd import Belfryd, memory_kb
from lab import check, check_equal, step, until
from otlp import Collector
from peers import certificate


class Dripping:
    """Answers a byte now and then, and never comes to an end; or with a megabyte of what is no answer."""

    def __init__(self, lab, pieces):
        self.asked = threading.Event()
        self.ended = threading.Event()
        peer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                peer.asked.set()
                try:
                    for piece in pieces:
                        self.wfile.write(piece)
                        self.wfile.flush()
                        if peer.ended.wait(0.02):
                            return
                except OSError:
                    pass  # nobody listens any more
                self.close_connection = True

            def log_message(self, *_arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        lab.at_end(self.close)

    def close(self):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()

    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"


def config(url, keys=""):
    return f"""
tracing: {{endpoint: "{url}", interval: 100ms, headers: {{X-Key: SECRET}}{keys}}}
jobs:
  job: {{every: 1000d, command: "true"}}
  many: {{every: 1000d, command: "true", concurrency_policy: allow}}
"""


def total(daemon, result):
    return daemon.metrics()[f'belfry_trace_spans_total{{result="{result}"}}']


def run(daemon):
    daemon.belfry("run", "job", "--wait")


def use(daemon, url, keys=""):
    daemon.write_config(config(url, keys))
    daemon.reload()


def scenario(lab):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    gone = f"http://127.0.0.1:{port}/SECRET"
    daemon = Belfryd(lab, config(gone))
    daemon.start()

    step("a collector that is down: spans are kept")
    run(daemon)
    line = daemon.log.wait("traces could not be exported and are kept")
    check_equal("why", f"http://127.0.0.1:{port} cannot be reached: Connection refused", line["reason"])
    run(daemon)
    check_equal("failed", 0, total(daemon, "failed"))

    step("it asks for a pause, and then it is there")
    busy = [(503, {"Retry-After": "1"}), (429, {"Retry-After": "0"}), 502, 504]
    back = Collector(lab, answer=lambda request: busy.pop(0) if busy else 200)
    use(daemon, back.url())
    check_equal("the runs", 2, len(back.wait(2, name="job")))
    check_equal("answers", [], busy)
    daemon.log.wait("traces are exported again")
    check_equal("dropped and failed", (0, 0), (total(daemon, "dropped"), total(daemon, "failed")))

    step("spans that find no room drive out the oldest, and the memory stays")
    use(daemon, gone, ", queue_limit: 10")
    before = memory_kb(daemon.pid)
    for _ in range(20):
        run(daemon)
    daemon.log.wait("spans were dropped")
    waits = daemon.metrics()["belfry_trace_spans_queued"]
    check(10 <= waits <= 20, f"{waits} spans wait: up to 10, and a batch of as many")
    check_equal("all that there were", 60, total(daemon, "dropped") + waits)
    check_equal("lines about it", 1, sum(line["message"] == "spans were dropped" for line in daemon.log.lines))
    check(memory_kb(daemon.pid) < before + 16384, "the memory grew")

    step("a refusal is for good: an error, a redirect, a certificate that nobody trusts")
    secure = Collector(lab, tls=certificate(lab, "theirs"))
    for url, reason in ((Collector(lab, answer=lambda request: 400).url(), "400"),
                        (Collector(lab, answer=lambda request: 500).url(), "500"),
                        (Collector(lab, answer=lambda request: (302, {"Location": "http://other.example/SECRET"})).url(),
                         "a redirect to http://other.example"),
                        (secure.url("/", "localhost"), "is not trusted")):
        failed, since = total(daemon, "failed"), len(daemon.log.lines)
        use(daemon, url)
        run(daemon)
        until(lambda: total(daemon, "failed") > failed)  # pylint: disable=cell-var-from-loop
        check(reason in daemon.log.wait("traces were not exported and are lost", since=since)["reason"], reason)
    check_equal("requests that the secure one saw", [], secure.all)

    step("a certificate that is trusted")
    ours = certificate(lab, "ours")
    trusted = Collector(lab, tls=ours)
    use(daemon, trusted.url("/", "localhost"), f", ca_file: '{ours[0]}'")
    run(daemon)
    trusted.wait(name="job")

    step("spans that it rejects are counted")
    body = b'{"partialSuccess": {"rejectedSpans": "1", "errorMessage": "SECRET"}}'
    partial = Dripping(lab, [b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)])
    failed = total(daemon, "failed")
    use(daemon, partial.url())
    run(daemon)
    until(lambda: total(daemon, "failed") > failed)
    daemon.log.wait("the collector rejected spans")

    step("nonsense with the status of a success is one; a megabyte of it is read and thrown away")
    exported = total(daemon, "exported")
    garbage = Dripping(lab, [b"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n" + b"[" * 1048576])
    use(daemon, garbage.url())
    run(daemon)
    until(lambda: total(daemon, "exported") >= exported + 3)

    step("what is no HTTP at all, and an answer that drips for ever, are tried again")
    for pieces in ([b"\x00\xffnonsense\r\n\r\n"], [b"HTTP/1.1 200 OK\r\nX-Drip: "] + [b"x"] * 100_000):
        bad, since = Dripping(lab, pieces), len(daemon.log.lines)
        use(daemon, bad.url(), ", timeout: 300ms")
        run(daemon)
        daemon.log.wait("traces could not be exported and are kept", since=since)

    step("a collector that hangs holds up no job")
    hangs = Collector(lab, answer=lambda request: None)
    use(daemon, hangs.url(), ", timeout: 5m")
    run(daemon)
    until(lambda: hangs.all)
    for _ in range(30):
        daemon.belfry("run", "many")
    until(lambda: len(daemon.runs("many")) == 30 and all(each["outcome"] == "success" for each in daemon.runs("many")))

    step("nor the end: what could not be sent is told")
    daemon.stop()  # its bound is 5 s, the collector's timeout 5 m, and the deadline of this test between them
    line = next(line for line in daemon.log.lines if line["message"] == "traces were not exported before the end")
    check(line["dropped"] > 0, f"{line}")
    check(any(line["message"] == "belfryd has ended in order" for line in daemon.log.lines), "it ends in order")
    check("SECRET" not in json.dumps(daemon.log.lines), "a secret is in the log")
