"""A cancel request ends the query it is meant for, and no other."""

import signal
import subprocess
import threading

import psycopg
import pytest

from harness import messages
from harness.node import outcome, start_probe
from harness.programs import clean_environment
from harness.raw_client import RawClient, only_error
from harness.wait import wait_until


def active(cluster, role, text="pg_sleep"):
    return [pid for pid, state, query in cluster.sessions(role) if state == "active" and text in query]


def test_psql_interrupted(pool, cluster, role):
    daemon = pool(2)
    psql = subprocess.Popen(["psql", "-X", "-d", daemon.dsn(), "-c", "SELECT pg_sleep(60)"], env=clean_environment(),
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: active(cluster, role), "the query runs")
    psql.send_signal(signal.SIGINT)
    _, errors = psql.communicate(timeout=30)
    assert "canceling statement due to user request" in errors


def test_psycopg_cancel(pool, cluster, role):
    daemon = pool(2)
    with psycopg.connect(daemon.dsn(), autocommit=True) as client:
        wait_and_cancel = threading.Thread(
            target=lambda: (wait_until(lambda: active(cluster, role), "the query runs"), client.cancel()))
        wait_and_cancel.start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            client.execute("SELECT pg_sleep(60)")
        wait_and_cancel.join()
        assert client.execute("SELECT 1").fetchone() == (1,)


def test_postgres_js_cancel(pool, cluster, role):
    daemon = pool(2)
    process = start_probe("postgres", daemon, "SELECT pg_sleep(60)", "cancel")
    wait_until(lambda: active(cluster, role), "the query runs")
    process.stdin.write("now\n")
    process.stdin.flush()
    assert outcome(process)["error"]["code"] == "57014"


def cancel(daemon, pid, key):
    """Sends a cancel request and waits until the proxy has taken it."""
    canceller = RawClient(daemon.port)
    canceller.send(messages.cancel_request(pid, key))
    assert canceller.read_to_end() == []
    canceller.close()


def test_a_waiting_client_is_cancelled_without_a_server(pool, cluster, role):
    daemon = pool(1)
    with psycopg.connect(daemon.dsn(), autocommit=True) as holder:
        holder.execute("BEGIN")
        holder.execute("SELECT 1")
        waiter = RawClient(daemon.port)
        assert waiter.login() is None
        waiter.send(messages.query("SELECT 1"))
        wait_until(lambda: daemon.health()[1]["waiting"] == 1, "a client waits")
        cancel(daemon, waiter.pid, waiter.key)
        assert only_error(waiter.read_until("Z"))["C"] == "57014"
        assert holder.execute("SELECT 2").fetchone() == (2,)
        holder.execute("COMMIT")
        assert waiter.value("SELECT 3") == "3"


@pytest.mark.parametrize("forge", ["key", "pid", "length"])
def test_a_wrong_key_cancels_nothing(pool, cluster, role, forge):
    daemon = pool(1)
    victim = RawClient(daemon.port)
    assert victim.login() is None
    pid, key = victim.pid, victim.key
    if forge == "key":
        key = bytes([key[0] ^ 1]) + key[1:]
    elif forge == "pid":
        pid ^= 1
    else:
        key = key[:-1]
    with cluster.connect() as holder:
        holder.execute("SELECT pg_advisory_lock(42)")
        victim.send(messages.query("SELECT pg_advisory_xact_lock_shared(42), 'done'"))
        wait_until(lambda: active(cluster, role, "advisory"), "the query runs")
        cancel(daemon, pid, key)
    assert [part.type for part in victim.read_until("Z")] == list("TDCZ")


def test_an_idle_client_is_not_cancelled_later(pool):
    daemon = pool(1)
    client = RawClient(daemon.port)
    assert client.login() is None
    for _ in range(50):
        assert client.value("SELECT 1") == "1"
        cancel(daemon, client.pid, client.key)
    assert client.value("SELECT pg_sleep(0.2)::text || 'x'") == "x"


def test_a_server_under_cancel_is_given_to_nobody_else(pool, cluster, role, size):
    """Clients that cancel themselves as they finish, beside others that never do: no other sees 57014."""
    daemon = pool(2)
    stop = threading.Event()
    failures, rounds = [], []

    def bystander():
        try:
            with psycopg.connect(daemon.dsn(), autocommit=True, prepare_threshold=None) as client:
                while not stop.is_set():
                    client.execute("SELECT pg_sleep(0.002)")
                    rounds.append(1)
        except psycopg.Error as error:
            failures.append(error)

    def suicidal():
        client = RawClient(daemon.port)
        assert client.login() is None
        for number in range(size(50, 200, 2000)):
            client.send(messages.query(f"SELECT pg_sleep({number % 5} * 0.001)"))
            cancel(daemon, client.pid, client.key)
            answers = client.read_until("Z")
            codes = [part.fields()["C"] for part in answers if part.type == "E"]
            if codes not in ([], ["57014"]):
                failures.append(answers)
        client.terminate()

    bystanders = [threading.Thread(target=bystander) for _ in range(6)]
    cancellers = [threading.Thread(target=suicidal) for _ in range(2)]
    for thread in bystanders + cancellers:
        thread.start()
    for thread in cancellers:
        thread.join()
    stop.set()
    for thread in bystanders:
        thread.join()
    assert failures == []
    assert len(rounds) > 0
    assert cluster.logins(role) <= 2


def test_the_3_2_key_is_longer(pool, cluster, role):
    daemon = pool(1)
    client = RawClient(daemon.port)
    assert client.login(minor=2) is None
    assert len(client.key) == 32
    client.send(messages.query("SELECT pg_sleep(60)"))
    wait_until(lambda: active(cluster, role), "the query runs")
    cancel(daemon, client.pid, client.key)
    assert only_error(client.read_until("Z"))["C"] == "57014"
