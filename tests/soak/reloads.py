"""Reloads under load: a configuration that is replaced again and again, by good files and bad ones, whole ones and pieces,
through SIGHUP, the console's RELOAD and `watch: true`. No client is dropped and no statement fails; what is in force is
always one good file as a whole; servers, memory and descriptors do not grow.

    /usr/bin/python3 -B tests/soak/reloads.py --steps 1000      # with a PostgreSQL of its own; about ten minutes

PGWEIR_BINARY says which daemon.
"""

import argparse
import base64
import contextlib
import json
import os
import random
import signal
import sys
import time

import psycopg

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness.cluster import Cluster  # noqa: E402
from harness.console import CONSOLE_USERS, Console  # noqa: E402
from harness.daemon import NO_BREAKER, PASSWORD, Pgweir, sanitized  # noqa: E402
from harness.wait import wait_until  # noqa: E402
from harness.yaml_text import merged, to_yaml  # noqa: E402
from soak.onlookers import Census, Newcomers, Onlooker  # noqa: E402
from soak.outages import prepare  # noqa: E402
from soak.transfers import Transfers  # noqa: E402
from soak.workers import make_role  # noqa: E402

SMALL, LARGE = 4, 10
CLIENTS = 12
WAYS = ("signal", "console", "signal", "console", "watch")   # a look takes seconds, so they are fewer
KINDS = ("good", "good", "good", "unknown_key", "bad_value", "truncated", "being_written")
WARM_UP = 100
MEGABYTE = 1024 * 1024
# What the daemon may gain from the end of the warm-up on, 900 steps in full. A configuration takes some 30 kB with its users,
# so one that is kept at each reload would be 15 MB at least; allocators keep a little of what was in use at once.
MAX_GROWTH = 8 * MEGABYTE
USERS = 50
NOBODYS_VERIFIER = "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==${0}:{0}".format(base64.b64encode(bytes(32)).decode())


