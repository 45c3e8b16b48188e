"""An upstream that is lost: who is told, what is shown, and how its return is found."""

import threading

import pytest

from harness import messages
from harness.raw_client import RawClient, only_error
from harness.wait import wait_until

STARTING_UP = ("57P03", "the database system is starting up")


class Gate:
    """A login script that refuses while it is shut."""

    def __init__(self, sqlstate, text):
        self.refusal = messages.error_response(sqlstate, text)
        self.shut = threading.Event()
        self.server = None

    def __call__(self, connection):
        if self.shut.is_set():
            connection.send(self.refusal)
            return False
        self.server.log_in(connection)
        return True


@pytest.fixture
def gate(fake_server):
    def make(sqlstate, text):
        made = Gate(sqlstate, text)
        made.server = fake_server(on_login=made)
        return made
    return make


def upstream_breaker(daemon):
    return daemon.health()[1]["upstream_breaker"]


def lose_servers(daemon, server):
    server.drop_all()
    wait_until(lambda: daemon.metrics().value("pgweir_servers") == 0, "pgweir has seen its servers go")


def served(daemon):
    client = RawClient(daemon.port)
    return client.login() is None and client.value("SELECT 1") == "1"


def test_a_lost_upstream_is_told_and_its_return_is_found(gate, proxy):
    upstream = gate(*STARTING_UP)
    daemon = proxy(upstream.server)
    client = RawClient(daemon.port)
    assert client.login() is None and client.value("SELECT 1") == "1"
    assert upstream_breaker(daemon) == "closed"
    upstream.shut.set()
    lose_servers(daemon, upstream.server)

    # The first one waits until it is clear that this is no short outage; after it nobody has to.
    fields = only_error(client.query("SELECT 2"))
    assert fields["S"] == "ERROR" and fields["C"] == "57P03" and STARTING_UP[1] in fields["M"], fields
    assert "reason=upstream_unavailable" in fields["D"]
    wait_until(lambda: upstream_breaker(daemon) == "open", "the breaker is seen open")
    answer = daemon.get("/health/db")
    assert answer.status == 503 and int(answer.headers["retry-after"]) >= 1
    assert "cannot be reached" in answer.json()["postgres"]["warning"]
    metrics = daemon.metrics()
    assert metrics.value("pgweir_upstream_breaker_state", database="app", state="closed") == 0
    assert metrics.value("pgweir_upstream_breaker_transitions_total", database="app", to="open") >= 1
    assert 'event=upstream_breaker_changed pool=app state=open reason=transient text="' in daemon.log()

    # Nobody asks for anything now, and still the end is found.
    upstream.shut.clear()
    wait_until(lambda: daemon.get("/health/db").status == 200, "pgweir has found out by itself")
    assert upstream_breaker(daemon) == "closed"
    assert "event=upstream_breaker_changed pool=app state=closed" in daemon.log()
    assert client.value("SELECT 3") == "1"


def test_who_waits_through_a_short_outage_is_served(fake_server, proxy):
    server = None

    def refuse_three(connection):
        if 2 <= connection.number <= 4:
            connection.send(messages.error_response(*STARTING_UP))
            return False
        server.log_in(connection)
        return True
    server = fake_server(on_login=refuse_three)
    daemon = proxy(server, {"limits": {"pool_size": 2}})
    clients = [RawClient(daemon.port) for _ in range(5)]
    for client in clients:
        assert client.login() is None
    assert clients[0].value("SELECT 1") == "1"
    lose_servers(daemon, server)
    for client in clients:
        client.send(messages.query("SELECT 1"))
    for client in clients:
        assert [part.type for part in client.read_until("Z")] == list("TDCZ")
    assert "upstream_breaker_changed" not in daemon.log()


@pytest.mark.parametrize("sqlstate, text, kind", [
    ("28P01", 'password authentication failed for user "app"', "credential"),
    ("XX000", "(ECIRCUITBREAKER) too many authentication failures, new connections are temporarily blocked", "locked_out"),
    ("XX000", "(EADDRNOTALLOWED) address not in tenant allow_list: {127, 0, 0, 1}", "config"),
    ("3D000", 'database "app" does not exist', "config"),
])
def test_what_time_does_not_cure_waits_for_a_reload(gate, proxy, sqlstate, text, kind):
    upstream = gate(sqlstate, text)
    upstream.shut.set()
    daemon = proxy(upstream.server)
    fields = RawClient(daemon.port).login().fields()
    assert fields["C"] == "57P03" and text in fields["M"], fields
    assert upstream_breaker(daemon) == "open"
    assert f"state=open reason={kind}" in daemon.log()
    tries = len(upstream.server.connections)
    assert 1 <= tries <= 2
    assert daemon.metrics().value("pgweir_dials_total", outcome=kind) == tries
    upstream.shut.clear()
    daemon.reload({})
    wait_until(lambda: served(daemon), "clients are served again")


def test_a_refusal_nobody_knows_is_counted_and_told_once(gate, proxy):
    upstream = gate("XX000", "(ENEWCODE) something new")
    upstream.shut.set()
    daemon = proxy(upstream.server)
    assert RawClient(daemon.port).login().fields()["C"] == "57P03"
    wait_until(lambda: daemon.metrics().value("pgweir_unknown_refusals_total") >= 3, "it was tried again and again")
    assert daemon.log().count("event=upstream_refusal_unknown pool=app sqlstate=XX000") == 1
    upstream.shut.clear()
    wait_until(lambda: served(daemon), "clients are served")


def test_a_slot_that_is_freed_late_costs_no_place(fake_server, proxy):
    server = None

    def refuse_the_third(connection):
        if connection.number == 3:
            connection.send(messages.error_response("XX000", "(EMAXCONNSESSION) max clients reached in session mode - "
                                                             "max clients are limited to pool_size: 2"))
            return False
        server.log_in(connection)
        return True
    server = fake_server(on_login=refuse_the_third)
    daemon = proxy(server, {"limits": {"pool_size": 2}})
    clients = [RawClient(daemon.port) for _ in range(2)]
    for client in clients:
        assert client.login() is None
        client.query("BEGIN")
        client.query("SELECT 1")
    for client in clients:
        client.query("COMMIT")
    lose_servers(daemon, server)
    for client in clients:
        client.query("BEGIN")
        assert client.value("SELECT 1") == "1"
    assert len(server.connections) == 5
    assert "event=ceiling_changed" not in daemon.log()
    assert daemon.metrics().value("pgweir_pool_effective_size") == 2
