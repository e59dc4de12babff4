"""A belfryd of the test's own: started, watched by its log, asked, and surely ended; its clock and disk may be steered."""
import json
import os
import re
import signal
import sqlite3
import subprocess
import threading
import urllib.request

from lab import BIN_DIR, SANITIZE, Failed, check, check_equal


class Log:
    """A program's log as it comes, one object for each line; also kept in a file for people."""

    def __init__(self, stream, file):
        self.lines = []
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._read, args=(stream, file), daemon=True)
        self._thread.start()

    def _read(self, stream, file):
        with stream, open(file, "ab", buffering=0) as kept:
            for line in stream:
                kept.write(line)
                text = line.decode("utf-8", "replace")
                try:
                    entry = json.loads(text)
                    entry.setdefault("message", entry.get("msg"))  # so do Prometheus and Alertmanager call it
                except ValueError:
                    entry = {"message": text.rstrip("\n")}
                with self._changed:
                    self.lines.append(entry)
                    self._changed.notify_all()
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait(self, message, count=1, since=0, **fields):
        """Until `count` lines from number `since` on have this message and these fields (a value, or a function that says
        whether it is the one; so may the message be); returns the last of them."""
        def fits(value, wanted):
            return wanted(value) if callable(wanted) else value == wanted

        def matches(line):
            return fits(line.get("message"), message) and all(key in line and fits(line[key], wanted)
                                                          for key, wanted in fields.items())
        found, seen = [], since
        with self._changed:
            while True:
                while seen < len(self.lines) and len(found) < count:
                    if matches(self.lines[seen]):
                        found.append(self.lines[seen])
                    seen += 1
                if len(found) >= count:
                    return found[-1]
                if self._closed:
                    raise Failed(f"the program ended before its log had {count} x {message!r} {fields} (seen {len(found)})")
                self._changed.wait()

    def join(self):
        self._thread.join()


def door_of(table):
    """Where the process listens that holds the descriptors of the runs in that table."""
    return table + ".keeper1"


