"""One program that must survive, and what it has told of its units of work so far."""

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections import Counter
from dataclasses import dataclass

from harness.programs import clean_environment

_DEADLINE = 60.0
# Drivers on libpq have no SQLSTATE for a login that failed: pgweir's reason in the text stands for it.
_OF_REASON = {"breaker_open": "53300", "queue_full": "53300", "queue_timeout": "53300", "upstream_unavailable": "57P03"}


@dataclass(frozen=True)
class Failure:
    unit: str
    sqlstate: str   # ----- for none
    text: str
    weather: str

    def means(self):
        """The SQLSTATE, or what stands for it."""
        reason = re.search(r"\breason=(\w+)", self.text)
        return _OF_REASON.get(reason.group(1), self.sqlstate) if reason else self.sqlstate


class Survivor:
    """A process, from its start on. Its output is read as it comes; see python/survivor.py for what that is."""

    def __init__(self, kind, environment, directory):
        self.kind = kind
        self.done = Counter()      # of each worker
        self.acknowledged = set()  # units
        self.failures = []
        self.strange = []          # lines that are neither
        self.weather = ""
        self._errors_path = os.path.join(directory, f"{kind.name}.stderr")
        with open(self._errors_path, "w") as errors:
            self.process = subprocess.Popen(
                kind.command, env=clean_environment(**environment), text=True, errors="replace", start_new_session=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            # A name may have spaces, what stands behind it has none.
            match = re.fullmatch(r"(done|failed) ([^/]+/(\d+)/\d+)(?: (\S+) ?(.*))?\n", line)
            if match and match[1] == "done":
                self.acknowledged.add(match[2])
                self.done[match[3]] += 1
            elif match and match[4]:
                self.failures.append(Failure(match[2], match[4], match[5], self.weather))
            else:
                self.strange.append(line)

    def is_alive(self):
        return self.process.poll() is None

    def has_read(self, sqlstate, weather):
        return any(failure.weather == weather and failure.means() == sqlstate for failure in self.failures)

    def errors(self):
        """Its standard error."""
        with open(self._errors_path, errors="replace") as file:
            return file.read()

    def end(self):
        """Its exit code, or None when it did not end by itself."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            return self.process.wait(timeout=_DEADLINE)
        except subprocess.TimeoutExpired:
            return None
        finally:
            self.kill()

    def kill(self):
        """What it has started, too. Everything it has told has been read then."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join(timeout=_DEADLINE)
