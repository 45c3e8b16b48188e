"""Bank transfers by many clients, each of which keeps account of what was acknowledged: what the database
holds afterwards must be all of that, and whatever went wrong must have been said by its SQLSTATE."""

import contextlib
import itertools
import random
import threading
import time

import psycopg2

ACCOUNTS = 20
BALANCE = 1000
SCHEMA = ("CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL)",
          f"INSERT INTO accounts SELECT id, {BALANCE} FROM generate_series(1, {ACCOUNTS}) AS id",
          "CREATE TABLE ledger (id text PRIMARY KEY)")
# What a client may read when the database goes away under it or cannot be reached.
ALLOWED = {"08006", "08007", "57P03", "53300"}


class Transfers:
    """with Transfers(daemon): ... moves money until the end of the block."""

    def __init__(self, daemon, clients=20, patience=60):
        self._dsn = daemon.dsn(connect_timeout=patience)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.acknowledged = set()
        self.unknown = set()          # the answer to their COMMIT was lost, and they were told so
        self.errors = {}              # SQLSTATE -> how often
        self.problems = []
        self.reconnects = 0
        self._threads = [threading.Thread(target=self._client, args=(number,), daemon=True) for number in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *problem):
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=120)
        if any(thread.is_alive() for thread in self._threads):
            self.problems.append("a client hangs")

    @property
    def done(self):
        return len(self.acknowledged)

    def _client(self, number):
        try:
            with contextlib.closing(psycopg2.connect(self._dsn)) as connection:
                self._transfer_on(connection, number, random.Random(number))
        except Exception as problem:   # handed to whoever checks
            self.problems.append(f"client {number}: {type(problem).__name__}: {problem}")

    def _transfer_on(self, connection, number, chance):
        for turn in itertools.count():
            if self._stop.is_set():
                return
            name = f"{number}-{turn}"
            commits = False
            try:
                with connection.cursor() as cursor:
                    # In one order, so that no two wait for each other.
                    first, second = sorted(chance.sample(range(1, ACCOUNTS + 1), 2))
                    cursor.execute("UPDATE accounts SET balance = balance - 1 WHERE id = %s", (first,))
                    cursor.execute("UPDATE accounts SET balance = balance + 1 WHERE id = %s", (second,))
                    cursor.execute("INSERT INTO ledger VALUES (%s)", (name,))
                commits = True
                connection.commit()
                with self._lock:
                    self.acknowledged.add(name)
            except psycopg2.Error as problem:
                self._failed(problem, name, commits)
                if connection.closed:
                    self.problems.append(f"client {number}: its connection was closed: {problem}")
                    return
                with contextlib.suppress(psycopg2.Error):
                    connection.rollback()
                time.sleep(0.05)   # an application that tries again

    def _failed(self, problem, name, commits):
        with self._lock:
            self.errors[problem.pgcode] = self.errors.get(problem.pgcode, 0) + 1
            if commits:
                self.unknown.add(name)
            if problem.pgcode not in ALLOWED:
                self.problems.append(f"{name}: {problem.pgcode}: {problem}")

    def check(self, rows_of):
        """`rows_of(query)` asks the database past pgweir."""
        assert not self.problems, "\n".join(self.problems[:10])
        held = {name for name, in rows_of("SELECT id FROM ledger")}
        lost = self.acknowledged - held
        assert not lost, f"acknowledged and lost: {sorted(lost)[:10]}"
        invented = held - self.acknowledged - self.unknown
        assert not invented, f"failed and done nevertheless: {sorted(invented)[:10]}"
        balances = rows_of("SELECT id, balance FROM accounts ORDER BY id")
        assert len(balances) == ACCOUNTS and sum(balance for _, balance in balances) == ACCOUNTS * BALANCE, balances
