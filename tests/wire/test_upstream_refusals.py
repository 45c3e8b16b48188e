"""An upstream that refuses logins: which refusal leads to what, and what clients read."""

import threading

import pytest

from harness import messages
from harness.raw_client import RawClient, only_error
from harness.wait import wait_until

CAPACITY = [
    ("XX000", "MaxClientsInSessionMode: max clients reached - in Session mode max clients are limited to pool_size"),
    ("XX000", "(EMAXCONNSESSION) max clients reached in session mode - max clients are limited to pool_size: 1"),
    ("53300", 'too many connections for role "app"'),
    ("XX000", "Max client connections reached"),
]


class Ceiling:
    """A login script: so many connections at once, everybody else reads the refusal."""

    def __init__(self, limit, sqlstate, text):
        self.limit, self.sqlstate, self.text = limit, sqlstate, text
        self.server = None
        self.refused = 0
        self._lock = threading.Lock()
        self._inside = set()

    def __call__(self, connection):
        with self._lock:
            self._inside = {other for other in self._inside if other.sock.fileno() >= 0}
            full = len(self._inside) >= self.limit
            if full:
                self.refused += 1
            else:
                self._inside.add(connection)
        if full:
            connection.send(messages.error_response(self.sqlstate, self.text))
            return False
        self.server.log_in(connection)
        return True


def hold(daemon):
    client = RawClient(daemon.port)
    assert client.login() is None
    client.query("BEGIN")
    client.query("SELECT 1")
    return client


@pytest.mark.parametrize("sqlstate, text", CAPACITY, ids=["old Supavisor", "new Supavisor", "PostgreSQL", "oldest Supavisor"])
def test_capacity_refusals_are_waited_out(fake_server, proxy, sqlstate, text):
    ceiling = Ceiling(1, sqlstate, text)
    server = ceiling.server = fake_server(on_login=ceiling)
    daemon = proxy(server, {"limits": {"pool_size": 3}})
    holder = hold(daemon)
    waiter = RawClient(daemon.port)
    assert waiter.login() is None
    waiter.send(messages.query("SELECT 'served'"))
    wait_until(lambda: daemon.metrics().value("pgweir_dials_total", outcome="capacity") == 1, "the second server was refused")
    assert daemon.metrics().value("pgweir_pool_effective_size") == 1
    assert "event=ceiling_changed pool=app configured=3 effective=1" in daemon.log()
    assert daemon.health()[1]["connection_usage"] == "1/1"
    assert text.replace('"', '\\"') in daemon.log()   # the log quotes it
    holder.query("COMMIT")
    answers = waiter.read_until("Z")
    assert [part.type for part in answers] == list("TDCZ")


@pytest.mark.parametrize("sqlstate, text", CAPACITY, ids=["old Supavisor", "new Supavisor", "PostgreSQL", "oldest Supavisor"])
def test_no_client_ever_reads_a_capacity_refusal(fake_server, proxy, sqlstate, text):
    ceiling = Ceiling(1, sqlstate, text)
    server = ceiling.server = fake_server(on_login=ceiling)
    daemon = proxy(server, {"limits": {"pool_size": 3}, "timeouts": {"query_wait_timeout": "1s"}})
    holder = hold(daemon)
    waiter = RawClient(daemon.port)
    assert waiter.login() is None
    fields = only_error(waiter.query("SELECT 1"))
    assert fields["C"] == "53300" and "reason=queue_timeout" in fields["D"]
    assert not any(text in value for value in fields.values())
    holder.query("COMMIT")
    assert waiter.value("SELECT 1") == "1"


@pytest.mark.parametrize("sqlstate, text", [
    ("28P01", 'password authentication failed for user "app"'),
    ("28000", 'no pg_hba.conf entry for host "127.0.0.1", user "app", database "app", no encryption'),
    ("XX000", "(ENOTFOUND) tenant/user app.ref not found"),
], ids=["password", "access rule", "tenant"])
def test_credential_refusals_stop_the_dialling(fake_server, proxy, sqlstate, text):
    def refuse(connection):
        connection.send(messages.error_response(sqlstate, text))
        return False
    server = fake_server(on_login=refuse)
    daemon = proxy(server, {"timeouts": {"query_wait_timeout": "3s"}})
    for _ in range(6):
        client = RawClient(daemon.port)
        answer = client.login()
        assert answer is not None and answer.type == "E"
        fields = answer.fields()
        assert fields["S"] == "FATAL" and fields["C"] == "57P03" and text in "".join(fields.values()), fields
    assert len(server.connections) <= 3


