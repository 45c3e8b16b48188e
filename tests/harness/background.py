"""Background load: clients that keep taking the servers of a pool, so that the sessions under test
meet another server with most of their transactions, and the measure of how often they did."""

import itertools
import random
import threading
import time

import psycopg2

# What one client sends in turn: a transaction in one query, a statement of its own, a transaction in
# several queries. The sleeps make the load one of server time rather than of client time, and of uneven
# length, so that no session falls into step with one server. Rows that come back carry the client's tag.
_LOAD = (
    ("BEGIN; SELECT pg_sleep({short}); SELECT '{tag}'; COMMIT",),
    ("SELECT '{tag}'",),
    ("BEGIN", "SELECT '{tag}' FROM pg_sleep({short})", "COMMIT"),
    ("SELECT '{tag}' FROM pg_sleep({long})",),
    ("BEGIN; SELECT count(*) FROM pg_class; SELECT '{tag}' FROM pg_sleep({short}); COMMIT",),
)
_JOIN_DEADLINE = 60.0


def moved_share(pids_per_session):
    """The share of transactions that met another server than the transaction of the same session
    before: a list of pg_backend_pid() per session, one for each transaction in its order."""
    steps = [pair for pids in pids_per_session for pair in itertools.pairwise(pids)]
    assert steps, "no session made two transactions"
    return sum(before != after for before, after in steps) / len(steps)


class Background:
    """with Background(daemon): ... runs `clients` clients against daemon.dsn() until the end of the
    block. An error one of them met, or an answer that was not its own, is raised there."""

    def __init__(self, daemon, clients=16):
        self._dsn = daemon.dsn()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._client, args=(number,), daemon=True) for number in range(clients)]
        self._counts = [0] * clients
        self._problems = []

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind, problem, traceback):
        self._stop.set()
        end = time.monotonic() + _JOIN_DEADLINE
        for thread in self._threads:
            thread.join(timeout=max(0.0, end - time.monotonic()))
        hanging = sum(thread.is_alive() for thread in self._threads)
        if hanging:
            self._problems.append(f"{hanging} did not end within {_JOIN_DEADLINE:g} s")
        if self._problems:
            raise AssertionError("background load: " + "; ".join(self._problems)) from problem

    @property
    def transactions(self):
        """How many transactions the clients have finished."""
        return sum(self._counts)

    def _client(self, number):
        try:
            connection = psycopg2.connect(self._dsn)
            try:
                connection.autocommit = True
                self._load(number, connection)
            finally:
                connection.close()
        except Exception as problem:   # handed to whoever leaves the block
            self._problems.append(f"client {number}: {type(problem).__name__}: {problem}")

    def _load(self, number, connection):
        chance = random.Random(number)
        with connection.cursor() as cursor:
            for turn, statements in enumerate(itertools.cycle(_LOAD)):
                if self._stop.is_set():
                    return
                tag = f"background {number} {turn}"
                short, long = round(chance.uniform(0.002, 0.005), 6), round(chance.uniform(0.004, 0.008), 6)
                for statement in statements:
                    cursor.execute(statement.format(tag=tag, short=short, long=long))
                    self._check(cursor, tag)
                self._counts[number] += 1

    @staticmethod
    def _check(cursor, tag):
        if cursor.description is None:
            # psycopg2 keeps the last result of a query only, and that of COMMIT has no rows.
            assert cursor.statusmessage in ("BEGIN", "COMMIT"), cursor.statusmessage
        else:
            row = cursor.fetchone()
            assert row == (tag,), f"{row} instead of {tag!r}"
