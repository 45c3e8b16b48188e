"""SIGTERM drains: work in progress ends well, nobody new is let in, then the process ends."""

import signal
import socket

import psycopg
import pytest

from harness import messages
from harness.raw_client import RawClient
from harness.wait import wait_until


def draining(daemon):
    wait_until(lambda: not daemon.is_ready(), "not ready any more")


def test_a_transaction_may_finish(pool):
    daemon = pool(2)
    client = RawClient(daemon.port)
    assert client.login() is None
    client.query("BEGIN")
    client.query("SELECT 1")
    daemon.terminate()
    draining(daemon)
    assert daemon.get("/livez").status == 200
    assert client.value("SELECT 6") == "6"
    assert client.query("COMMIT")[0].text() == "COMMIT"
    ending = client.read_to_end()
    assert [part.type for part in ending] == ["E"] and ending[0].fields()["C"] == "57P01", ending
    assert daemon.wait() == 0


def test_a_running_query_is_answered(pool, cluster, role):
    daemon = pool(2)
    client = RawClient(daemon.port)
    assert client.login() is None
    client.send(messages.query("SELECT pg_sleep(1), 'whole'"))
    wait_until(lambda: cluster.states(role) == ["active"], "the query runs")
    daemon.terminate()
    answers = client.read_until("Z")
    assert answers[1].values()[1] == b"whole"
    assert client.read_to_end()[0].fields()["C"] == "57P01"
    assert daemon.wait() == 0


def test_idle_clients_are_told(pool):
    daemon = pool(2)
    clients = [RawClient(daemon.port) for _ in range(5)]
    for client in clients:
        assert client.login() is None
        client.query("SELECT 1")
    daemon.terminate()
    for client in clients:
        ending = client.read_to_end()
        assert [part.type for part in ending] == ["E"], ending
        fields = ending[0].fields()
        assert fields["S"] == "FATAL" and fields["C"] == "57P01"
    assert daemon.wait() == 0


def test_nobody_new_is_let_in(pool):
    daemon = pool(2)
    with psycopg.connect(daemon.dsn(), autocommit=True) as holder:
        holder.execute("BEGIN")
        holder.execute("SELECT 1")
        daemon.terminate()
        draining(daemon)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(daemon.dsn())
        holder.execute("COMMIT")
    assert daemon.wait() == 0


def test_a_waiter_is_still_served(pool):
    daemon = pool(1)
    holder = psycopg.connect(daemon.dsn(), autocommit=True)
    holder.execute("BEGIN")
    holder.execute("SELECT 1")
    waiter = RawClient(daemon.port)
    assert waiter.login() is None
    waiter.send(messages.query("SELECT 'served'"))
    wait_until(lambda: daemon.health()[1]["waiting"] == 1, "a client waits")
    daemon.terminate()
    draining(daemon)
    holder.execute("COMMIT")
    assert [part.type for part in waiter.read_until("Z")] == list("TDCZ")
    assert daemon.wait() == 0


def test_the_deadline_ends_what_does_not_end(pool, cluster, role):
    daemon = pool(1, {"timeouts": {"drain_timeout": "500ms"}})
    client = RawClient(daemon.port)
    assert client.login() is None
    client.query("BEGIN")
    client.query("SELECT 1")
    daemon.terminate()
    assert daemon.wait(timeout=20) == 0
    ending = client.read_to_end()
    assert ending[-1].fields()["C"] == "57P01"
    wait_until(lambda: cluster.states(role) == [], "no server connection is left")


def test_a_second_signal_ends_at_once(pool, cluster, role):
    daemon = pool(1, {"timeouts": {"drain_timeout": "10m"}})
    client = RawClient(daemon.port)
    assert client.login() is None
    client.query("BEGIN")
    client.query("SELECT 1")
    daemon.terminate()
    draining(daemon)
    daemon.terminate()
    assert daemon.wait(timeout=20) == 0
    wait_until(lambda: cluster.states(role) == [], "no server connection is left")


def test_an_interrupt_drains_as_well(pool):
    daemon = pool(1)
    daemon.process.send_signal(signal.SIGINT)
    assert daemon.wait(timeout=20) == 0


def test_the_port_is_free_afterwards(pool):
    daemon = pool(1)
    with psycopg.connect(daemon.dsn()) as client:
        client.execute("SELECT 1")
    daemon.terminate()
    assert daemon.wait() == 0
    with socket.socket() as successor:
        successor.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        successor.bind(("127.0.0.1", daemon.port))
