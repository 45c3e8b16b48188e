"""Clients that ask for much and do not read it: their servers come free, and memory stays bounded."""

import socket

import pytest

from harness import messages
from harness.daemon import sanitized
from harness.raw_client import RawClient, only_error, shape
from harness.wait import wait_until

TEN_MEGABYTES = "SELECT repeat('x', 1000) FROM generate_series(1, 10000)"
SLOW = {"timeouts": {"slow_reader_timeout": "300ms"}}


class LazyClient(RawClient):
    """Whose kernel takes little, so that what it does not read is pgweir's to keep."""

    def __init__(self, daemon):
        super().__init__(daemon.port)
        self.sock.close()
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        self.sock.settimeout(30)
        self.sock.connect(("127.0.0.1", daemon.port))
        assert self.login() is None


def connected(daemon):
    client = RawClient(daemon.port)
    assert client.login() is None
    return client


def slow_readers(daemon):
    return daemon.metrics().value("pgweir_statement_timeouts_total", reason="slow_reader_timeout")


def is_told(answers, status):
    fields = only_error(answers)
    assert fields["C"] == "57014" and fields["M"] == "canceling statement due to slow reader", fields
    assert answers[-1].type == "Z" and answers[-1].body == status
    assert answers[-2].type == "E"
    assert all(len(part.values()[0]) == 1000 for part in answers if part.type == "D")


@pytest.mark.parametrize("protocol", ["simple", "extended", "copy"])
@pytest.mark.parametrize("in_block", [False, True])
def test_a_slow_reader_holds_no_server_while_others_wait(pool, cluster, role, protocol, in_block):
    daemon = pool(1, SLOW)
    client = LazyClient(daemon)
    if in_block:
        client.query("BEGIN")
        client.query("SELECT 1")
    if protocol == "extended":
        client.send(messages.extended(TEN_MEGABYTES) + messages.sync())
    else:
        client.send(messages.query(f"COPY ({TEN_MEGABYTES}) TO STDOUT" if protocol == "copy" else TEN_MEGABYTES))
    wait_until(lambda: daemon.metrics().value("pgweir_buffered_bytes") > 250_000, "much is kept for it")
    other = connected(daemon)
    assert other.value("SELECT 2") == "2"
    assert slow_readers(daemon) == 1
    answers = client.read_until("Z")
    if protocol == "copy":
        answers = [part for part in answers if part.type not in "dH"]
    is_told(answers, b"E" if in_block else b"I")
    if in_block:
        assert only_error(client.query("SELECT 3"))["C"] == "25P02"
        assert client.query("ROLLBACK")[0].text() == "ROLLBACK"
    assert client.value("SELECT 4") == "4"
    assert cluster.logins(role) == 1
    wait_until(lambda: daemon.metrics().value("pgweir_buffered_bytes") == 0, "nothing is kept any more")


def test_nobody_is_slow_while_nobody_waits(pool):
    daemon = pool(2, SLOW)
    client = LazyClient(daemon)
    client.send(messages.query(TEN_MEGABYTES))
    other = connected(daemon)
    for _ in range(8):
        assert other.value("SELECT pg_sleep(0.1)::text || 'x'") == "x"
    answers = client.read_until("Z")
    assert sum(part.type == "D" for part in answers) == 10000 and answers[-2].type == "C"
    assert slow_readers(daemon) == 0


def test_who_reads_slowly_but_reads_is_not_slow(pool):
    """More than a backlog in the limit's time, however long it takes in all."""
    daemon = pool(1, {"timeouts": {"slow_reader_timeout": "2s"}})
    client = LazyClient(daemon)
    client.send(messages.query(TEN_MEGABYTES))
    waiter = connected(daemon)
    waiter.send(messages.query("SELECT 5"))
    answers = client.read_until("Z")
    assert sum(part.type == "D" for part in answers) == 10000
    assert waiter.read_until("Z")[1].values() == [b"5"]
    assert slow_readers(daemon) == 0


def test_one_long_row_ends_the_session(pool):
    """In the middle of a message nothing can be said; the server comes free all the same."""
    daemon = pool(1, SLOW)
    client = LazyClient(daemon)
    client.send(messages.query("SELECT repeat('x', 30000000)"))
    wait_until(lambda: daemon.metrics().value("pgweir_buffered_bytes") > 250_000, "much is kept for it")
    assert connected(daemon).value("SELECT 2") == "2"
    assert all(part.type in "T" for part in client.read_to_end())


def test_query_timeout_and_a_reader_that_does_not_read(pool):
    daemon = pool(1, {"timeouts": {"query_timeout": "500ms"}})
    client = LazyClient(daemon)
    client.send(messages.query(TEN_MEGABYTES))
    wait_until(lambda: daemon.metrics().value("pgweir_statement_timeouts_total", reason="query_timeout") == 1, "it is cancelled")
    assert connected(daemon).value("SELECT 2") == "2"
    assert only_error(client.read_until("Z"))["M"] == "canceling statement due to statement timeout"
    assert client.value("SELECT 4") == "4"


@pytest.mark.long
def test_many_slow_readers_leave_servers_free_and_memory_bounded(pool, cluster, role, size):
    most = size(4, 8, 64) * 2**20
    daemon = pool(10, {"timeouts": {**SLOW["timeouts"], "query_wait_timeout": "2m"}, "limits": {"max_buffered": f"{most // 2**20}MB"}})
    wait_until(lambda: connected(daemon).value("SELECT 1") == "1", "a server is there")
    before = daemon.memory("VmRSS")
    clients = [LazyClient(daemon) for _ in range(size(20, 60, 500))]
    for client in clients:
        client.send(messages.query(TEN_MEGABYTES))
    behind_them = connected(daemon)
    behind_them.sock.settimeout(120)
    assert behind_them.value("SELECT 2") == "2"
    wait_until(lambda: daemon.health()[1]["waiting"] == 0, "everybody had a server", deadline=120)
    assert connected(daemon).value("SELECT 3") == "3"
    assert 0.6 * most < daemon.metrics().value("pgweir_buffered_bytes") < most
    if not sanitized():
        assert daemon.memory() - before < most + 16 * 2**20
    for client in clients[:5]:
        assert client.read_until("Z")[-1].body == b"I"
        assert client.value("SELECT 4") == "4"
    assert cluster.logins(role) <= 10
    for client in clients:
        client.close()
    wait_until(lambda: daemon.metrics().value("pgweir_buffered_bytes") == 0, "nothing is kept any more")