@pytest.mark.parametrize("sqlstate", ["57P03", "08006", "57P01"])
def test_a_transient_refusal_is_tried_again(fake_server, proxy, sqlstate):
    server = None

    def refuse_once(connection):
        if connection.number == 1:
            connection.send(messages.error_response(sqlstate, "not now"))
            return False
        server.log_in(connection)
        return True
    server = fake_server(on_login=refuse_once)
    daemon = proxy(server)
    client = RawClient(daemon.port)
    assert client.login() is None
    assert client.value("SELECT 1") == "1"
    assert len(server.connections) == 2


def test_an_upstream_that_stays_down_is_told_and_recovers(fake_server, proxy):
    """While it is down clients may be told so at once; when it is back they are served without a restart."""
    down = threading.Event()
    down.set()
    server = None

    def refuse_while_down(connection):
        if down.is_set():
            connection.send(messages.error_response("57P03", "the database system is starting up"))
            return False
        server.log_in(connection)
        return True
    server = fake_server(on_login=refuse_while_down)
    daemon = proxy(server, {"timeouts": {"query_wait_timeout": "2s"}})
    fields = RawClient(daemon.port).login().fields()
    assert fields["C"] == "57P03" and "the database system is starting up" in fields["M"] + fields["D"], fields
    down.clear()

    def is_served():
        client = RawClient(daemon.port)
        return client.login() is None and client.value("SELECT 1") == "1"
    wait_until(is_served, "clients are served again")


def test_scram_upstream(fake_server, proxy):
    server = fake_server(password="a-long-password")
    daemon = proxy(server)
    client = RawClient(daemon.port)
    assert client.login() is None
    assert client.value("SELECT 1") == "1"


def test_logins_are_paced(fake_server, proxy):
    """Ten waiters at once: never more than two logins are in flight, never more servers than the pool may have."""
    in_flight, most, lock = [], [0], threading.Lock()
    server = None

    def slow_login(connection):
        with lock:
            in_flight.append(connection)
            most[0] = max(most[0], len(in_flight))
        # Two logins side by side show themselves within this wait; it is not what ends a login.
        connection.is_quiet(0.1)
        with lock:
            in_flight.remove(connection)
        server.log_in(connection)
        return True
    server = fake_server(on_login=slow_login)
    daemon = proxy(server, {"limits": {"pool_size": 5}})
    clients = [RawClient(daemon.port) for _ in range(10)]
    for client in clients:
        client.send(messages.startup({"user": "lambda", "database": "app"}))
    for client in clients:
        assert client.authenticate() is None
        client.send(messages.query("BEGIN") + messages.query("SELECT 1"))
    for client in clients[:5]:
        client.read_until("Z")
    for client in clients:
        client.send(messages.query("COMMIT"))
    assert 1 <= most[0] <= 2
    assert len(server.connections) <= 5


def test_the_startup_packet_is_fixed(fake_server, proxy):
    """A varying startup packet would make Supavisor open one more pool for each variation."""
    server = fake_server()
    daemon = proxy(server, {"limits": {"pool_size": 3}})
    clients = []
    for number in range(3):
        client = RawClient(daemon.port)
        assert client.login(application_name=f"app {number}", search_path=f"schema_{number}") is None
        client.query("BEGIN")
        client.query("SELECT 1")
        clients.append(client)
    startups = [connection.startup for connection in server.connections]
    assert len(startups) == 3 and startups[0] == startups[1] == startups[2], startups
    assert startups[0]["user"] == "app" and startups[0]["database"] == "app"
    assert set(startups[0]) <= {"user", "database", "application_name", "client_encoding"}, startups[0]
