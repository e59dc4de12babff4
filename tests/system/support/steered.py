"""The clock and the disk of a belfryd, in the hands of a test; see steered_clock.c and held_disk.c."""
import fcntl
import mmap
import os
import socket
import time
from datetime import datetime, timezone

from lab import PRELOAD_DIR, Skipped

NS = 1_000_000_000


def preload(name):
    path = os.path.join(PRELOAD_DIR, name)
    if not os.path.exists(path):
        raise Skipped(f"{path} is not built")
    return path


def instant(text):
    """Nanoseconds since 1970 of "2026-03-29T01:00:00Z" (a fraction may follow the seconds, or not)."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    at = datetime.fromisoformat(whole).replace(tzinfo=timezone.utc)
    return int(at.timestamp()) * NS + int((fraction or "0").ljust(9, "0")[:9])


def utc(ns):
    """The other way round, to the second."""
    return datetime.fromtimestamp(ns // NS, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Clock:
    """The clocks of the programs that get `environment`. They go on by themselves; the test moves them."""

    def __init__(self, lab, at=None):
        self._path = lab.path("steered")
        with open(self._path, "wb") as file:
            file.write(bytes(mmap.PAGESIZE))
        with open(self._path, "r+b") as file:
            # As words, for struct.pack_into writes a number byte by byte: a daemon could read the half of it.
            self._shifts = memoryview(mmap.mmap(file.fileno(), mmap.PAGESIZE)).cast("q")
        self.environment = {"STEERED_CLOCK": self._path}
        self.preload = preload("steered_clock.so")
        if at is not None:
            self._write(instant(at) - time.time_ns(), 0, 0)

    def now(self):
        return time.time_ns() + self._read()[0]

    def pass_to(self, ns):
        """So much time passes that it is `ns` now: what became due in between is due. Never back."""
        span = max(ns - self.now(), 0)
        self._move(span, span, span, b"p")

    def set_by(self, seconds):
        """Somebody sets the clock."""
        self._move(int(seconds * NS), 0, 0, b"s")

    def suspend(self, seconds):
        """The machine sleeps."""
        self._move(int(seconds * NS), int(seconds * NS), 0, b"s")

    def _read(self):
        return self._shifts[:3].tolist()

    def _write(self, *shifts):
        for index, shift in enumerate(shifts):
            self._shifts[index] = shift

    def _move(self, *by):
        *by, word = by
        self._write(*(was + more for was, more in zip(self._read(), by)))
        try:
            with socket.socket(socket.AF_UNIX) as door:
                door.connect(self._path + ".sock")
                door.sendall(word)
                door.recv(1)
        except (FileNotFoundError, ConnectionRefusedError):
            pass  # no daemon now: the next one begins with this clock


class FaultGate:
    """A FIFO with a byte in it, which the test takes out while a fault point of belfryd_faulty is to stand still."""

    def __init__(self, lab, name):
        self.path = lab.path(name)
        os.mkfifo(self.path)
        self._fifo = os.open(self.path, os.O_RDWR)
        lab.at_end(lambda: os.close(self._fifo))
        self.let_go()

    def hold(self):
        os.read(self._fifo, 1)

    def let_go(self):
        os.write(self._fifo, b".")


class Gate:
    """A file that the test holds while the disk is to stand still."""

    def __init__(self, lab, name):
        self._file = open(lab.write(name, ""), "r+", encoding="ascii")  # pylint: disable=consider-using-with
        self.path = lab.path(name)
        lab.at_end(self._file.close)

    def hold(self):
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def let_go(self):
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def write(self, text):
        self._file.seek(0)
        self._file.truncate()
        self._file.write(text)
        self._file.flush()


class Disk(Gate):
    """What becomes of the writes to the ledger of a belfryd that gets `environment`."""

    def __init__(self, lab, file="ledger.db"):
        super().__init__(lab, "disk")
        self.environment = {"HELD_DISK": self.path, "HELD_DISK_FILE": file}
        self.preload = preload("held_disk.so")

    def fail_with(self, error):
        """Every write fails with this errno from now on; 0: they succeed again."""
        self.write(str(error) if error else "")
