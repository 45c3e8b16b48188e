"""Supavisor takes a cancel request, closes the connection it came on, and delivers it when it pleases."""

import random
import threading

import pytest

from harness import messages
from harness.demand import Demand
from harness.raw_client import RawClient

pytestmark = pytest.mark.long

LATEST = 0.25   # seconds


class Cancellers:
    """Clients that cancel their own statements about when these end, and read what comes of it."""

    def __init__(self, daemon, count, rounds):
        self.hits = 0
        self.problems = []
        self._daemon = daemon
        self._lock = threading.Lock()
        self._left = rounds
        self._threads = [threading.Thread(target=self._guarded, args=(number,), daemon=True) for number in range(count)]
        for thread in self._threads:
            thread.start()

    def join(self):
        for thread in self._threads:
            thread.join()
        return self.problems

    def _next(self):
        with self._lock:
            self._left -= 1
            return self._left >= 0 and not self.problems

    def _guarded(self, number):
        try:
            client = RawClient(self._daemon.port)
            assert client.login() is None
            chance = random.Random(number)
            while self._next():
                self._cancel(client, chance.uniform(0.0, 0.05))
            client.terminate()
        except Exception as problem:   # noqa: BLE001 - handed to whoever joins
            self.problems.append(problem)

    def _cancel(self, client, seconds):
        # It holds a server, so that the cancel has something to go to; with the statement's end it has none.
        client.query("BEGIN")
        assert client.value("SELECT 'inside'") == "inside"
        client.send(messages.query(f"SELECT pg_sleep({seconds:.6f}); COMMIT"))
        canceller = RawClient(self._daemon.port)
        canceller.send(messages.cancel_request(client.pid, client.key))
        assert canceller.read_to_end() == []
        canceller.close()
        codes = [part.fields()["C"] for part in client.read_until("Z") if part.type == "E"]
        assert codes in ([], ["57014"]), codes
        if codes:
            self.hits += 1
            client.query("ROLLBACK")
        # Another statement, which nobody has asked to be cancelled.
        assert client.value("SELECT 'mine'") == "mine"


def test_a_late_cancel_hits_nobody_else(supavisor, behind, size):
    """Servers change hands right behind cancels that are still on their way. Whoever did not ask for one never sees it."""
    servers, rounds = size(20, 20, 40), size(100, 1000, 100_000)
    double = supavisor(servers)
    double.cancel_delay = (0.0, LATEST)
    daemon = behind(double, servers)
    with Demand(daemon, servers * 3 // 2) as demand:
        cancellers = Cancellers(daemon, servers, rounds)
        assert cancellers.join() == []
        assert demand.problems == []
    assert cancellers.hits > 0
    assert double.cancels > rounds / 5, double.dropped_cancels


def test_who_leaves_behind_a_late_cancel_hurts_nobody(supavisor, behind, size):
    """The daemon cancels what a client has left running, with the same delay."""
    double = supavisor(4)
    double.cancel_delay = (0.0, LATEST)
    daemon = behind(double, 4)
    with Demand(daemon, 8) as demand:
        for _ in range(size(10, 60, 3000)):
            client = RawClient(daemon.port)
            assert client.login() is None
            client.query("BEGIN")
            assert client.value("SELECT 'inside'") == "inside"
            client.send(messages.query("SELECT pg_sleep(0.1); COMMIT"))
            client.close()
        assert demand.problems == []
    assert double.cancels > 0