class Plan:
    """The configurations, by number. Each says its number in many places, so that a mixture of two would show."""

    def __init__(self, role):
        self._dsn = role.uri()
        self._sizes = {0: LARGE}

    def configuration(self, number, pool_size, is_watched):
        self._sizes[number] = pool_size
        return {**NO_BREAKER, "watch": is_watched,
                "limits": {"max_client_conn": 5000 + number, "max_waiting": 1000 + number, "max_buffered": f"{64 + number}MB"},
                "timeouts": {"query_wait_timeout": f"{60 + number}s", "idle_transaction_soft_timeout": "0s"},
                "databases": {"app": {"dsn": self._dsn, "limits": {"pool_size": pool_size}},
                              "other": {"dsn": self._dsn, "limits": {"pool_size": 1 + number % 50}}},
                **merged({"users": {"lambda": {"password": PASSWORD}, **self._users(number)}}, CONSOLE_USERS)}

    @staticmethod
    def _users(number):
        return {f"user_{i}": {"password": NOBODYS_VERIFIER, "limits": {"max_user_client_connections": 100 + number}} for i in range(USERS)}

    def numbers_in_metrics(self, metrics):
        """The numbers that a scrape shows, and whether the sizes of the pools are theirs."""
        shown = {int(metrics.value("pgweir_max_client_conn")) - 5000, int(metrics.value("pgweir_max_buffered_bytes")) // MEGABYTE - 64}
        return shown, self._are_of(shown, *(metrics.value("pgweir_pool_size", database=name) for name in ("app", "other")))

    def numbers_in_console(self, rows):
        value = {row["key"]: row["value"] for row in rows}
        shown = {int(value["max_client_conn"]) - 5000, int(value["limits.max_client_conn"]) - 5000,
                 int(value["databases.app.limits.max_waiting"]) - 1000, int(value["databases.other.limits.max_waiting"]) - 1000,
                 *(int(value[f"users.user_{i}.limits.max_user_client_connections"]) - 100 for i in (0, USERS - 1))}
        return shown, self._are_of(shown, *(int(value[f"databases.{name}.limits.pool_size"]) for name in ("app", "other")))

    def _are_of(self, numbers, app, other):
        return {(self._sizes[number], 1 + number % 50) for number in numbers} == {(app, other)}


class Reloads:
    """One step after the other, on a daemon under load."""

    def __init__(self, daemon, plan, census, chance):
        self._daemon, self._plan, self._census, self._chance = daemon, plan, census, chance
        self._console = Console(daemon)
        self._holders = [psycopg.connect(daemon.dsn()) for _ in range(SMALL - 1)]
        self.number = 0            # the one in force
        self._is_watched = False
        self._pool_size = LARGE
        self.counts = {}

    def close(self):
        for client in (self._console, *self._holders):
            client.close()

    def _outcomes(self):
        metrics = self._daemon.metrics()
        return {result: metrics.value("pgweir_config_reloads_total", result=result) for result in ("ok", "failed")}

    def step(self, at):
        # Whether a file is watched is said by the one before it, so a turn of watching begins with a good file.
        way = WAYS[at % len(WAYS)]
        follows = WAYS[(at + 1) % len(WAYS)] == "watch"
        kind = "good" if follows or way == "watch" and self._chance.random() < 0.3 else self._chance.choice(KINDS)
        self.counts[f"{way}: {kind}"] = self.counts.get(f"{way}: {kind}", 0) + 1
        pool_size = self._chance.choice((SMALL, LARGE))
        config = merged(self._daemon.config, self._plan.configuration(at, pool_size, follows))
        users = config.pop("users")
        text = to_yaml({**config, "users": users})
        if kind in ("good", "being_written"):
            with self._changing_size(pool_size):
                self._bring(way, text, kind == "being_written")
            self.number, self._is_watched, self._pool_size = at, follows, pool_size
        else:
            self._refuse(way, self._spoilt(text, kind))
        self._check(kind)

    def _spoilt(self, text, kind):
        if kind == "unknown_key":
            return text.replace("max_client_conn:", "max_client_con:", 1)
        if kind == "bad_value":
            return text.replace("query_wait_timeout: ", "query_wait_timeout: -", 1)
        # Anywhere before the users, without whom no file is whole.
        return text[:self._chance.randrange(1, text.index("\nusers:"))]

    def _bring(self, way, text, in_pieces):
        before = self._outcomes()
        if in_pieces:
            with open(self._daemon.path, "w") as file:
                file.write(text[:len(text) // 2])
                file.flush()
                self._tell(way)
                file.write(text[len(text) // 2:])
        else:
            self._daemon.write(text)
        self._tell(way)
        wait_until(lambda: self._is_in_force(text), "the new configuration is in force", deadline=60)
        after = self._outcomes()
        if not in_pieces:   # in which case it may have been read in between, and refused
            assert after == {**before, "ok": before["ok"] + 1}, (before, after)

    def _refuse(self, way, text):
        before = self._outcomes()
        self._daemon.write(text)
        self._tell(way)
        wait_until(lambda: self._outcomes()["failed"] > before["failed"], "the refusal is counted", deadline=60)
        assert self._outcomes() == {**before, "failed": before["failed"] + 1}

    def _tell(self, way):
        if way == "signal":
            self._daemon.process.send_signal(signal.SIGHUP)
        elif way == "console":
            with contextlib.suppress(psycopg.errors.ConfigFileError):
                self._console("RELOAD")
        else:
            assert self._is_watched, "nobody watches"

    def _is_in_force(self, text):
        metrics = self._daemon.metrics()
        return f"max_client_conn: {int(metrics.value('pgweir_max_client_conn'))}\n" in text \
            and metrics.value("pgweir_config_last_reload_successful") == 1

    @contextlib.contextmanager
    def _changing_size(self, pool_size):
        """Open transactions live through a pool that shrinks: idle servers go first, and then there are no more than the
        new size."""
        self._census.limit = max(pool_size, self._pool_size)
        if pool_size >= self._pool_size:
            yield
            return
        for holder in self._holders:
            holder.execute("SELECT 1")   # begins a transaction
        pids = [holder.execute("SELECT pg_backend_pid()").fetchone() for holder in self._holders]
        yield
        # The daemon's own count, for PostgreSQL shows no login whose user it does not know yet.
        wait_until(lambda: self._daemon.metrics().value("pgweir_servers") <= pool_size, "the pool has shrunk beside open transactions",
                   deadline=40)
        self._census.limit = pool_size
        assert pids == [holder.execute("SELECT pg_backend_pid()").fetchone() for holder in self._holders]
        for holder in self._holders:
            holder.commit()

    def _check(self, kind):
        metrics = self._daemon.metrics()
        assert self._plan.numbers_in_metrics(metrics) == ({self.number}, True), (kind, metrics.text[:2000])
        assert self._plan.numbers_in_console(self._console("SHOW CONFIG")) == ({self.number}, True), kind
        assert metrics.value("pgweir_config_generation") == 1 + metrics.value("pgweir_config_reloads_total", result="ok")
        was_refused = kind not in ("good", "being_written")
        assert metrics.value("pgweir_config_last_reload_successful") == (0 if was_refused else 1)


def descriptors(daemon, census):
    """Of the daemon without its servers: the least of several counts, between which looks and scrapes come and go."""
    counts = []
    for _ in range(50):
        servers = census.count()
        count = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
        if census.count() == servers:
            counts.append(count - servers)
        time.sleep(0.01)
    return min(counts)


def start(role, start_daemon):
    plan = Plan(role)
    return plan, start_daemon(plan.configuration(0, LARGE, False))


def run(cluster, role, plan, daemon, steps, warm_up=WARM_UP, seed=1):
    """Returns a report."""
    refused = len(cluster.refusals())
    with Census(cluster, role, LARGE) as census, Onlooker(daemon, plan) as onlooker, Newcomers(daemon) as newcomers, \
            Transfers(daemon, CLIENTS) as transfers, contextlib.closing(Reloads(daemon, plan, census, random.Random(seed))) as reloads:
        for at in range(1, steps + 1):
            reloads.step(at)
            if at == warm_up:
                memory, files = daemon.memory("VmRSS"), descriptors(daemon, census)
        memory_end, files_end = daemon.memory("VmRSS"), descriptors(daemon, census)
        wanted = daemon.metrics().value("pgweir_dials_total", outcome="capacity")
    transfers.check(lambda query: cluster.rows(query, database=role.database))
    problems = census.problems + onlooker.problems + newcomers.problems
    assert not problems, "\n".join(problems[:10])
    assert transfers.errors == {}, transfers.errors
    assert wanted == 0 and len(cluster.refusals()) == refused, "more servers were dialled than allowed"
    assert files_end <= files + 2, (files, files_end)   # somebody may have come each time
    if not sanitized():
        assert memory_end - memory <= MAX_GROWTH, (memory, memory_end)
    return {"steps": steps, "by_way_and_kind": dict(sorted(reloads.counts.items())), "transfers": transfers.done, "logins": newcomers.done,
            "looks": onlooker.done, "most_servers": census.most, "rss_mb_warm": round(memory / MEGABYTE, 1),
            "rss_mb_end": round(memory_end / MEGABYTE, 1), "descriptors_warm": files, "descriptors_end": files_end}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    cluster = Cluster()
    try:
        cluster.start()
        role = make_role(cluster, LARGE)
        prepare(cluster, role)
        plan, daemon = start(role, lambda config: Pgweir(config).start())
        try:
            report = run(cluster, role, plan, daemon, arguments.steps, min(WARM_UP, arguments.steps // 2), arguments.seed)
        finally:
            daemon.finish()
    finally:
        cluster.stop()
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
