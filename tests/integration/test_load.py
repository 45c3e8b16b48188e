"""Many clients through few servers: no errors for clients, no connection too many for PostgreSQL."""

import subprocess

import pytest

from harness.daemon import NO_BREAKER
from harness.programs import clean_environment, pgbench, pgbench_command, run

pytestmark = pytest.mark.long


@pytest.fixture
def bench_pool(cluster, bench_database, start_pgweir):
    """A daemon in front of a role with ten connections in the bench database."""
    role = cluster.make_role(connection_limit=10, database=bench_database)
    certificates = cluster.certificates

    def start(**sections):
        return start_pgweir({
            **NO_BREAKER, "limits": {"pool_size": 10}, "databases": {"app": {"dsn": role.uri()}},
            "listen": {"tls": {"certificate": certificates.certificate, "private_key": certificates.private_key}},
            **sections})
    start.role = role
    return start


@pytest.mark.parametrize("mode", ["simple", "extended"])
def test_300_clients_share_ten_servers(bench_pool, cluster, size, mode):
    daemon = bench_pool()
    refused = len(cluster.refusals())
    result = pgbench(daemon.dsn(), "-S", "-M", mode, "-c", 300, "-j", 2, "-T", size(4, 8, 30))
    assert result.transactions > 300
    assert len(cluster.refusals()) == refused
    assert cluster.logins(bench_pool.role) <= 10


@pytest.mark.parametrize("sslmode", ["disable", "require"])
def test_a_connection_per_transaction(bench_pool, cluster, size, sslmode):
    daemon = bench_pool()
    refused = len(cluster.refusals())
    result = pgbench(daemon.dsn(sslmode=sslmode), "-S", "-C", "-c", 50, "-j", 2, "-T", size(4, 8, 30))
    assert result.transactions > 50
    assert len(cluster.refusals()) == refused
    assert cluster.logins(bench_pool.role) <= 10


def test_writing_transactions_keep_their_sums(bench_pool, cluster, bench_database, size):
    daemon = bench_pool()
    result = pgbench(daemon.dsn(), "-c", 100, "-j", 2, "-T", size(4, 8, 30), "-b", "tpcb-like")
    assert result.transactions > 100
    sums = cluster.rows("SELECT (SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(tbalance) FROM pgbench_tellers),"
                        " (SELECT sum(bbalance) FROM pgbench_branches)", database=bench_database)[0]
    assert sums[0] == sums[1] == sums[2]


def test_two_databases_at_once(cluster, bench_database, start_pgweir, size):
    roles = [cluster.make_role(connection_limit=10, database=bench_database) for _ in range(2)]
    daemon = start_pgweir({**NO_BREAKER, "limits": {"pool_size": 10},
                           "databases": {"one": {"dsn": roles[0].uri()}, "two": {"dsn": roles[1].uri()}}})
    refused = len(cluster.refusals())
    other = subprocess.Popen(
        pgbench_command(daemon.dsn(dbname="two"), "-S", "-M", "extended", "-c", 150, "-T", size(4, 8, 30)),
        env=clean_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    pgbench(daemon.dsn(dbname="one"), "-S", "-c", 150, "-T", size(4, 8, 30))
    output, _ = other.communicate(timeout=120)
    assert other.returncode == 0 and "number of failed transactions: 0" in output, output
    assert len(cluster.refusals()) == refused
    assert all(0 < cluster.logins(role) <= 10 for role in roles)


def test_metrics_are_well_formed_during_load_and_drain(bench_pool):
    daemon = bench_pool()
    load = subprocess.Popen(pgbench_command(daemon.dsn(), "-S", "-c", 20, "-T", 20), env=clean_environment(),
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        promtool_is_content(daemon)
        with start_transaction(daemon) as client:
            daemon.terminate()
            client.execute("SELECT 1")
            promtool_is_content(daemon)
            client.execute("COMMIT")
    finally:
        load.kill()
        load.communicate()


def start_transaction(daemon):
    import psycopg
    connection = psycopg.connect(daemon.dsn(), autocommit=True)
    connection.execute("BEGIN")
    connection.execute("SELECT 1")
    return connection


def promtool_is_content(daemon):
    text = daemon.metrics().text
    assert "# HELP pgweir_" in text
    path = daemon.path + ".metrics"
    with open(path, "w") as file:
        file.write(text)
    with open(path) as file:
        result = run("promtool", "check", "metrics", stdin=file)
    assert result.returncode == 0 and not result.stdout + result.stderr, result.stdout + result.stderr
