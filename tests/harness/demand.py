"""Steady demand: clients that always want a server and hold it for a moment, and what they were told."""

import threading
import time

import psycopg

_DEADLINE = 60.0


class Demand:
    """with Demand(daemon, clients=40) as demand: ... keeps that many clients connected, each asking for `hold` seconds of a
    server again and again. Whatever one of them reads besides its answer is in `problems`, and is raised at the end."""

    def __init__(self, daemon, clients, hold=0.1):
        self.problems = []
        self.served = 0
        self._dsn = daemon.dsn()
        self._hold = hold
        self._stop = threading.Event()
        self._may_go = threading.Event()
        self._may_go.set()
        self._parked = threading.Semaphore(0)
        self._threads = [threading.Thread(target=self._client, args=(number,), daemon=True) for number in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind, problem, traceback):
        self._stop.set()
        self._may_go.set()
        end = time.monotonic() + _DEADLINE
        for thread in self._threads:
            thread.join(timeout=max(0.0, end - time.monotonic()))
        self.problems += [f"{thread.name} did not end" for thread in self._threads if thread.is_alive()]
        if self.problems:
            raise AssertionError("demand: " + "; ".join(self.problems[:5])) from problem

    def pause(self):
        """Returns when every client is between two statements, connected, and stays so."""
        self._may_go.clear()
        for _ in self._threads:
            assert self._parked.acquire(timeout=_DEADLINE), self.problems

    def resume(self):
        self._may_go.set()

    def _client(self, number):
        try:
            with psycopg.connect(self._dsn, autocommit=True) as client:
                turn = 0
                while not self._stop.is_set():
                    if not self._may_go.is_set():
                        self._parked.release()
                        self._may_go.wait()
                        continue
                    turn += 1
                    row = client.execute("SELECT %s::int, %s::int FROM pg_sleep(%s)", (number, turn, self._hold)).fetchone()
                    assert row == (number, turn), row
                    self.served += 1
        except Exception as problem:   # noqa: BLE001 - handed to whoever leaves the block
            self.problems.append(f"client {number}: {type(problem).__name__}: {problem}")
