"""Servers that die: idle ones are replaced unnoticed, one in a transaction is an error, the client stays."""

import psycopg
import pytest

from harness import messages
from harness.raw_client import RawClient, only_error
from harness.wait import wait_until


def kill(cluster, role):
    pids = [pid for pid, _, _ in cluster.sessions(role)]
    for pid in pids:
        cluster.rows("SELECT pg_terminate_backend(%s)", pid)
    wait_until(lambda: not set(pids) & {pid for pid, _, _ in cluster.sessions(role)}, "the servers are gone")
    return pids


def test_a_dead_idle_server_is_not_noticed(pool, cluster, role):
    daemon = pool(3)
    client = RawClient(daemon.port)
    assert client.login() is None
    for _ in range(5):
        client.query("SELECT 1")
        kill(cluster, role)
        wait_until(lambda: not [state for state in cluster.states(role)], "no server")
        assert client.value("SELECT 2") == "2"


def test_a_server_lost_in_a_transaction(pool, cluster, role):
    daemon = pool(1)
    client = RawClient(daemon.port)
    assert client.login() is None
    client.query("BEGIN")
    client.query("SELECT 1")
    kill(cluster, role)
    answers = client.query("SELECT 2")
    fields = only_error(answers)
    assert fields["C"] == "08006" and fields["S"] == "ERROR", fields
    assert answers[-1].type == "Z" and answers[-1].body == b"E"
    client.query("ROLLBACK")
    assert client.value("SELECT 3") == "3"


def test_a_server_lost_in_a_query(pool, cluster, role):
    daemon = pool(1)
    client = RawClient(daemon.port)
    assert client.login() is None
    client.send(messages.query("SELECT pg_sleep(60)"))
    wait_until(lambda: cluster.states(role) == ["active"], "the query runs")
    kill(cluster, role)
    answers = client.read_until("Z")
    assert only_error(answers)["C"] == "08006" and only_error(answers)["S"] == "ERROR"
    assert client.value("SELECT 3") == "3"


def test_psycopg_may_go_on(pool, cluster, role):
    daemon = pool(1)
    with psycopg.connect(daemon.dsn(), autocommit=True) as client:
        client.execute("BEGIN")
        client.execute("SELECT 1")
        kill(cluster, role)
        with pytest.raises(psycopg.OperationalError) as caught:
            client.execute("SELECT 2")
        assert caught.value.sqlstate == "08006"
        assert not client.closed
        client.execute("ROLLBACK")
        assert client.execute("SELECT 3").fetchone() == (3,)


def test_waiters_survive_the_death_of_all_servers(pool, cluster, role):
    daemon = pool(2)
    holders = [psycopg.connect(daemon.dsn(), autocommit=True) for _ in range(2)]
    for holder in holders:
        holder.execute("BEGIN")
        holder.execute("SELECT 1")
    waiter = RawClient(daemon.port)
    assert waiter.login() is None
    waiter.send(messages.query("SELECT 'served'"))
    wait_until(lambda: daemon.health()[1]["waiting"] == 1, "a client waits")
    kill(cluster, role)
    assert waiter.read_until("Z")[1].values() == [b"served"]
    for holder in holders:
        holder.close()


def test_the_pool_recovers_its_size(pool, cluster, role):
    daemon = pool(4, {"limits": {"min_pool_size": 4}})
    wait_until(lambda: len(cluster.states(role)) == 4, "four servers are there before anybody asks", deadline=40)
    kill(cluster, role)
    wait_until(lambda: len(cluster.states(role)) == 4, "four servers are there again", deadline=40)
    with psycopg.connect(daemon.dsn()) as client:
        assert client.execute("SELECT 1").fetchone() == (1,)


def test_servers_idle_too_long_are_closed(pool, cluster, role):
    daemon = pool(2, {"timeouts": {"server_idle_timeout": "500ms"}})
    with psycopg.connect(daemon.dsn(), autocommit=True) as client:
        client.execute("SELECT 1")
        wait_until(lambda: cluster.states(role) == [], "the idle server is closed")
        assert client.execute("SELECT 2").fetchone() == (2,)


def test_servers_that_lived_long_enough_are_replaced(pool, cluster, role):
    daemon = pool(1, {"timeouts": {"server_lifetime": "500ms"}})
    with psycopg.connect(daemon.dsn(), autocommit=True, prepare_threshold=None) as client:
        first = client.execute("SELECT pg_backend_pid()").fetchone()
        wait_until(lambda: client.execute("SELECT pg_backend_pid()").fetchone() != first, "another server")
        client.execute("BEGIN")
        held = client.execute("SELECT pg_backend_pid()").fetchone()
        wait_until(lambda: cluster.logins(role) >= 2, "it was replaced")
        assert client.execute("SELECT pg_backend_pid()").fetchone() == held
        client.execute("COMMIT")
    assert not [line for line in cluster.refusals() if role.name in line]
