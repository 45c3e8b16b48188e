"""A server lost inside a transaction: what the client has begun is ended by the client, as any transaction that fails."""

from dataclasses import replace

import pytest

from harness import messages
from harness.daemon import NO_BREAKER
from harness.gate import Gate
from harness.raw_client import RawClient, only_error, shape
from harness.wait import wait_until


@pytest.fixture
def gate(cluster):
    with Gate(cluster.port) as gate:
        yield gate


@pytest.fixture
def behind_gate(start_pgweir, role, gate):
    return start_pgweir({**NO_BREAKER, "limits": {"pool_size": 1}, "databases": {"app": {"dsn": replace(role, port=gate.port).uri()}}})


@pytest.fixture
def table(cluster):
    cluster.execute("DROP TABLE IF EXISTS lost", "CREATE TABLE lost (a int)", "GRANT ALL ON lost TO PUBLIC")
    yield lambda: cluster.rows("SELECT a FROM lost ORDER BY a")
    cluster.execute("DROP TABLE lost")


def connected(daemon):
    client = RawClient(daemon.port)
    assert client.login() is None
    return client


def ask(client, sql, protocol="simple"):
    if protocol == "simple":
        return client.query(sql)
    client.send(messages.extended(sql) + messages.sync())
    return client.read_until("Z")


def send_on(client, daemon, data):
    """Returns when the daemon has sent it on."""
    def sent():
        return daemon.metrics().value("pgweir_server_sent_bytes_total")
    before = sent()
    client.send(data)
    wait_until(lambda: sent() > before, "it is on its way")


def fails(answers, sqlstate, status):
    assert only_error(answers)["C"] == sqlstate and only_error(answers)["S"] == "ERROR", answers
    assert answers[-1].type == "Z" and answers[-1].body == status.encode(), answers


def kill(cluster, role):
    pids = [pid for pid, _, _ in cluster.sessions(role)]
    for pid in pids:
        cluster.rows("SELECT pg_terminate_backend(%s)", pid)
    wait_until(lambda: not set(pids) & {pid for pid, _, _ in cluster.sessions(role)}, "the servers are gone")


@pytest.mark.parametrize("protocol", ["simple", "extended"])
@pytest.mark.parametrize("is_running", [False, True], ids=["between statements", "in a statement"])
def test_nothing_of_it_is_done_however_little_its_client_listens(pool, cluster, role, table, protocol, is_running):
    daemon = pool(1)
    client = connected(daemon)
    ask(client, "BEGIN", protocol)
    ask(client, "INSERT INTO lost VALUES (1)", protocol)
    if is_running:
        client.send(messages.query("SELECT pg_sleep(60)"))
        wait_until(lambda: cluster.states(role) == ["active"], "the query runs")
    kill(cluster, role)
    fails(client.read_until("Z") if is_running else ask(client, "INSERT INTO lost VALUES (2)", protocol), "08006", "E")
    fails(ask(client, "INSERT INTO lost VALUES (3)", protocol), "25P02", "E")
    fails(ask(client, "COMMIT", protocol), "08006", "I")
    assert table() == []
    ask(client, "INSERT INTO lost VALUES (4)", protocol)
    assert table() == [(4,)]


@pytest.mark.parametrize("protocol", ["simple", "extended"])
def test_its_rollback_is_answered_while_there_is_no_server(behind_gate, gate, protocol):
    client = connected(behind_gate)
    ask(client, "BEGIN", protocol)
    ask(client, "SELECT 1", protocol)
    gate.swallow()
    gate.reset()
    client.send(messages.extended("SELECT 2") + messages.sync())
    fails(client.read_until("Z"), "08006", "E")
    answers = ask(client, "ROLLBACK", protocol)
    assert shape(answers) == ("CZ" if protocol == "simple" else "12nCZ") and answers[-1].body == b"I"
    gate.let_pass()
    assert client.value("SELECT 3") == "3"


def test_its_first_statement(behind_gate, gate):
    """The BEGIN goes ahead of it, and neither is answered."""
    client = connected(behind_gate)
    assert client.value("SELECT 1") == "1"
    gate.swallow()
    client.query("BEGIN")
    send_on(client, behind_gate, messages.query("SELECT 2"))
    gate.let_pass()
    fails(client.read_until("Z"), "08006", "E")
    fails(client.query("SELECT 3"), "25P02", "E")
    assert client.query("ROLLBACK")[0].text() == "ROLLBACK"
    assert client.value("SELECT 4") == "4"


@pytest.mark.parametrize("end, sqlstate", [("COMMIT", "08007"), ("ROLLBACK", "08006")])
@pytest.mark.parametrize("protocol", ["simple", "extended"])
def test_its_end(behind_gate, gate, end, sqlstate, protocol):
    """Whatever became of it, no transaction is left to be ended."""
    client = connected(behind_gate)
    ask(client, "BEGIN", protocol)
    ask(client, "SELECT 1", protocol)
    gate.swallow()
    send_on(client, behind_gate, messages.query(end) if protocol == "simple" else messages.extended(end) + messages.sync())
    gate.let_pass()
    fails(client.read_until("Z"), sqlstate, "I")
    assert client.value("SELECT 2") == "2"


@pytest.mark.parametrize("follows", [messages.bind() + messages.execute() + messages.sync(), messages.sync()], ids=["more", "only its Sync"])
def test_whoever_has_read_all_without_a_sync_reads_of_it_with_the_next_message(behind_gate, gate, follows):
    """As asyncpg does when it prepares: an error that it has not asked for would confuse it."""
    client = connected(behind_gate)
    client.send(messages.parse("SELECT 1") + messages.describe("S") + messages.flush())
    assert shape(client.read_until("T")) == "1tT"
    gate.reset()
    wait_until(lambda: behind_gate.servers("leased") == 0, "the loss is known")
    assert client.is_quiet(0.2)
    client.send(follows)
    fails(client.read_until("Z"), "08006", "I")
    assert client.value("SELECT 2") == "2"


@pytest.mark.parametrize("name", ["", "named"])
def test_a_statement_that_was_being_prepared_may_be_prepared_again(behind_gate, gate, name):
    client = connected(behind_gate)
    assert client.value("SELECT 1") == "1"
    gate.swallow()
    send_on(client, behind_gate, messages.parse("SELECT 2", name) + messages.describe("S", name) + messages.sync())
    gate.let_pass()
    fails(client.read_until("Z"), "08006", "I")
    client.send(messages.parse("SELECT 3", name) + messages.describe("S", name) + messages.sync())
    assert shape(client.read_until("Z")) == "1tTZ"
    client.send(messages.bind(statement=name) + messages.execute() + messages.sync())
    answers = client.read_until("Z")
    assert shape(answers) == "2DCZ" and answers[1].values() == [b"3"]


def test_a_statement_of_old_stands_when_its_close_is_lost(behind_gate, gate):
    client = connected(behind_gate)
    client.send(messages.parse("SELECT 7", "old") + messages.sync())
    assert shape(client.read_until("Z")) == "1Z"
    client.query("BEGIN")
    client.query("SELECT 1")
    gate.swallow()
    send_on(client, behind_gate, messages.message("C", b"Sold\0") + messages.sync())
    gate.let_pass()
    fails(client.read_until("Z"), "08006", "E")
    client.query("ROLLBACK")
    client.send(messages.bind(statement="old") + messages.execute() + messages.sync())
    answers = client.read_until("Z")
    assert shape(answers) == "2DCZ" and answers[1].values() == [b"7"]
