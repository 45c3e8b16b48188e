"""SIGHUP: a good file changes limits, users and timeouts without dropping a client; a bad one changes nothing."""

import re

import psycopg
import pytest

from harness.wait import wait_until


def pool_size(daemon):
    return daemon.health()[1]["pool_size"]


def test_a_larger_pool_serves_at_once(pool, cluster, role):
    daemon = pool(1)
    with psycopg.connect(daemon.dsn(), autocommit=True) as holder, psycopg.connect(daemon.dsn(), autocommit=True) as other:
        holder.execute("BEGIN")
        holder.execute("SELECT 1")
        daemon.reload({"limits": {"pool_size": 2}})
        wait_until(lambda: pool_size(daemon) == 2, "the new size")
        assert other.execute("SELECT 1").fetchone() == (1,)
        holder.execute("COMMIT")
        assert holder.execute("SELECT 2").fetchone() == (2,)
    assert cluster.logins(role) == 2


def test_a_smaller_pool_shrinks_without_dropping_a_client(pool, cluster, role):
    daemon = pool(4)
    clients = [psycopg.connect(daemon.dsn(), autocommit=True) for _ in range(4)]
    for client in clients:
        client.execute("BEGIN")
        client.execute("SELECT 1")
    daemon.reload({"limits": {"pool_size": 2}})
    wait_until(lambda: pool_size(daemon) == 2, "the new size")
    for client in clients:
        client.execute("SELECT 1")
        client.execute("COMMIT")
    wait_until(lambda: len(cluster.states(role)) == 2, "two servers are left")
    for client in clients:
        assert client.execute("SELECT 3").fetchone() == (3,)
        client.close()


BROKEN = """limits:
  pool_size: 10
  pool_sise: 3
timeouts:
  query_wait_timeout: 30
databases:
  app: {{ dsn: "{dsn}" }}
users:
  lambda: {{ password: secret }}
"""


def test_a_bad_file_changes_nothing_and_says_why(pool, role):
    daemon = pool(3)
    with psycopg.connect(daemon.dsn(), autocommit=True) as client:
        client.execute("SELECT 1")
        daemon.reload(BROKEN.format(dsn=role.uri()))
        wait_until(lambda: "pool_sise" in daemon.log(), "the log names the unknown key")
        log = wait_until(lambda: "query_wait_timeout" in daemon.log() and daemon.log(), "and the second problem")
        assert re.search(r"pgweir\.yaml:3:3: limits\.pool_sise: .*pool_size", log), log
        assert re.search(r"pgweir\.yaml:5:\d+: timeouts\.query_wait_timeout: ", log), log
        assert role.password not in log
        assert pool_size(daemon) == 3
        assert client.execute("SELECT 1").fetchone() == (1,)
    psycopg.connect(daemon.dsn()).close()


def test_users_come_and_go(pool):
    daemon = pool(2)
    with psycopg.connect(daemon.dsn(), autocommit=True) as client:
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(daemon.dsn(user="newcomer", password="one"))
        daemon.reload({"users": {"newcomer": {"password": "one"}, "lambda": {"password": "changed"}}})

        def newcomer_enters():
            try:
                psycopg.connect(daemon.dsn(user="newcomer", password="one")).close()
                return True
            except psycopg.OperationalError:
                return False
        wait_until(newcomer_enters, "the new user may log in")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(daemon.dsn())
        psycopg.connect(daemon.dsn(password="changed")).close()
        assert client.execute("SELECT 1").fetchone() == (1,)


def test_timeouts_and_client_limits_follow(pool):
    daemon = pool(1)
    with psycopg.connect(daemon.dsn(), autocommit=True) as holder, psycopg.connect(daemon.dsn(), autocommit=True) as waiter:
        holder.execute("BEGIN")
        holder.execute("SELECT 1")
        daemon.reload({"timeouts": {"query_wait_timeout": "100ms"}, "limits": {"max_client_conn": 2}})

        def third_is_refused():
            try:
                psycopg.connect(daemon.dsn()).close()
                return False
            except psycopg.OperationalError as error:
                return "max_client_conn" in str(error)
        wait_until(third_is_refused, "the third client is refused")
        with pytest.raises(psycopg.errors.TooManyConnections):
            waiter.execute("SELECT 1")
        holder.execute("COMMIT")


def test_reloading_the_same_file_again_and_again_drops_nobody(pool, cluster, role):
    daemon = pool(2)
    with psycopg.connect(daemon.dsn(), autocommit=True) as client:
        for number in range(20):
            daemon.reload({"limits": {"max_waiting": 100 + number}})
            assert client.execute("SELECT 1").fetchone() == (1,)
    assert cluster.logins(role) == 1
