"""What Supavisor does by itself, heartbeats, restarts and refused passwords, is nothing that clients suffer from."""

import pytest

from harness import messages
from harness.demand import Demand
from harness.raw_client import RawClient, only_error, shape
from harness.supavisor import Supavisor
from harness.wait import stays, wait_until

pytestmark = pytest.mark.long


def logged_in(daemon, **parameters):
    client = RawClient(daemon.port)
    assert client.login(**parameters) is None
    return client


def pids(cluster, double):
    return [pid for pid, _, _ in cluster.sessions(double.role)]


# Heartbeats.

WORK = ("surveys", "recovered_servers", "lost_servers", "settings_switches", "server_sent_bytes", "client_sent_bytes",
        "server_assignments")


def work_done(daemon):
    metrics = daemon.metrics()
    return {name: metrics.value(f"pgweir_{name}_total", database="app") for name in WORK}


def received(daemon):
    return daemon.metrics().value("pgweir_server_received_bytes_total", database="app")


def beat(double, daemon, count):
    """So many heartbeats for each session at rest, and all of them read."""
    size = 5 + len(b"application_name\0Supavisor\0")
    before = received(daemon)
    sent = sum(double.heartbeat() for _ in range(count))
    assert sent > 0
    wait_until(lambda: received(daemon) >= before + sent * size, "the heartbeats are read")


def test_heartbeats_disturb_nobody(supavisor, behind, cluster):
    double = supavisor(4)
    daemon = behind(double, 4, {"limits": {"min_pool_size": 4}})
    clients = [logged_in(daemon, application_name=f"app {number}") for number in range(8)]
    for client in clients:
        assert client.value("SHOW application_name").startswith("app ")
    wait_until(lambda: daemon.servers("idle") == 4, "four idle servers")
    servers, work, messages_before = pids(cluster, double), work_done(daemon), double.frontend_messages
    beat(double, daemon, 20)
    assert all(client.is_quiet(0.05) for client in clients)
    assert (pids(cluster, double), work_done(daemon)) == (servers, work)
    assert double.frontend_messages == messages_before


def test_a_statement_after_a_heartbeat_costs_no_more(supavisor, behind):
    """The server's application name is not what the heartbeat says: nothing is to be set again, and nothing told."""
    double = supavisor(1)
    daemon = behind(double, 1)
    client = logged_in(daemon, application_name="mine")
    client.value("SELECT 1")

    def cost():
        before = double.frontend_messages
        assert shape(client.query("SELECT 1")) == "TDCZ"
        return double.frontend_messages - before
    usual = cost()
    beat(double, daemon, 1)
    assert cost() == usual
    assert client.value("SHOW application_name") == "mine"


def test_heartbeats_to_a_server_in_a_transaction(supavisor, behind):
    """Its client thinks and has not asked for anything."""
    double = supavisor(1)
    daemon = behind(double, 1)
    client = logged_in(daemon, application_name="mine")
    client.query("BEGIN")
    client.query("SELECT 1")
    beat(double, daemon, 3)
    assert client.is_quiet(0.1)
    assert shape(client.query("SELECT 1")) == "TDCZ"
    assert client.value("SHOW application_name") == "mine"
    assert shape(client.query("COMMIT")) == "CZ"


def test_heartbeats_under_load(supavisor, behind, cluster, size):
    double = supavisor(3)
    daemon = behind(double, 3)
    client = logged_in(daemon, application_name="mine")

    def is_undisturbed():
        double.heartbeat()
        return shape(client.query("SELECT 1")) == "TDCZ"
    with Demand(daemon, 6, hold=0.01):
        wait_until(lambda: double.slots == 3, "three servers work")
        servers = pids(cluster, double)
        stays(is_undisturbed, "a statement is answered and nothing else is said", size(1, 3, 30), every=0.002)
        assert pids(cluster, double) == servers
    assert double.heartbeats > 0


def test_the_parameters_of_another_server_are_told_to_nobody(supavisor, behind, cluster):
    """The pooler's welcome is that of its first server; a client is told what holds where its statements run."""
    double = supavisor(2)
    daemon = behind(double, 2, {"timeouts": {"server_idle_timeout": "300ms"}})
    before = logged_in(daemon)
    assert before.parameters["TimeZone"] == before.value("SHOW timezone") != "Asia/Tokyo"
    cluster.execute(f"ALTER ROLE {double.role.name} SET timezone = 'Asia/Tokyo'")
    wait_until(lambda: double.connections == 0, "the idle server is closed")
    assert before.value("SHOW timezone") == "Asia/Tokyo"
    after = logged_in(daemon)
    assert after.parameters["TimeZone"] == after.value("SHOW timezone") == "Asia/Tokyo"


# Restarts.