def keepers(door):
    """The processes behind it."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                if file.read().split(b"\0")[1:3] == [b"--keeper", door.encode()]:
                    found.append(int(entry))
        except OSError:
            pass  # gone
    return found


class Belfryd:
    """One state folder and whoever serves it: start() and kill() may be called over and over."""

    def __init__(self, lab, config, clock=None, disk=None, name="belfryd", program="belfryd", environment=None, watch=False):
        self.lab, self.clock, self.name = lab, clock, name
        self.watch = watch  # whether a new configuration is taken over by itself
        self.program = [os.path.join(BIN_DIR, program)]
        self.config = lab.path(f"{name}.yaml")
        self.write_config(config)
        self.state_dir = lab.path(f"{name}.state")
        self.socket = lab.path(f"{name}.sock")
        self.metrics_at = "127.0.0.1:0"
        self.process = None
        self.log = None
        self.left_in_memory = set()
        # By LAB, which jobs inherit, everything that this test ever started can be found.
        self.environment = {**os.environ, "LAB": lab.folder, **(environment or {})}
        steered = [part for part in (clock, disk) if part is not None]
        for part in steered:
            self.environment.update(part.environment)
        if steered:
            self.environment["LD_PRELOAD"] = ":".join(part.preload for part in steered)
        lab.at_end(self.kill_all)

    def write_config(self, text):
        """Replaces the file as an editor does, by a rename; with a log that tells every run."""
        watch = "true" if self.watch else "false"
        self.lab.write(f"{self.name}.yaml", f"log: {{level: debug, format: json}}\nwatch_config: {watch}\n" + text)

    def start(self, wait=True, **popen):
        """Starts it; with `wait` returns when it is ready."""
        command = self.program + ["--config", self.config, "--state-dir", self.state_dir, "--socket", self.socket,
                                  "--metrics", self.metrics_at]
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.environment,
            cwd=self.lab.folder, **popen)
        self.log = Log(self.process.stdout, self.lab.path(f"{self.name}.log"))
        return self.wait_ready() if wait else None

    def wait_ready(self):
        return self.log.wait("belfryd is ready")

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        """In order; fails when it does not leave with 0, or leaves something in memory."""
        tables = self.tables()
        os.kill(self.pid, signal.SIGTERM)
        check_equal("exit status of belfryd after SIGTERM", 0, self.wait_end())
        files = tables + [door_of(table) for table in tables]
        check_equal("files that it left in memory", [], [path for path in files if os.path.exists(path)])

    def tables(self):
        """The files of /dev/shm that it has mapped: what the next daemon reads after a kill."""
        with open(f"/proc/{self.pid}/maps", encoding="ascii", errors="replace") as file:
            return sorted({line.split()[-1] for line in file if " /dev/shm/belfry-" in line})

    def kill(self):
        """kill -9, when it runs."""
        if self.process is not None and self.process.poll() is None:
            self.left_in_memory.update(self.tables())
            self.process.kill()
        if self.process is not None:
            self.wait_end()

    def kill_all(self):
        self.kill()
        for pid in with_marker(f"LAB={self.lab.folder}"):
            os.kill(pid, signal.SIGKILL)
        for table in self.left_in_memory:
            for pid in keepers(door_of(table)):
                os.kill(pid, signal.SIGKILL)
            for path in (table, door_of(table)):
                if os.path.exists(path):
                    os.unlink(path)

    def wait_end(self):
        status = self.process.wait()
        self.log.join()
        return status

    def belfry(self, *arguments, may_fail=False, **run):
        done = subprocess.run([os.path.join(BIN_DIR, "belfry"), "--socket", self.socket, *arguments], env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **run)
        if done.returncode != 0 and not may_fail:
            raise Failed(f"belfry {' '.join(arguments)} failed with {done.returncode}: {done.stderr.strip()}")
        return done

    def ask(self, *arguments):
        """The document that `belfry --json` prints."""
        return json.loads(self.belfry("--json", *arguments).stdout)

    def runs(self, job=None, count=10_000):
        """The runs on record, the newest first; what has happened before the call is in it."""
        self.flush()
        return self.ask("history", *([job] if job else []), "-n", str(count))["runs"]

    def slots(self, job):
        """The entries about slots, the oldest first: scheduled_at, last_scheduled_at, slots, result, reason, run."""
        return self.sql("SELECT scheduled_at, last_scheduled_at, slots, result, reason, run FROM v_slots WHERE job = ? "
                        "ORDER BY scheduled_at", job)

    def flush(self):
        """Until all that has happened is durable: a question about history waits for it, for two seconds each."""
        while True:
            self.ask("history", "-n", "1")
            if self.metrics()["belfry_store_queued_writes"] == 0:
                return

    def sql(self, query, *values):
        """Rows of the ledger by one of its documented views, as dictionaries."""
        if self.process is not None and self.process.poll() is None:
            self.flush()
        database = sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True, timeout=30)
        database.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in database.execute(query, values)]
        finally:
            database.close()

    @property
    def ledger(self):
        return os.path.join(self.state_dir, "ledger.db")

    def reload(self):
        return self.ask("reload")

    def metrics(self):
        """Every series of /metrics by its full name."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.metrics_address(), timeout=30) as answer:
            text = answer.read().decode()
        series = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                series[name] = float(value)
        return series

    def metrics_address(self):
        return next(line for line in reversed(self.log.lines) if line["message"] == "belfryd is ready")["metrics"]

    def processes_of(self, marker):
        """The processes whose environment has this word, e.g. BELFRY_JOB=backup: none may be left of an ended run."""
        return with_marker(marker, f"LAB={self.lab.folder}")


def with_marker(*markers):
    """The pids of all processes that were given these variables (NAME=value)."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/environ", "rb") as file:
                given = file.read().split(b"\0")
            if all(marker.encode() in given for marker in markers):
                found.append(int(entry))
        except OSError:
            pass  # it has ended, or is not ours to see
    return found


def state_of(pid):
    """The letter of /proc/PID/stat (Z: a zombie), or None."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return None


def wait_gone(pid):
    """Until this process, of whomever, is gone or a zombie."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        import select  # pylint: disable=import-outside-toplevel
        check(select.select([fd], [], [], None)[0], "a pidfd is readable when its process ends")
    finally:
        os.close(fd)


def slack_kb():
    """How much a process may grow by itself: the sanitizers' shadow and quarantine do."""
    return 65536 if SANITIZE else 4096


def memory_kb(pid):
    """What is resident, but for the files of the program and its libraries: belfryd gives back what it does not use of
    those pages, and they come again."""
    resident, programs = {}, set()
    with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace") as file:
        for line in file:
            words = line.split(None, 5)
            if re.match("[0-9a-f]+-[0-9a-f]+ ", line):
                path = words[5].strip() if len(words) > 5 else ""
                if "x" in words[1] and path.startswith("/"):
                    programs.add(path)
            elif words[0] == "Rss:":
                resident[path] = resident.get(path, 0) + int(words[1])
    return sum(size for path, size in resident.items() if path not in programs)


def peak_memory_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))


def cpu_seconds(pid):
    """CPU time of all its threads so far, and none of its children's."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def number(series, pattern):
    """The sum of all series whose name matches."""
    return sum(value for name, value in series.items() if re.fullmatch(pattern, name))
