"""Exporters made for PgBouncer, on the admin console. Needs the console: database `pgbouncer`, a user with `stats: true`,
SHOW DATABASES, STATS, STATS_TOTALS, POOLS, LISTS, CONFIG and VERSION with PgBouncer's columns.

Debian's prometheus-pgbouncer-exporter 1.7 asks STATS for `total_requests` and DATABASES for `reserve_pool`, which PgBouncer itself
has no more; what of it works on a PgBouncer of today, its collectors of POOLS and LISTS, is run here as it is. For the exporter of
the Prometheus community, which Debian does not have, its SHOWs are asked with the columns that it reads.
"""

import psycopg2
import pytest

EXPORTER_USER = {"exporter": {"password": "metrics", "stats": True}}

# Of each SHOW the columns that the community's exporter reads, and the family that /metrics has natively for each.
COLUMNS = {
    "POOLS": ("pgbouncer_pools_", {
        "cl_active": "client_active_connections", "cl_waiting": "client_waiting_connections",
        "cl_active_cancel_req": "client_active_cancel_connections", "cl_waiting_cancel_req": "client_waiting_cancel_connections",
        "sv_active": "server_active_connections", "sv_active_cancel": "server_active_cancel_connections",
        "sv_being_canceled": "server_being_canceled_connections", "sv_tested": "server_testing_connections", "sv_login": "server_login_connections"}),
    "STATS": ("pgbouncer_stats_", {
        "total_query_count": "queries_pooled_total", "total_received": "received_bytes_total", "total_sent": "sent_bytes_total",
        "total_xact_count": "sql_transactions_pooled_total", "total_client_parse_count": "client_parses_total",
        "total_server_parse_count": "server_parses_total",
        "total_server_assignment_count": "server_assignments_total"}),
    "DATABASES": ("pgbouncer_databases_", {
        "pool_size": "pool_size", "max_connections": "max_connections", "current_connections": "current_connections",
        "paused": "paused", "disabled": "disabled"}),
}
# Not those of clients: the console does not count itself.
LISTS = {"databases": "pgbouncer_databases", "users": "pgbouncer_users", "pools": "pgbouncer_pools",
         "login_clients": "pgbouncer_login_clients", "used_servers": "pgbouncer_used_servers", "free_servers": "pgbouncer_free_servers", "dns_names": "pgbouncer_cached_dns_names",
         "dns_zones": "pgbouncer_cached_dns_zones", "dns_queries": "pgbouncer_in_flight_dns_queries"}


@pytest.fixture
def daemon(pool):
    """One with an idle server, after a transaction."""
    daemon = pool(3, {"users": EXPORTER_USER})
    with psycopg2.connect(daemon.dsn()) as client, client.cursor() as cursor:
        cursor.execute("SELECT 1")
    client.close()
    return daemon


@pytest.fixture
def console(daemon):
    """As lib/pq connects: with extra_float_digits in the startup packet."""
    dsn = daemon.dsn(user="exporter", password="metrics", dbname="pgbouncer", options="-c extra_float_digits=2")
    connection = psycopg2.connect(dsn)
    connection.set_session(autocommit=True)
    yield connection
    connection.close()


def show(console, what):
    with console.cursor() as cursor:
        cursor.execute(f"SHOW {what};")
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]


@pytest.mark.parametrize("what", COLUMNS)
def test_the_console_and_the_native_families_say_the_same(daemon, console, what):
    prefix, columns = COLUMNS[what]
    rows = [row for row in show(console, what) if (row.get("name") or row["database"]) == "app"]
    assert len(rows) == 1, rows
    label = "name" if what == "DATABASES" else "database"
    metrics = daemon.metrics()
    for column, name in columns.items():
        assert float(rows[0][column]) == metrics.value(prefix + name, **{label: "app"}), column
    if what == "POOLS":
        # The console looks at each server's age to tell used ones from idle ones.
        idle = float(rows[0]["sv_idle"]) + float(rows[0]["sv_used"])
        assert idle == metrics.value("pgbouncer_pools_server_idle_connections", database="app")


def test_lists_and_configuration(daemon, console):
    lists = {row["list"]: int(row["items"]) for row in show(console, "LISTS")}
    metrics = daemon.metrics()
    for name, family in LISTS.items():
        assert lists[name] == metrics.value(family), name
    config = {row["key"]: row["value"] for row in show(console, "CONFIG")}
    assert float(config["max_client_conn"]) == metrics.value("pgbouncer_config_max_client_connections")
    assert len(show(console, "VERSION")) == 1
    assert show(console, "STATS_TOTALS")


def test_debians_exporter_reads_pools_and_lists(console):
    collectors = pytest.importorskip("prometheus_pgbouncer_exporter.collectors",
                                     reason="needs Debian's prometheus-pgbouncer-exporter")
    pools = {family.name: family.samples for family in collectors.PoolsCollector(connection=console, databases=["app"]).collect()}
    assert [float(sample.value) for sample in pools["pgbouncer_waiting_clients"]] == [0]
    assert pools["pgbouncer_active_clients"][0].labels["database"] == "app"
    lists = {family.name: family.samples[0].value for family in collectors.ListsCollector(connection=console).collect()}
    assert float(lists["pgbouncer_pools"]) >= 1
