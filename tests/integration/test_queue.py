"""The queue for servers: bounded in length and time; a refused client keeps its connection."""

import threading

import psycopg
import pytest

from harness import messages
from harness.node import probe
from harness.raw_client import RawClient, only_error, shape
from harness.wait import wait_until


@pytest.fixture
def full_pool(pool):
    """full_pool(changes): a daemon whose only server is held, and the holder."""
    holders = []

    def start(changes):
        daemon = pool(1, changes)
        holder = psycopg.connect(daemon.dsn(), autocommit=True)
        holders.append(holder)
        holder.execute("BEGIN")
        holder.execute("SELECT 1")
        return daemon, holder

    yield start
    for holder in holders:
        holder.close()


def is_load_refusal(fields, reason):
    assert fields["S"] == fields["V"] == "ERROR" and fields["C"] == "53300", fields
    assert fields["H"] and fields["M"]
    detail = dict(part.split("=", 1) for part in fields["D"].split())
    assert detail["reason"] == reason and int(detail["retry_after_ms"]) > 0 and detail["pool"] == "app", fields
    assert detail["usage"].rstrip("%") and detail["id"]


def test_a_wait_that_is_too_long_is_refused_and_the_client_stays(full_pool):
    daemon, holder = full_pool({"timeouts": {"query_wait_timeout": "300ms"}})
    client = RawClient(daemon.port)
    assert client.login() is None
    answers = client.query("SELECT 1")
    assert [part.type for part in answers] == ["E", "Z"] and answers[-1].body == b"I"
    is_load_refusal(only_error(answers), "queue_timeout")
    client.send(messages.extended("SELECT 1") + messages.sync())
    answers = client.read_until("Z")
    assert [part.type for part in answers] == ["E", "Z"]
    is_load_refusal(only_error(answers), "queue_timeout")
    holder.execute("COMMIT")
    assert client.value("SELECT 4") == "4"
    assert daemon.metrics().value("pgweir_refusals_total", reason="queue_timeout") == 2


@pytest.mark.parametrize("protocol", ["simple", "extended"])
def test_a_rollback_of_nothing_is_not_refused(full_pool, protocol):
    """Drivers send it behind any error, and its own would hide that one."""
    daemon, _ = full_pool({"timeouts": {"query_wait_timeout": "200ms"}})
    client = RawClient(daemon.port)
    assert client.login() is None
    client.send(messages.query("ROLLBACK") if protocol == "simple" else messages.extended("ROLLBACK") + messages.sync())
    answers = client.read_until("Z")
    assert shape(answers) == ("NCZ" if protocol == "simple" else "12nNCZ") and answers[-1].body == b"I"
    assert answers[-3].fields()["C"] == "25P01"
    assert only_error(client.query("SELECT 1"))["C"] == "53300"


def test_a_full_queue_refuses_at_once(full_pool):
    daemon, holder = full_pool({"limits": {"max_waiting": 1}})
    waiter = RawClient(daemon.port)
    assert waiter.login() is None
    waiter.send(messages.query("SELECT 'waited'"))
    wait_until(lambda: daemon.health()[1]["waiting"] == 1, "one client waits")
    client = RawClient(daemon.port)
    assert client.login() is None
    is_load_refusal(only_error(client.query("SELECT 1")), "queue_full")
    holder.execute("COMMIT")
    assert waiter.read_until("Z")[1].values() == [b"waited"]
    assert client.value("SELECT 5") == "5"


def test_psycopg_keeps_its_connection(full_pool):
    daemon, holder = full_pool({"timeouts": {"query_wait_timeout": "200ms"}})
    with psycopg.connect(daemon.dsn(), autocommit=True) as client:
        with pytest.raises(psycopg.errors.TooManyConnections) as caught:
            client.execute("SELECT 1")
        assert caught.value.diag.message_hint and "reason=queue_timeout" in caught.value.diag.message_detail
        assert not client.closed
        holder.execute("COMMIT")
        assert client.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("driver", ["pg", "postgres"])
def test_javascript_drivers_see_the_code(full_pool, driver):
    """postgres.js first asks for types by itself, and would end its process if that were refused."""
    daemon, _ = full_pool({"timeouts": {"query_wait_timeout": "200ms"}})
    error = probe(driver, daemon, "SELECT 1")["error"]
    assert error["code"] == "53300" and "reason=queue_timeout" in error["detail"]


def test_everybody_in_the_queue_is_served(pool, cluster, role):
    daemon = pool(2)
    served = []

    def client(number):
        with psycopg.connect(daemon.dsn(), autocommit=True, prepare_threshold=None) as connection:
            for _ in range(5):
                assert connection.execute(f"SELECT pg_sleep(0.005), {number}").fetchone()[1] == number
            served.append(number)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(served) == list(range(40))
    assert cluster.logins(role) == 2


def test_health_counts_who_waits(full_pool):
    daemon, holder = full_pool({})
    waiters = [RawClient(daemon.port) for _ in range(3)]
    for waiter in waiters:
        assert waiter.login() is None
        waiter.send(messages.query("SELECT 1"))
    wait_until(lambda: daemon.health()[1]["waiting"] == 3, "three clients wait")
    health = daemon.health()[1]
    assert health["pool_full"] is True and health["connection_usage"] == "1/1" and health["usage_percentage"] == "100.0%"
    holder.execute("COMMIT")
    for waiter in waiters:
        assert [part.type for part in waiter.read_until("Z")] == list("TDCZ")
