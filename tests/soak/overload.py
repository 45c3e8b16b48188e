"""Overload: more clients than the pool can serve wait their turn, and it goes on serving at its peak; a small flow is
served beside a greedy one; flows with equal weights get the same.

    /usr/bin/python3 -B tests/soak/overload.py      # with a PostgreSQL of its own; about three minutes

Transactions are pg_sleep(0.005) on 20 servers, by pgbench in closed loops: N clients offer N / 20 times what the pool
can serve. PGWEIR_BINARY says which daemon.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness.programs import clean_environment, pgbench_command  # noqa: E402
from harness.wait import wait_until  # noqa: E402
from soak.workers import Ground  # noqa: E402

POOL_SIZE = 20
LOADS = (0.5, 1, 2, 5, 10)
SCRIPT = "SELECT pg_sleep(0.005);\n"
BREAKER = {"open_above": "80%"}
NO_BREAKER = {"open_above": "off"}


class Bench:
    """One pgbench under way, in a flow of its own. Of each transaction: how many seconds it took, when it ended."""

    def __init__(self, daemon, flow, clients, seconds, directory):
        self._prefix = os.path.join(directory, flow)
        script = os.path.join(directory, "sleep.sql")
        with open(script, "w") as file:
            file.write(SCRIPT)
        command = pgbench_command(daemon.dsn(application_name=flow), "-f", script, "-c", clients, "-T", seconds,
                                  "-l", f"--log-prefix={self._prefix}")
        self._process = subprocess.Popen(command, env=clean_environment(), text=True, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.latencies = []
        self.ends = []

    def finish(self):
        text, _ = self._process.communicate(timeout=300)
        assert self._process.returncode == 0 and "failed transactions: 0 " in text, text[-4000:]
        path = f"{self._prefix}.{self._process.pid}"
        with open(path) as file:
            # client, number, microseconds, script, and the time as seconds and microseconds
            rows = [line.split() for line in file]
        self.latencies = [int(row[2]) / 1e6 for row in rows]
        self.ends = sorted(int(row[4]) + int(row[5]) / 1e6 for row in rows)
        os.unlink(path)
        return self

    def p99(self):
        return statistics.quantiles(self.latencies, n=100)[98]

    def kill(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


@contextlib.contextmanager
def benches(daemon, seconds, **clients_of):
    """Several at once, finished."""
    with tempfile.TemporaryDirectory(prefix="pgweir-overload-") as directory:
        running = {flow: Bench(daemon, flow, clients, seconds, directory) for flow, clients in clients_of.items()}
        try:
            yield {flow: bench.finish() for flow, bench in running.items()}
        finally:
            for bench in running.values():
                bench.kill()


class Watch:
    """Counts the role's connections as PostgreSQL sees them, over and over."""

    def __init__(self, ground):
        self._ground = ground
        self._stop = threading.Event()
        self.most = 0
        self.looks = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *problem):
        self._stop.set()
        self._thread.join(timeout=30)

    def _run(self):
        with self._ground.cluster.connect() as connection:
            while not self._stop.wait(0.05):
                count = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = %s",
                                           (self._ground.role.name,)).fetchone()[0]
                self.most = max(self.most, count)
                self.looks += 1


def set_breaker(daemon, breaker):
    def generation():
        return daemon.metrics().value("pgweir_config_generation")
    before = generation()
    daemon.reload({"breaker": breaker})
    wait_until(lambda: generation() > before, "the breaker is set")


def entered(daemon, state):
    return daemon.metrics().value("pgweir_breaker_transitions_total", database="app", to=state)


def throughput(ground, seconds):
    """A row for each load: transactions per second, p99 of a transaction with its wait, connections seen, breaker."""
    daemon, rows = ground.daemon, []
    set_breaker(daemon, BREAKER)
    for load in LOADS:
        opened, closed = entered(daemon, "open"), entered(daemon, "closed")
        with Watch(ground) as watch, benches(daemon, seconds, load=round(load * POOL_SIZE)) as done:
            bench = done["load"]
        wait_until(lambda: daemon.health()[1]["breaker"] == "closed", "the breaker is closed again", deadline=60)
        rows.append({"load": load, "tps": round(len(bench.latencies) / seconds), "p99_ms": round(bench.p99() * 1000, 1),
                     "most_connections": watch.most, "looks": watch.looks,
                     "opened": entered(daemon, "open") - opened, "closed": entered(daemon, "closed") - closed})
    return rows


def mean_transaction(daemon, run):
    """Seconds that a client held a server, on the average over what `run` does."""
    def sums():
        metrics = daemon.metrics()
        return [metrics.value(f"pgweir_transaction_duration_seconds_{what}", database="app") for what in ("sum", "count")]
    before = sums()
    run()
    after = sums()
    return (after[0] - before[0]) / (after[1] - before[1])


def small_beside_greedy(ground, seconds):
    """How long a flow of two clients waits beside one of 200."""
    result = {}
    set_breaker(ground.daemon, NO_BREAKER)   # all of both flows are to get in

    def both():
        with benches(ground.daemon, seconds, greedy=200, small=2) as done:
            result.update({flow: {"tps": round(len(bench.latencies) / seconds), "p99_ms": round(bench.p99() * 1000, 2)}
                           for flow, bench in done.items()})
            result["p99"] = done["small"].p99()

    mean = mean_transaction(ground.daemon, both)
    return {**result, "mean_transaction_ms": round(mean * 1000, 2), "small_p99_wait_in_transactions": round((result.pop("p99") - mean) / mean, 2)}


def jain(shares):
    return sum(shares) ** 2 / (len(shares) * sum(share * share for share in shares))


def equal_flows(ground, seconds):
    """Jain's index over four flows of equal weight, none of which is ever without waiters."""
    set_breaker(ground.daemon, NO_BREAKER)
    with benches(ground.daemon, seconds, a=150, b=75, c=50, d=40) as done:
        # While all are there: they do not begin in the same moment.
        begin, end = max(bench.ends[0] for bench in done.values()), min(bench.ends[-1] for bench in done.values())
        shares = {flow: sum(begin <= moment <= end for moment in bench.ends) for flow, bench in done.items()}
    return {"transactions": shares, "jain": round(jain(list(shares.values())), 4)}


def check(report, seconds):
    rows = report["throughput"]
    peak = max(row["tps"] for row in rows)
    for row in rows:
        assert row["most_connections"] <= POOL_SIZE and row["looks"] > 0, row
        assert row["p99_ms"] < 30_000, row   # query_wait_timeout
        assert row["opened"] <= 1 and row["opened"] == row["closed"], row
        assert row["load"] < 1 or row["tps"] >= 0.95 * peak, (row, peak)
    assert rows[-1]["opened"] == 1, rows[-1]
    assert report["small_beside_greedy"]["small_p99_wait_in_transactions"] <= 2, report["small_beside_greedy"]
    assert report["equal_flows"]["jain"] >= 0.9, report["equal_flows"]


def run(ground, seconds):
    return {"throughput": throughput(ground, seconds), "small_beside_greedy": small_beside_greedy(ground, seconds),
            "equal_flows": equal_flows(ground, seconds)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=int, default=15, help="for each load")
    arguments = parser.parse_args()
    began = time.monotonic()
    with Ground(POOL_SIZE) as ground:
        report = run(ground, arguments.seconds)
    print(json.dumps(report, indent=2))
    print(f"{time.monotonic() - began:.0f} s")
    check(report, arguments.seconds)


if __name__ == "__main__":
    main()
