"""S24: who watches is gone: the log's reader stands still, scrapers hang, systemd's socket is dead. Jobs start on time, what
is held for the watchers is bounded, and what is lost is counted."""
import fcntl
import os
import socket
import subprocess

from belfryd import Belfryd, memory_kb, number
from lab import SANITIZE, check, check_equal, fewer, step
from steered import NS, Clock, instant, utc

JOBS = 40
BEATS = fewer(120, 20)
MINUTE = 60 * NS
F_SETPIPE_SZ = 1031
QUEUE = 4096  # lines of the log that may wait


def config(fifo):
    return f"""
jobs:
  beat:
    every: 60s
    concurrency_policy: allow
    command: "echo $BELFRY_SCHEDULED_AT >'{fifo}'"
""" + "".join(f"  noise{index}:\n    every: 60s\n    command: ['true']\n" for index in range(JOBS))


class Unread(Belfryd):
    """Nobody reads its log after it has said that it is ready."""

    def start_unread(self):
        reader, writer = os.pipe()
        fcntl.fcntl(writer, F_SETPIPE_SZ, 4096)
        port = free_port()
        command = self.program + ["--config", self.config, "--state-dir", self.state_dir, "--socket", self.socket,
                                  "--metrics", f"127.0.0.1:{port}"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer,
                                        env=self.environment, cwd=self.lab.folder)
        os.close(writer)
        self.lab.at_end(lambda: os.close(reader))  # until then it is open, and full
        said = b""
        while b"belfryd is ready" not in said:
            more = os.read(reader, 4096)
            check(more, f"belfryd ended: {said.decode()}")
            said += more
        self.port = port

    def metrics_address(self):
        return f"http://127.0.0.1:{self.port}/metrics"

    def wait_end(self):
        return self.process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def hang_scrapers(lab, port, count):
    """Connections that ask and do not read, or do not even finish asking."""
    for index in range(count):
        scraper = socket.create_connection(("127.0.0.1", port))
        scraper.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + (b"\r\n" if index % 2 else b""))
        lab.at_end(scraper.close)


def scenario(lab):
    fifo = lab.fifo("beats")
    begin = instant("2026-05-05T12:00:00Z")
    clock = Clock(lab, at="2026-05-05T12:00:00Z")
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)  # systemd's end, which nobody reads
    notify.bind(lab.path("notify"))
    lab.at_end(notify.close)
    daemon = Unread(lab, config(fifo), clock=clock, environment={"NOTIFY_SOCKET": lab.path("notify")})
    daemon.start_unread()
    notify.close()
    os.unlink(lab.path("notify"))
    hang_scrapers(lab, daemon.port, 20)

    step(f"{BEATS} beats of {JOBS} jobs")
    warm = 0
    for beat in range(1, BEATS + 1):
        clock.pass_to(begin + beat * MINUTE)
        check_equal("the beat's slot", utc(begin + beat * MINUTE), lab.read_line("beats")[:19] + "Z")
        if beat == BEATS // 4:
            warm = memory_kb(daemon.pid)
    after = memory_kb(daemon.pid)
    check_equal("entries", [(utc(begin + beat * MINUTE), "started") for beat in range(1, BEATS + 1)],
                [(slot["scheduled_at"][:19] + "Z", slot["result"]) for slot in daemon.slots("beat")])
    series = daemon.metrics()
    dropped = series["belfry_log_dropped_lines_total"]
    print(f"   resident memory from {warm} to {after} kB; {dropped:.0f} lines of the log dropped")
    lines = 2 * (JOBS + 1) * BEATS
    if lines > 2 * QUEUE:  # with fewer, they all wait
        check(dropped >= lines - 2 * QUEUE, f"{lines} lines, of which nobody read one, and only {dropped} are counted as dropped")
    most = 65536 if SANITIZE else 16384  # the sanitizers' quarantine and shadow grow by themselves
    check(after - warm < most, f"memory grew from {warm} to {after} kB")
    check_equal("leaked tasks", 0, number(series, r"belfry_tasks_leaked\{.*\}"))
    daemon.stop()