def test_a_restart_is_survived(supavisor, behind):
    """57P01 to every server, then nobody can connect for a while. Clients keep their connections."""
    double = supavisor(4)
    daemon = behind(double, 4, {"limits": {"min_pool_size": 2}})
    idle = [logged_in(daemon) for _ in range(6)]
    for client in idle:
        assert client.value("SELECT 1") == "1"
    inside, asking = logged_in(daemon), logged_in(daemon)
    inside.query("BEGIN")
    inside.query("SELECT 1")
    double.go_down()
    wait_until(lambda: daemon.servers("leased") == daemon.servers("idle") == 0, "no server is left")
    answers = inside.query("SELECT 2")
    assert only_error(answers)["C"] == "08006" and only_error(answers)["S"] == "ERROR"
    # Whoever wants a server now waits for it, or reads why there is none and may ask again.
    for _ in range(3):
        answers = asking.query("SELECT 1")
        assert only_error(answers)["C"] == "57P03" and only_error(answers)["S"] == "ERROR", answers
    assert all(client.is_quiet(0.05) for client in idle)
    double.come_back()
    wait_until(lambda: shape(asking.query("SELECT 1")) == "TDCZ", "service is back")
    inside.query("ROLLBACK")
    for client in [*idle, inside]:
        assert client.value("SELECT 'served'") == "served"
    wait_until(lambda: double.slots >= 2, "the idle servers are back")


def test_idle_servers_are_lost_in_silence(supavisor, behind):
    double = supavisor(3)
    daemon = behind(double, 3, {"limits": {"min_pool_size": 3}})
    client = logged_in(daemon)
    for _ in range(3):
        wait_until(lambda: daemon.servers("idle") == 3, "three idle servers")
        dials = double.dials
        assert double.end_sessions(at_rest=True) == 3
        wait_until(lambda: double.dials == dials + 3, "they are replaced")
        assert client.value("SELECT 1") == "1"
    assert client.is_quiet(0.05)


def test_service_goes_on_after_restarts(supavisor, behind):
    """Clients that ask for nothing while it restarts do not hear of it."""
    double = supavisor(2)
    daemon = behind(double, 2)
    with Demand(daemon, 8, hold=0.05) as demand:
        for _ in range(3):
            wait_until(lambda: double.slots == 2, "two servers work")
            demand.pause()
            double.go_down()
            wait_until(lambda: daemon.servers("idle") == daemon.servers("closing") == 0, "the servers are gone")
            double.come_back()
            served = demand.served
            demand.resume()
            wait_until(lambda: demand.served > served + 8, "clients are served again")


# Refused passwords.

def told(daemon):
    """What a new client reads instead of its welcome."""
    client = RawClient(daemon.port)
    try:
        answer = client.login()
        assert answer is not None and answer.type == "E", answer
        return answer.fields()
    finally:
        client.close()


def test_a_wrong_password_is_told_at_once_and_tried_seldom(supavisor, behind, size):
    """At most three tries in 150 s, whoever asks: with ten Supavisor bans the address, for everybody behind it."""
    double = supavisor(4)
    daemon = behind(double, 4, password="not-the-one")
    seen = []

    def is_told():
        fields = told(daemon)
        seen.append(fields)
        words = fields["M"] + fields["D"]
        return (fields["S"], fields["C"]) == ("FATAL", "57P03") and f'password authentication failed for user "{double.role.name}"' in words
    stays(is_told, "new clients are told why there is no server", size(3, 20, 150))
    assert len(seen) > 3
    assert 1 <= double.authentication_failures <= double.dials <= 3
    wait_until(lambda: daemon.metrics().value("pgweir_dials_total", outcome="credential", database="app") == double.dials,
               "each is counted as what it was")
    daemon.reload({"databases": {"app": {"dsn": double.dsn()}}})
    wait_until(lambda: RawClient(daemon.port).login() is None, "the right password serves")


def test_a_password_changed_upstream_disturbs_nobody_who_has_servers(supavisor, behind):
    double = supavisor(4)
    daemon = behind(double, 4)
    first = logged_in(daemon)
    first.query("BEGIN")
    first.query("SELECT 1")
    double.password = "another"
    double.wrong_password_delay = 0.0
    waiter = logged_in(daemon)
    waiter.send(messages.query("SELECT 'served'"))
    wait_until(lambda: double.authentication_failures, "a second server was refused")
    assert waiter.is_quiet(0.1)
    first.query("COMMIT")
    assert shape(waiter.read_until("Z")) == "TDCZ"
    assert first.value("SELECT 1") == "1"
    assert double.dials <= 3


def test_a_banned_address_keeps_still(supavisor, behind, size):
    double = supavisor(4)
    double.ban()
    daemon = behind(double, 4)
    stays(lambda: Supavisor.BANNED in "".join(told(daemon).values()), "new clients are told of the ban", size(2, 5, 60))
    assert double.dials <= 3
