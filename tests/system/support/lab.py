"""What the tests in Python share: a scratch folder, a deadline, checks, and everything that was started surely ended.

Nothing here sleeps for a guessed time: a test waits for a line of the daemon's log, the end of a process, the other side
of a FIFO, or an answer of the daemon. The deadline of the whole test (SIGALRM) ends what waits in vain, and shows where.
In (set by CTest): SOURCE_DIR, BIN_DIR, PRELOAD_DIR, SANITIZE (empty, or which sanitizers the programs are built with).
"""
import glob
import os
import shutil
import signal
import sys
import tempfile
import threading
import traceback

SOURCE_DIR = os.environ.get("SOURCE_DIR") or os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BUILD_DIR = os.environ.get("BUILD_DIR") or os.path.join(SOURCE_DIR, "build/release")
BIN_DIR = os.environ.get("BIN_DIR") or os.path.join(BUILD_DIR, "bin")
PRELOAD_DIR = os.environ.get("PRELOAD_DIR") or os.path.join(BUILD_DIR, "preload")
SANITIZE = os.environ.get("SANITIZE", "")


class Failed(Exception):
    """The test has found something wrong; the text says what."""


class Skipped(Exception):
    """The test cannot be done here; the text says why."""


def step(text):
    print(f"-- {text}", flush=True)


def check(holds, what):
    if not holds:
        raise Failed(what)


def check_equal(what, expected, actual):
    if expected == actual:
        return
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) + len(actual) > 12:
        missing = [item for item in expected if item not in actual]
        surplus = [item for item in actual if item not in expected]
        raise Failed(f"{what}: {len(actual)} of {len(expected)} expected; {len(missing)} are missing: {missing[:5]!r}; "
                     f"{len(surplus)} are too many: {surplus[:5]!r}")
    raise Failed(f"{what}: expected {expected!r}, got {actual!r}")


def until(ask):
    """For programs that offer no event to wait for: asks again and again until the answer is one (neither None nor empty);
    returns it. The test's deadline ends what waits in vain."""
    pause = threading.Event()
    while not (answer := ask()):
        pause.wait(0.05)
    return answer


def fewer(count, sanitized):
    """`count`, or `sanitized` under the sanitizers, which make everything many times slower."""
    return sanitized if SANITIZE else count


class Lab:
    """The surroundings of one test. `folder` is its own and goes with it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="belfry-test.")
        self._endings = []  # called last first
        self._fifos = {}

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text, mode=0o644):
        """A file of the test; returns its path. An existing one is replaced by a rename."""
        path = self.path(name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path + ".new", mode)
        os.rename(path + ".new", path)
        return path

    def fifo(self, name):
        """A FIFO that stays open at both ends: what is written into it waits there for whoever reads it."""
        os.mkfifo(self.path(name))
        self._fifos[name] = open(self.path(name), "r+b", buffering=0)  # pylint: disable=consider-using-with
        self.at_end(self._fifos[name].close)
        return self.path(name)

    def read_line(self, fifo):
        """The next line that somebody writes into the FIFO: waits for him."""
        line = b""
        while not line.endswith(b"\n"):
            line += self._fifos[fifo].read(1)
        return line.decode().rstrip("\n")

    def let(self, fifo, text="go"):
        """Lets one go on who reads the FIFO, now or later."""
        self._fifos[fifo].write(text.encode() + b"\n")

    def at_end(self, ending):
        self._endings.append(ending)

    def close(self):
        for ending in reversed(self._endings):
            try:
                ending()
            except Exception:  # pylint: disable=broad-except # the others must be ended, too
                traceback.print_exc()
        shutil.rmtree(self.folder, ignore_errors=True)

    def tell_logs(self):
        for path in sorted(glob.glob(self.path("*.log"))):
            with open(path, encoding="utf-8", errors="replace") as file:
                lines = file.readlines()
            print(f"--- the last lines of {os.path.basename(path)} ({len(lines)})", file=sys.stderr)
            sys.stderr.writelines(line[:2000] for line in lines[-40:])


def run(test, seconds=90):
    """Runs test(lab) within its deadline and returns the exit status: 0, 1, or 77 for one that was skipped."""
    def too_late(_signal, _frame):
        raise Failed(f"not done after {seconds} s; see where it waited")

    def ended(number, _frame):
        raise SystemExit(128 + number)

    seconds = fewer(seconds, seconds * 3)
    signal.signal(signal.SIGALRM, too_late)
    signal.signal(signal.SIGTERM, ended)
    signal.alarm(seconds)
    lab = Lab()
    try:
        test(lab)
        return 0
    except Skipped as reason:
        print(f"SKIPPED: {reason}")
        return 77
    except Exception as failure:  # pylint: disable=broad-except
        signal.alarm(0)
        traceback.print_exc()
        lab.tell_logs()
        print(f"FAILED: {failure}", file=sys.stderr)
        return 1
    finally:
        signal.alarm(0)
        lab.close()
