"""Runs a soak script in several processes, and a soak by hand against a PostgreSQL and a pgweir of its own."""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, TESTS) if TESTS not in sys.path else None

from harness.cluster import Cluster  # noqa: E402
from harness.daemon import NO_BREAKER, PASSWORD, Pgweir  # noqa: E402
from harness.programs import clean_environment  # noqa: E402

DATABASE = "app"


class Workers:
    """Processes of one script, each given its orders as JSON; each prints its result as JSON at its end.

    What a worker says on the way goes to its standard error, of which the end is kept."""

    def __init__(self, script, orders):
        self._processes = [subprocess.Popen(
            [sys.executable, "-B", script, "--worker", json.dumps(order)], env=clean_environment(), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for order in orders]
        self._outputs = [None] * len(orders)
        self._readers = [threading.Thread(target=self._read, args=(number,), daemon=True) for number in range(len(orders))]
        for reader in self._readers:
            reader.start()

    def _read(self, number):
        self._outputs[number] = self._processes[number].communicate()

    def are_running(self):
        return any(process.poll() is None for process in self._processes)

    def wait(self, seconds):
        """Until all have ended, or so long. Returns whether all have ended."""
        end = time.monotonic() + seconds
        for reader in self._readers:
            reader.join(timeout=max(0.0, end - time.monotonic()))
        return not any(reader.is_alive() for reader in self._readers)

    def results(self):
        """Of all workers; each must have ended well."""
        results = []
        for process, output in zip(self._processes, self._outputs):
            assert output is not None, "a worker has not ended"
            assert process.returncode == 0, f"a worker ended with {process.returncode}:\n{output[1][-4000:]}"
            results.append(json.loads(output[0]))
        return results

    def kill(self):
        for process in self._processes:
            if process.poll() is None:
                process.kill()
        self.wait(30)


class Ground:
    """A PostgreSQL and a pgweir for one soak started by hand. Use as a context."""

    def __init__(self, pool_size, limits=None, connection_limit=None):
        self.pool_size = pool_size
        self._limits = limits or {}
        self._connection_limit = connection_limit or pool_size + 5
        self.cluster = Cluster()
        self.daemon = None
        self.role = None

    def __enter__(self):
        try:
            self.cluster.start()
            self.role = make_role(self.cluster, self._connection_limit)
            self.daemon = Pgweir(configuration(self.role, self.pool_size, self._limits)).start()
        except BaseException:
            self.cluster.stop()
            raise
        return self

    def __exit__(self, *problem):
        try:
            self.daemon.finish()
        finally:
            self.cluster.stop()


def make_role(cluster, connection_limit):
    """A role that owns a fresh database `app`."""
    role = replace(cluster.make_role(connection_limit=connection_limit), database=DATABASE)
    cluster.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)", f"CREATE DATABASE {DATABASE} OWNER {role.name}")
    return role


def configuration(role, pool_size, limits=None):
    """pgweir's, in transaction mode, the breaker off. Who waits too long is told why before its own patience ends."""
    return {**NO_BREAKER, "timeouts": {"query_wait_timeout": "25s"}, "limits": {"pool_size": pool_size, **(limits or {})},
            "databases": {DATABASE: {"dsn": role.uri(), "pool_mode": "transaction"}}, "users": {"lambda": {"password": PASSWORD}}}
