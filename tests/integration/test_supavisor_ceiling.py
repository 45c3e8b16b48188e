"""An upstream with fewer slots than configured: its ceiling is learned and respected, and no client reads of it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import psycopg
import pytest

from harness import messages
from harness.demand import Demand
from harness.raw_client import RawClient, shape
from harness.supavisor import NEW_REFUSAL, OLD_REFUSAL
from harness.wait import wait_until

pytestmark = pytest.mark.long

# Between a refusal and the next probe of one place more lie 30 s at least. Our clock and the daemon's see them a little apart.
PROBE_INTERVAL = 29.0


def effective_size(daemon):
    return daemon.health()[1]["effective_pool_size"]


def used_share(daemon, slots, seconds):
    """How much of the slots served clients, as the mean of many looks."""
    looks, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        looks.append(daemon.health()[1]["checked_out"] / slots)
    return sum(looks) / len(looks)


def logged_in(daemon):
    client = RawClient(daemon.port)
    assert client.login() is None
    return client


def holder(daemon):
    client = logged_in(daemon)
    client.query("BEGIN")
    assert shape(client.query("SELECT 1")) == "TDCZ"
    return client


def asking(daemon):
    """A client that waits for its answer."""
    client = logged_in(daemon)
    client.send(messages.query("SELECT 'served'"))
    return client


@pytest.mark.alone
def test_a_ceiling_that_falls_and_rises(supavisor, behind, size):
    """20 slots, then 12 because foreign clients have the others, then 20 again, while forty clients want servers."""
    double = supavisor(20)
    daemon = behind(double, 20)
    with Demand(daemon, 40) as demand:
        wait_until(lambda: double.slots == 20, "all slots are ours")
        assert double.refusals == []
        # Nobody asks while servers are ended: a statement on its way to one of them would be lost with it.
        demand.pause()
        wait_until(lambda: daemon.servers("idle") == 20, "they rest")
        double.take_slots(8)
        assert double.end_sessions(8, at_rest=True) == 8
        wait_until(lambda: daemon.servers("idle") == double.slots == double.available == 12, "twelve are left, and known to be")
        demand.resume()
        wait_until(lambda: double.refusals and effective_size(daemon) == 12, "the new ceiling is known")
        # Two logins at once, and then one after each pause, while a slot of ours might only be late: 0, 1, 3 and 7 s.
        fallen = len(double.refusals)
        assert fallen <= 6
        assert used_share(daemon, 12, size(2, 6, 100)) >= 0.95
        assert double.slots == 12

        double.free_slots(8)
        rise(daemon, double, size)
        assert used_share(daemon, 20, size(2, 4, 30)) >= 0.95
        probes = double.refusals[fallen - 1:]
        assert all(later - earlier >= PROBE_INTERVAL for earlier, later in pairwise(probes)), probes
        assert demand.problems == []
    assert double.most_connections <= 20 and double.most_logins <= 2


def rise(daemon, double, size):
    """The way up begins with the next probe. A reload forgets what was learned, and is the way for who is in a hurry."""
    in_a_hurry = size(True, True, False)
    if in_a_hurry:
        daemon.reload({"limits": {"max_waiting": 999}})
    wait_until(lambda: double.slots == 20 and effective_size(daemon) == 20, "all slots are ours again",
               deadline=30 if in_a_hurry else 1200, every=0.2)


@pytest.mark.parametrize("delay", [0.0, 2.0], ids=["at once", "held back"])
@pytest.mark.parametrize("late", [False, True], ids=["before authentication", "after AuthenticationOk"])
@pytest.mark.parametrize("text", [OLD_REFUSAL, NEW_REFUSAL], ids=["old", "new"])
def test_who_waits_is_served_as_slots_come_free(supavisor, behind, text, late, delay):
    double = supavisor(2)
    double.refusal_text, double.refuses_late, double.refusal_delay = text, late, delay
    daemon = behind(double, 4)
    holders = [holder(daemon) for _ in range(2)]
    waiters = [asking(daemon) for _ in range(5)]
    wait_until(lambda: double.refusals, "a third server was tried")
    wait_until(lambda: effective_size(daemon) == 2, "the ceiling is known")
    assert all(waiter.is_quiet(0.05) for waiter in waiters)
    for client in holders:
        assert shape(client.query("COMMIT")) == "CZ"
    for waiter in waiters:
        assert shape(waiter.read_until("Z")) == "TDCZ"
    assert daemon.health()[1]["waiting"] == 0
    assert double.slots == 2 and double.most_connections <= 4


@pytest.mark.parametrize("late", [False, True], ids=["before authentication", "after AuthenticationOk"])
@pytest.mark.parametrize("text", [OLD_REFUSAL, NEW_REFUSAL], ids=["old", "new"])
def test_foreign_clients_may_have_every_slot(supavisor, behind, size, text, late):
    """Not one server is left: who is inside waits, and so does who logs in, until there is one again."""
    double = supavisor(2)
    double.refusal_text, double.refuses_late = text, late
    daemon = behind(double, 2)
    client = logged_in(daemon)
    assert client.value("SELECT 1") == "1"
    double.take_slots(2)
    double.end_sessions()
    wait_until(lambda: daemon.servers("idle") == daemon.servers("closing") == 0, "no server")
    client.send(messages.query("SELECT 'served'"))
    wait_until(lambda: double.refusals, "a server was refused")
    newcomer = asking(daemon)
    # Longer than a database that is down would be waited for.
    assert client.is_quiet(size(1, 4, 30)) and newcomer.is_quiet(0.05)
    double.free_slots(2)
    for one in (client, newcomer):
        one.sock.settimeout(90)
        assert shape(one.read_until("Z")) == "TDCZ"


def test_the_first_login_waits_for_a_slot(supavisor, behind):
    """Nothing is known of the database yet, and it has no slot for us: no reason to tell the client."""
    double = supavisor(1)
    double.take_slots(1)
    daemon = behind(double, 2, {"timeouts": {"client_login_timeout": "90s"}})
    client = RawClient(daemon.port)
    client.sock.settimeout(90)
    with ThreadPoolExecutor(1) as threads:
        login = threads.submit(client.login)
        wait_until(lambda: double.refusals or login.done(), "the first server was refused")
        double.free_slots(1)
        assert login.result(timeout=90) is None
    assert client.value("SELECT 1") == "1"


class Churn:
    """Clients that leave in the middle of their statements, next to some that stay."""

    def __init__(self, daemon, deadline):
        self.problems = []
        self._daemon = daemon
        self._end = time.monotonic() + deadline
        self._threads = [threading.Thread(target=self._guarded, args=(work,), daemon=True)
                         for work in (self._leave, self._leave, self._log_in_again, self._cancel)]
        for thread in self._threads:
            thread.start()

    @property
    def goes_on(self):
        return time.monotonic() < self._end

    def join(self):
        for thread in self._threads:
            thread.join(timeout=60)
        return self.problems + [thread for thread in self._threads if thread.is_alive()]

    def _guarded(self, work):
        try:
            while self.goes_on:
                work()
        except Exception as problem:   # noqa: BLE001 - handed to whoever joins
            self.problems.append(problem)

    def _leave(self):
        client = logged_in(self._daemon)
        client.send(messages.query("BEGIN") + messages.query("SELECT pg_sleep(0.05)"))
        assert shape(client.read_until("Z")) == "CZ"
        client.close()

    def _log_in_again(self):
        with psycopg.connect(self._daemon.dsn()) as client:
            assert client.execute("SELECT 1").fetchone() == (1,)

    def _cancel(self):
        client = logged_in(self._daemon)
        client.send(messages.query("SELECT pg_sleep(0.02)"))
        canceller = RawClient(self._daemon.port)
        canceller.send(messages.cancel_request(client.pid, client.key))
        canceller.read_to_end()
        codes = [answer.fields()["C"] for answer in client.read_until("Z") if answer.type == "E"]
        assert codes in ([], ["57014"]), codes
        client.terminate()


@pytest.mark.parametrize("release_delay", [0.0, 0.2], ids=["at once", "late"])
def test_never_more_connections_than_the_pool_may_have(supavisor, behind, size, release_delay):
    """Servers grow old, are left in the middle of things, cancelled and dialled anew; slots come free at once or late."""
    double = supavisor(5)
    double.slot_release_delay = release_delay
    daemon = behind(double, 5, {"timeouts": {"server_lifetime": "500ms"}})
    with Demand(daemon, 10, hold=0.02) as demand:
        churn = Churn(daemon, size(2, 6, 60))
        number = 0
        while churn.goes_on:
            number += 1
            dials, served = double.dials, demand.served
            daemon.reload({"server_settings": {"work_mem": f"{number + 4}MB"}})   # replaces every server
            # With each dial outdated by the next reload before it is done, nobody would ever be served.
            wait_until(lambda: (double.dials > dials and demand.served > served) or not churn.goes_on, "servers are replaced", deadline=60)
        assert churn.join() == []
        served = demand.served
        wait_until(lambda: demand.served > served + 20, "clients are served all the same", deadline=60)
    assert double.most_connections <= 5 and double.most_slots <= 5 and double.most_logins <= 2
    if release_delay == 0:
        assert double.refusals == []
    assert double.dials > 10
