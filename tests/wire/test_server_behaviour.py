"""A server that answers too much, dies at any step, or talks when nobody asked."""

import pytest

from harness import messages
from harness.raw_client import RawClient, only_error, shape
from harness.wait import wait_until

RESULT = [messages.row_description("value"), messages.data_row("first"), messages.data_row("second"),
          messages.command_complete("SELECT 2"), messages.ready_for_query()]


def logged_in(daemon):
    client = RawClient(daemon.port)
    assert client.login() is None
    return client


@pytest.mark.parametrize("extra", [
    messages.ready_for_query(), messages.data_row("stray"), messages.command_complete("SELECT 1"),
    messages.row_description("stray") + messages.data_row("stray") + messages.command_complete("SELECT 1") + messages.ready_for_query(),
    messages.error_response("XX000", "stray", severity="ERROR"),
], ids=["ready", "row", "complete", "result", "error"])
def test_a_reply_nobody_asked_for_reaches_nobody(fake_server, proxy, extra):
    """The server says more than was asked, in the same segment; it is closed, and the next client has another."""
    server = fake_server(on_query={"too much": lambda connection, sql: connection.send(b"".join(RESULT) + extra)})
    daemon = proxy(server, {"limits": {"pool_size": 1}})
    client, successor = logged_in(daemon), logged_in(daemon)
    client.send(messages.query("SELECT 'too much'"))
    assert shape(client.read_until("Z")) == "TDDCZ"
    before = len(server.connections)
    assert successor.value("SELECT 1") == "1"
    assert client.value("SELECT 1") == "1"
    assert len(server.connections) == before + 1
    wait_until(lambda: server.open == 1, "the server with the stray reply is closed")


def test_a_late_reply_reaches_nobody(fake_server, proxy):
    """The extra reply comes after the server went back to the pool."""
    connections = []

    def remember(connection, sql):
        connections.append(connection)
        connection.send(b"".join(RESULT))
    server = fake_server(on_query={"remember": remember})
    daemon = proxy(server, {"limits": {"pool_size": 1}})
    client, successor = logged_in(daemon), logged_in(daemon)
    assert shape(client.query("SELECT 'remember'")) == "TDDCZ"
    connections[0].send(b"".join(RESULT))
    wait_until(lambda: server.open == 0, "the server that talked out of turn is closed")
    assert successor.value("SELECT 1") == "1"
    assert client.is_quiet(0.2)


@pytest.mark.parametrize("step", range(len(RESULT)))
def test_a_server_that_closes_after_each_message(fake_server, proxy, step):
    def die(connection, sql):
        connection.send(b"".join(RESULT[:step]))
        connection.sock.shutdown(2)
    server = fake_server(on_query={"die": die})
    daemon = proxy(server, {"limits": {"pool_size": 1}})
    client = logged_in(daemon)
    answers = client.query("SELECT 'die'")
    assert shape(answers) == "TDDC"[:step] + "EZ"
    fields = only_error(answers)
    assert fields["S"] == "ERROR" and fields["C"] == "08006", fields
    assert answers[-1].body == b"I"
    assert client.value("SELECT 1") == "1"


@pytest.mark.parametrize("cut", [1, 4, 5, 7, -1])
@pytest.mark.parametrize("size", [1, 16000])
def test_a_server_that_closes_inside_a_message(fake_server, proxy, cut, size):
    """What is there of it reaches nobody, so that the client can be told."""
    row = messages.data_row("x" * size)

    def die(connection, sql):
        connection.send(RESULT[0] + RESULT[1] + row[:cut])
        connection.sock.shutdown(2)
    server = fake_server(on_query={"die": die})
    daemon = proxy(server, {"limits": {"pool_size": 1}})
    client = logged_in(daemon)
    answers = client.query("SELECT 'die'")
    assert shape(answers) == "TDEZ" and only_error(answers)["C"] == "08006"
    assert client.value("SELECT 1") == "1"


def test_a_server_that_closes_inside_a_large_message(fake_server, proxy):
    """Part of it is on its way already, so that the client cannot be told in the protocol: it ends."""
    def die(connection, sql):
        connection.send(RESULT[0] + messages.data_row("x" * 100000)[:50000])
        connection.sock.shutdown(2)
    server = fake_server(on_query={"die": die})
    daemon = proxy(server, {"limits": {"pool_size": 1}})
    client, other = logged_in(daemon), logged_in(daemon)
    client.send(messages.query("SELECT 'die'"))
    assert shape(client.read_to_end()) == "T"
    assert other.value("SELECT 1") == "1"


def test_a_message_in_pieces_arrives_when_it_is_whole(fake_server, proxy):
    """Whoever waits for the rest of a row waits for nothing else, either."""
    row = messages.data_row("x" * 3000)
    connections = []

    def begin(connection, sql):
        connections.append(connection)
        connection.send(RESULT[0] + row + row[:2000])
    daemon = proxy(fake_server(on_query={"pieces": begin}), {"limits": {"pool_size": 1}})
    client = logged_in(daemon)
    client.send(messages.query("SELECT 'pieces'"))
    assert shape(client.read_until("D")) == "TD"
    assert client.is_quiet(0.2)
    for piece in (row[2000:2999], row[2999:] + RESULT[3] + RESULT[4][:5], RESULT[4][5:]):
        connections[0].send(piece)
    assert shape(client.read_until("Z")) == "DCZ"


def test_a_server_that_closes_while_a_commit_is_in_flight(fake_server, proxy):
    def die(connection, sql):
        connection.sock.shutdown(2)
    server = fake_server(on_query={"COMMIT": die})
    daemon = proxy(server, {"limits": {"pool_size": 1}})
    client = logged_in(daemon)
    client.query("BEGIN")
    client.query("SELECT 1")
    answers = client.query("COMMIT")
    assert only_error(answers)["C"] == "08007"
    assert answers[-1].body == b"I"
    assert client.value("SELECT 1") == "1"


