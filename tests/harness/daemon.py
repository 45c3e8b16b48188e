"""The daemon under test: its configuration file, its process, its HTTP side."""

import http.client
import json
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
from dataclasses import dataclass

from .metrics import Metrics
from .ports import free_port
from .programs import SOURCE, clean_environment, conninfo
from .wait import wait_until
from .yaml_text import merged, to_yaml

PASSWORD = "it's a \"secret\" \u00e4"
REPORTS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:")

# For tests of other things than the breaker.
NO_BREAKER = {"breaker": {"open_above": "off"}}


def binary():
    return os.environ.get("PGWEIR_BINARY") or os.path.join(SOURCE, "build", "proxy", "pgweir")


def sanitized():
    """Which sanitizers the binary was built with; empty for none. Their shadows make memory figures meaningless."""
    return os.environ.get("PGWEIR_SANITIZE", "")


@dataclass
class Response:
    status: int
    headers: dict
    body: str

    def json(self):
        return json.loads(self.body)


def http_get(port, path, method="GET", timeout=20, context=None, headers=None):
    """`context`: of ssl, for HTTPS."""
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=timeout, context=context) if context \
        else http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()},
                        answer.read().decode())
    finally:
        connection.close()


class Pgweir:
    """One running daemon. Every daemon that was started must be finished, which checks how it ended."""

    def __init__(self, config, environment=None):
        self.port = free_port()
        self.http_port = free_port()
        self.directory = tempfile.mkdtemp(prefix="pgweir-")
        self.path = os.path.join(self.directory, "pgweir.yaml")
        self.log_path = os.path.join(self.directory, "log")
        self.config = merged({"listen": {"port": self.port}, "http": {"port": self.http_port},
                              "users": {"lambda": {"password": PASSWORD}}}, config)
        self._environment = environment or {}
        self._finished = False
        self.process = None

    def start(self):
        self.write(self.config)
        self.spawn()
        wait_until(lambda: self.is_ready() or self.process.poll() is not None, "pgweir is ready", deadline=60)
        assert self.process.poll() is None, f"pgweir ended at start:\n{self.log()}"
        return self

    def spawn(self):
        # Lets a thread report outlive the process it was found in.
        options = {"TSAN_OPTIONS": f"exitcode=66:suppressions={SOURCE}/tests/harness/tsan.supp", **self._environment}
        with open(self.log_path, "a") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", binary(), "run", "-c", self.path],
                env=clean_environment(**options), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def is_ready(self):
        try:
            return self.get("/readyz").status == 200
        except OSError:
            return False

    # The configuration file.

    def write(self, config):
        text = config if isinstance(config, str) else to_yaml(config)
        with open(self.path + ".new", "w") as file:
            file.write(text)
        os.replace(self.path + ".new", self.path)

    def reload(self, changes):
        """Lays changes (or a whole text) over the file and sends SIGHUP. Says nothing about the outcome."""
        if isinstance(changes, str):
            self.write(changes)
        else:
            self.config = merged(self.config, changes)
            self.write(self.config)
        self.process.send_signal(signal.SIGHUP)

    # Reaching it.

    def dsn(self, **options):
        return conninfo(**{"host": "127.0.0.1", "port": self.port, "user": "lambda", "password": PASSWORD,
                           "dbname": "app", "sslmode": "disable", "connect_timeout": 30, **options})

    def get(self, path, method="GET"):
        # Whose certificate it is, tests of HTTPS check themselves.
        is_tls = isinstance(self.config, dict) and self.config["http"].get("tls", {}).get("certificate")
        return http_get(self.http_port, path, method, context=ssl._create_unverified_context() if is_tls else None)

    def health(self):
        """(status, the `postgres` object)."""
        answer = self.get("/health/db")
        return answer.status, answer.json()["postgres"]

    def metrics(self):
        answer = self.get("/metrics")
        assert answer.status == 200, answer
        return Metrics(answer.body)

    def servers(self, state):
        """How many are in that state, of all its pools."""
        return self.metrics().value("pgweir_servers", state=state)

    # Its process.

    def memory(self, field="VmHWM"):
        """Bytes of a field of /proc/PID/status: VmHWM is the largest resident set so far."""
        with open(f"/proc/{self.process.pid}/status") as file:
            for line in file:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) * 1024
        raise AssertionError(f"no {field}")

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self, timeout=60):
        return self.process.wait(timeout=timeout)

    def _end(self):
        if self.process.poll() is None:
            self.terminate()
            try:
                return self.wait(timeout=3)
            except subprocess.TimeoutExpired:
                self.terminate()   # the second one ends without waiting for clients
        return self.wait()

    def finish(self):
        """Ends it and checks that it ended well, and that no sanitizer had anything to say."""
        if self._finished or self.process is None:
            return
        self._finished = True
        try:
            self._finish()
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)

    def _finish(self):
        try:
            code = self._end()
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
            raise AssertionError(f"pgweir did not end:\n{self.log()[-8000:]}") from None
        log = self.log()
        assert code == 0, f"pgweir ended with {code}:\n{log[-8000:]}"
        assert not any(report in log for report in REPORTS), log[-16000:]
