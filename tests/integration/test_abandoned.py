"""Clients that vanish cost no server: what they left is cancelled, rolled back and reused."""

import signal
import subprocess

import psycopg
import pytest

from harness import messages
from harness.programs import clean_environment, pgbench_command
from harness.raw_client import RawClient
from harness.wait import wait_until

# What the doomed clients are in the middle of. Together they leave transactions, locks, cursors, temporary state.
SCRIPTS = {
    "in_transaction": "BEGIN;\nUPDATE abandoned SET touched = touched + 1 WHERE id = :client_id % 20;\n"
                      "SELECT pg_advisory_xact_lock_shared(7);\n\\sleep 60 s\nCOMMIT;\n",
    "in_query": "SELECT pg_sleep(60);\n",
    "in_transaction_and_query": "BEGIN;\nSET LOCAL work_mem = '123kB';\nSELECT pg_sleep(60);\nCOMMIT;\n",
    "in_result": "SELECT repeat('x', 1000) FROM generate_series(1, 200000), pg_sleep(0);\n",
}


@pytest.fixture
def table(cluster):
    cluster.execute("DROP TABLE IF EXISTS abandoned", "CREATE TABLE abandoned (id int PRIMARY KEY, touched int)",
                    "INSERT INTO abandoned SELECT i, 0 FROM generate_series(0, 19) i", "GRANT ALL ON abandoned TO PUBLIC")
    yield
    cluster.execute("DROP TABLE abandoned")


def start_clients(daemon, script, count):
    path = f"{daemon.directory}/{script}.sql"
    with open(path, "w") as file:
        file.write(SCRIPTS[script])
    return subprocess.Popen(pgbench_command(daemon.dsn(), "-f", path, "-c", count, "-T", 120), env=clean_environment(),
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def busy(cluster, role):
    return [state for state in cluster.states(role) if state != "idle"]


def locks(cluster, role):
    return cluster.rows("SELECT locktype, mode FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE usename = %s", role.name)


def kill_round(cluster, role, daemon, scripts, count):
    """Starts `count` clients over these scripts, sees every server busy, kills all clients, sees every server idle."""
    clients = [start_clients(daemon, script, count // len(scripts)) for script in scripts]
    try:
        wait_until(lambda: len(busy(cluster, role)) == 10, "all ten servers are busy")
        assert all(client.poll() is None for client in clients)
    finally:
        for client in clients:
            client.send_signal(signal.SIGKILL)
            client.wait()
    wait_until(lambda: cluster.states(role) == ["idle"] * 10, "all ten servers are idle", deadline=30)
    assert locks(cluster, role) == []
    wait_until(lambda: daemon.health()[1]["checked_out"] == 0, "nothing is leased", deadline=30)


def warm_up(cluster, role, daemon):
    """Makes the pool open all its servers; returns their process ids."""
    holders = [psycopg.connect(daemon.dsn(), autocommit=True) for _ in range(10)]
    for holder in holders:
        holder.execute("BEGIN")
        holder.execute("SELECT 1")
    pids = [pid for pid, _, _ in cluster.sessions(role)]
    for holder in holders:
        holder.execute("COMMIT")
        holder.close()
    assert len(pids) == 10
    return pids


def leftovers(daemon):
    """What ten clients at once find on the ten servers: none may see anything of those before."""
    clients = [psycopg.connect(daemon.dsn()) for _ in range(10)]
    found = [client.execute("SELECT current_setting('work_mem'), (SELECT count(*) FROM pg_cursors),"
                            " (SELECT sum(touched) FROM abandoned)").fetchone() for client in clients]
    for client in clients:
        client.close()
    return set(found)


@pytest.mark.long
def test_200_killed_clients_cost_no_server(pool, cluster, role, table, size):
    daemon = pool(10)
    pids = warm_up(cluster, role, daemon)
    logins = cluster.logins(role)
    clean = leftovers(daemon)
    assert len(clean) == 1
    kinds = list(SCRIPTS)
    for number in range(size(1, 4, 20)):
        chosen = kinds if number % 2 else [kinds[number // 2 % len(kinds)]]
        if chosen == ["in_result"]:
            chosen = ["in_result", "in_query"]   # results alone end, and a server is idle between two of them
        kill_round(cluster, role, daemon, chosen, 200)
        assert leftovers(daemon) == clean
    assert [pid for pid, _, _ in cluster.sessions(role)] == pids
    assert cluster.logins(role) == logins
    assert daemon.metrics().value("pgweir_recovered_servers_total") >= 10


@pytest.mark.parametrize("script", list(SCRIPTS))
def test_one_killed_client_is_cleaned_up(pool, cluster, role, table, script):
    daemon = pool(1)
    with psycopg.connect(daemon.dsn()) as client:
        client.execute("SELECT 1")
    pid = cluster.sessions(role)[0][0]
    client = start_clients(daemon, script, 1)
    wait_until(lambda: busy(cluster, role), "the server is busy")
    client.send_signal(signal.SIGKILL)
    client.wait()
    with psycopg.connect(daemon.dsn()) as successor:
        assert successor.execute("SELECT pg_backend_pid(), current_setting('work_mem')").fetchone() == (pid, "4MB")
    assert cluster.logins(role) == 1


def test_what_was_not_synced_is_not_committed(pool, cluster, role, table):
    daemon = pool(1)
    client = RawClient(daemon.port)
    assert client.login() is None
    client.send(messages.extended("UPDATE abandoned SET touched = 5") + messages.flush())
    client.read_until("C")
    client.close()
    with psycopg.connect(daemon.dsn()) as successor:
        assert successor.execute("SELECT max(touched) FROM abandoned").fetchone() == (0,)


@pytest.mark.parametrize("behind", [b"", messages.flush()], ids=["nothing", "Flush"])
def test_who_leaves_between_extended_messages_costs_no_server(pool, cluster, role, behind):
    daemon = pool(1)
    client = RawClient(daemon.port)
    assert client.login() is None
    backend = client.value("SELECT pg_backend_pid()")
    client.send(messages.parse("SET work_mem = '13MB'", "left") + messages.bind(statement="left") + messages.execute() + behind)
    wait_until(lambda: any("13MB" in query for _, _, query in cluster.sessions(role)), "it has come to the server")
    client.close()
    with psycopg.connect(daemon.dsn(), autocommit=True) as other:
        assert other.execute("SELECT pg_backend_pid()::text, current_setting('work_mem')").fetchone() == (backend, "4MB")


def test_a_waiter_that_vanishes_leaves_the_queue(pool, cluster, role):
    daemon = pool(1)
    holder = psycopg.connect(daemon.dsn(), autocommit=True)
    holder.execute("BEGIN")
    holder.execute("SELECT 1")
    waiters = start_clients(daemon, "in_query", 5)
    wait_until(lambda: daemon.health()[1]["waiting"] == 5, "five clients wait")
    waiters.send_signal(signal.SIGKILL)
    waiters.wait()
    wait_until(lambda: daemon.health()[1]["waiting"] == 0, "nobody waits")
    holder.execute("COMMIT")
    assert holder.execute("SELECT 1").fetchone() == (1,)
    holder.close()
