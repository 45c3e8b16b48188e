"""What the metrics say about what was done."""

import psycopg

from harness.wait import wait_until


def test_transactions_statements_and_bytes_are_counted(pool):
    daemon = pool(2)
    with psycopg.connect(daemon.dsn(), autocommit=True, prepare_threshold=None) as client:
        for _ in range(10):
            client.execute("SELECT 1")
        client.execute("BEGIN")
        client.execute("SELECT 1")
        client.execute("SELECT 1")
        metrics = daemon.metrics()
        assert metrics.value("pgweir_transactions_total", database="app") == 10
        client.execute("COMMIT")
    wait_until(lambda: daemon.metrics().value("pgweir_transactions_total", database="app") >= 11, "all are counted")
    metrics = daemon.metrics()
    assert metrics.value("pgweir_transactions_total", database="app") == 11
    assert metrics.value("pgweir_statements_total", database="app") == 14
    assert metrics.value("pgweir_server_assignments_total", database="app") == 11
    for name in ("pgweir_client_received_bytes_total", "pgweir_client_sent_bytes_total",
                 "pgweir_server_received_bytes_total", "pgweir_server_sent_bytes_total"):
        assert metrics.value(name, database="app") > 100, name


def test_clients_and_servers_by_state(pool):
    daemon = pool(2)
    with psycopg.connect(daemon.dsn(), autocommit=True) as idle, psycopg.connect(daemon.dsn(), autocommit=True) as active:
        idle.execute("SELECT 1")
        active.execute("BEGIN")
        active.execute("SELECT 1")
        metrics = daemon.metrics()
        assert metrics.value("pgweir_clients", database="app", state="idle") == 1
        assert metrics.value("pgweir_clients", database="app", state="active") == 1
        assert metrics.value("pgweir_servers", database="app", state="leased") == 1
        assert metrics.value("pgweir_pool_size", database="app") == 2
        active.execute("COMMIT")

    def all_gone():
        metrics = daemon.metrics()
        return metrics.value("pgweir_clients", database="app") == 0 and metrics.value("pgweir_servers", state="leased") == 0
    wait_until(all_gone, "no client is left")


def test_histograms_are_complete(pool):
    daemon = pool(1)
    with psycopg.connect(daemon.dsn(), autocommit=True) as client:
        client.execute("SELECT 1")
    # The answer is sent first and counted after.
    wait_until(lambda: daemon.metrics().value("pgweir_transaction_duration_seconds_count") == 1, "it is counted")
    metrics = daemon.metrics()
    for name in ("pgweir_queue_wait_seconds", "pgweir_transaction_duration_seconds", "pgweir_login_duration_seconds"):
        assert metrics.value(name + "_count") >= 1, name
        assert metrics.value(name + "_bucket", le="+Inf") == metrics.value(name + "_count"), name
        assert metrics.value(name + "_sum") >= 0, name


def test_failed_logins_are_counted(pool):
    daemon = pool(1)
    psycopg.connect(daemon.dsn()).close()
    for _ in range(3):
        try:
            psycopg.connect(daemon.dsn(password="wrong"))
        except psycopg.OperationalError:
            pass
    metrics = daemon.metrics()
    assert metrics.value("pgweir_logins_total", outcome="authentication_failed") == 3
    assert metrics.value("pgweir_logins_total", outcome="accepted") == 1