def test_a_fatal_from_the_server_does_not_end_the_client(fake_server, proxy):
    def fatal(connection, sql):
        connection.send(messages.error_response("57P01", "terminating connection due to administrator command"))
        connection.sock.shutdown(2)
    server = fake_server(on_query={"fatal": fatal})
    daemon = proxy(server, {"limits": {"pool_size": 1}})
    client = logged_in(daemon)
    answers = client.query("SELECT 'fatal'")
    fields = only_error(answers)
    assert fields["S"] == "ERROR" and fields["C"] == "08006", fields
    assert client.value("SELECT 1") == "1"


def test_heartbeats_wake_nobody(fake_server, proxy):
    """Supavisor tells idle sessions its name every minute."""
    heartbeat = messages.parameter_status("application_name", "Supavisor")
    server = fake_server(on_query={"beat": lambda connection, sql: connection.answer(heartbeat, messages.command_complete("SELECT 0"))})
    daemon = proxy(server, {"limits": {"pool_size": 1}})
    client, other = logged_in(daemon), logged_in(daemon)
    client.query("SELECT 1")
    for _ in range(5):
        server.connections[0].send(heartbeat)
    assert client.is_quiet(0.2) and other.is_quiet(0.05)
    assert other.value("SELECT 1") == "1"
    assert client.value("SELECT 1") == "1"
    assert len(server.connections) == 1


def test_a_notice_to_an_idle_server_is_no_ones(fake_server, proxy):
    server = fake_server()
    daemon = proxy(server, {"limits": {"pool_size": 1}})
    client = logged_in(daemon)
    client.query("SELECT 1")
    server.connections[0].send(messages.notice("maintenance at noon"))
    assert client.is_quiet(0.2)
    assert client.value("SELECT 1") == "1"
    assert len(server.connections) == 1


def test_parameters_and_notices_in_an_exchange_reach_its_client(fake_server, proxy):
    def chatty(connection, sql):
        connection.answer(messages.notice("by the way"), messages.parameter_status("TimeZone", "Mars"), messages.command_complete("SET"))
    server = fake_server(on_query={"chatty": chatty})
    daemon = proxy(server, {"limits": {"pool_size": 1}})
    client, other = logged_in(daemon), logged_in(daemon)
    assert shape(client.query("SELECT 'chatty'")) == "NSCZ"
    assert other.is_quiet(0.1)


def test_a_block_whose_begin_was_lost_has_not_begun(fake_server, proxy):
    server = fake_server(on_query={"BEGIN": lambda connection, sql: connection.sock.shutdown(2)})
    client = logged_in(proxy(server, {"limits": {"pool_size": 1}}))
    # By itself, it would wait for the next statement.
    answers = client.query("SELECT 1; BEGIN")
    assert only_error(answers)["C"] == "08006" and answers[-1].body == b"I"
    assert client.value("SELECT 1") == "1"


@pytest.mark.parametrize("ending", ["COMMIT", "SELECT 1; ROLLBACK"])
def test_a_block_whose_end_was_lost_has_ended(fake_server, proxy, ending):
    server = fake_server(on_query={ending: lambda connection, sql: connection.sock.shutdown(2)})
    client = logged_in(proxy(server, {"limits": {"pool_size": 1}}))
    client.query("BEGIN")
    client.query("SELECT 2")
    answers = client.query(ending)
    assert only_error(answers)["C"] == ("08007" if ending == "COMMIT" else "08006") and answers[-1].body == b"I"
    assert client.value("SELECT 1") == "1"


def test_all_servers_vanish_at_once(fake_server, proxy):
    server = fake_server()
    daemon = proxy(server, {"limits": {"pool_size": 2}})
    clients = [logged_in(daemon) for _ in range(2)]
    for client in clients:
        client.query("BEGIN")
        client.query("SELECT 1")
    server.drop_all()
    for client in clients:
        assert only_error(client.query("SELECT 1"))["C"] == "08006"
        client.query("ROLLBACK")
        assert client.value("SELECT 1") == "1"


def test_an_abandoned_query_is_cancelled_and_the_server_reused(fake_server, proxy):
    """The scripted server answers a statement only when it is cancelled."""
    started = []

    def slow(connection, sql):
        started.append(connection)

    def cancelled(pid, key):
        connection = started[0]
        connection.answer(messages.error_response("57014", "canceling statement due to user request", severity="ERROR"))
    server = fake_server(on_query={"slow": slow}, on_cancel=cancelled)
    daemon = proxy(server, {"limits": {"pool_size": 1}})
    client, other = logged_in(daemon), logged_in(daemon)
    client.send(messages.query("SELECT 'slow'"))
    wait_until(lambda: started, "the statement runs")
    client.close()
    assert other.value("SELECT 1") == "1"
    assert server.cancels and len(server.connections) == 1


def test_an_abandoned_query_that_never_ends_costs_the_server(fake_server, proxy):
    started = []
    server = fake_server(on_query={"never": lambda connection, sql: started.append(connection)})
    daemon = proxy(server, {"limits": {"pool_size": 1}})
    client, other = logged_in(daemon), logged_in(daemon)
    client.send(messages.query("SELECT 'never'"))
    wait_until(lambda: started, "the statement runs")
    client.close()
    assert other.value("SELECT 1") == "1"
    assert len(server.connections) == 2
    wait_until(lambda: server.open == 1, "the server that could not be proved clean is closed")
    assert "recover" in daemon.log()
