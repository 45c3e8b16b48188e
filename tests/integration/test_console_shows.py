"""What the console shows: PgBouncer's columns to the letter, our own, and never a secret."""

import time

import psycopg
import pytest

from harness.console import CONSOLE_USERS, STATS, Console
from harness.daemon import PASSWORD
from harness.raw_client import RawClient
from harness.wait import wait_until

# PgBouncer's columns, in order.
CONNECTION = """type user database replication state addr port local_addr local_port connect_time request_time wait wait_us
    close_needed ptr link remote_pid tls application_name prepared_statements id"""
TOTALS = """server_assignment_count xact_count query_count bytes_received bytes_sent xact_time query_time wait_time
    client_parse_count server_parse_count bind_count client_login_count"""
COLUMNS = {
    "POOLS": """database user cl_active cl_waiting cl_active_cancel_req cl_waiting_cancel_req sv_active sv_active_cancel
        sv_being_canceled sv_idle sv_used sv_tested sv_login maxwait maxwait_us pool_mode load_balance_hosts""",
    "STATS": """database total_server_assignment_count total_xact_count total_query_count total_received total_sent
        total_xact_time total_query_time total_wait_time total_client_parse_count total_server_parse_count total_bind_count
        total_client_login_count avg_server_assignment_count avg_xact_count avg_query_count avg_recv avg_sent avg_xact_time
        avg_query_time avg_wait_time avg_client_parse_count avg_server_parse_count avg_bind_count avg_client_login_count""",
    "STATS_TOTALS": "database " + TOTALS,
    "STATS_AVERAGES": "database " + TOTALS,
    "LISTS": "list items",
    "DATABASES": """name host port database force_user pool_size min_pool_size reserve_pool_size server_lifetime pool_mode
        load_balance_hosts max_connections current_connections max_client_connections current_client_connections paused disabled""",
    "CLIENTS": CONNECTION,
    "SERVERS": CONNECTION,
    "USERS": """name pool_size reserve_pool_size pool_mode max_user_connections current_connections
        max_user_client_connections current_client_connections""",
    "CONFIG": "key value default changeable",
    "VERSION": "version",
    "STATE": "key value",
    "PEERS": "peer_id host port pool_size",
    "MEM": "name size used free memtotal",
}
LISTS = """databases users peers pools peer_pools free_clients used_clients login_clients free_servers used_servers dns_names
    dns_zones dns_queries dns_pending"""
OTHERS = ["TOTALS", "SOCKETS", "ACTIVE_SOCKETS", "DNS_HOSTS", "DNS_ZONES", "PEER_POOLS", "FDS", "HOLDERS", "QUEUE", "PINS",
          "BREAKER", "UPSTREAM", "FLOWS", "EVENTS", "DAEMON"]


@pytest.fixture
def console(pool):
    daemon = pool(4, CONSOLE_USERS)
    console = Console(daemon)
    yield daemon, console
    console.close()


@pytest.mark.parametrize("show", COLUMNS)
def test_columns_are_those_of_pgbouncer(console, show):
    assert console[1].columns(f"SHOW {show}") == COLUMNS[show].split()


def test_lists_are_those_of_pgbouncer(console):
    assert [row["list"] for row in console[1]("SHOW LISTS")] == LISTS.split()


@pytest.mark.parametrize("protocol", ["simple", "extended"])
def test_no_show_has_a_secret_or_a_constant(console, role, protocol):
    daemon, show = console
    with psycopg.connect(daemon.dsn(), autocommit=True) as client:
        client.execute("BEGIN")
        client.execute("SELECT 'hunter2', %s" if protocol == "extended" else "SELECT 'hunter2'",
                       ("hunter3",) if protocol == "extended" else None)
        for name in [*COLUMNS, *OTHERS]:
            text = repr(show(f"SHOW {name}"))
            for secret in ("hunter2", "hunter3", PASSWORD, role.password):
                assert secret not in text, (name, text)
        client.execute("COMMIT")


def test_holders_are_those_of_pg_stat_activity(console, cluster):
    daemon, show = console
    clients = [psycopg.connect(daemon.dsn(application_name=f"app{i}"), autocommit=True) for i in range(3)]
    for client in clients:
        client.execute("BEGIN")
        client.execute("SELECT count(*) FROM pg_class WHERE relname = 'x'")
    holders = {row["application_name"]: row for row in show("SHOW HOLDERS")}
    assert set(holders) == {"app0", "app1", "app2"}
    pids = {row["backend_pid"] for row in holders.values()}
    busy = cluster.rows("SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction'")
    assert pids <= {int(row[0]) for row in busy}, (pids, busy)
    for row in holders.values():
        assert row["user"] == "lambda" and row["database"] == "app", row
        assert row["state"] == "idle in transaction", row
        assert row["statement"] == "SELECT count(*) FROM pg_class WHERE relname = ?", row
        assert row["transaction_age_ms"] >= 0 and len(row["digest"]) == 16, row
    for client in clients:
        client.execute("COMMIT")
        client.close()
    wait_until(lambda: show("SHOW HOLDERS") == [], "nobody holds a server")


def test_queue_and_flows_show_who_waits(pool):
    daemon = pool(1, CONSOLE_USERS)
    show = Console(daemon, STATS)
    holder = psycopg.connect(daemon.dsn(application_name="holder"), autocommit=True)
    holder.execute("BEGIN")
    holder.execute("SELECT 1")
    waiter = psycopg.connect(daemon.dsn(application_name="waiter"), autocommit=True)
    waiter.pgconn.send_query(b"SELECT 1")
    wait_until(lambda: show("SHOW QUEUE"), "somebody waits")
    (queued,) = show("SHOW QUEUE")
    assert (queued["application_name"], queued["user"], queued["database"]) == ("waiter", "lambda", "app")
    flows = {row["flow"]: row for row in show("SHOW FLOWS")}
    assert flows["lambda/holder"]["servers"] == 1 and flows["lambda/waiter"]["waiting"] == 1, flows
    (state,) = [row["state"] for row in show("SHOW CLIENTS") if row["application_name"] == "waiter"]
    assert state == "waiting"
    holder.execute("COMMIT")
    holder.close()
    waiter.close()
    show.close()


def test_pins_breaker_upstream_and_events(console):
    daemon, show = console
    with psycopg.connect(daemon.dsn(), autocommit=True) as client:
        client.execute("SELECT pg_advisory_lock(1)")
        wait_until(lambda: [pin["reason"] for pin in show("SHOW PINS")] == ["advisory_lock"], "it is known why")
        (pin,) = show("SHOW PINS")
        assert pin["user"] == "lambda" and pin["application_name"] == "", pin
        client.execute("SELECT pg_advisory_unlock(1)")
    (breaker,) = show("SHOW BREAKER")
    assert breaker["database"] == "app" and breaker["state"] == "closed" and breaker["forced"] == "no"
    (upstream,) = show("SHOW UPSTREAM")
    assert upstream["breaker"] == "closed" and upstream["logins_ok"] >= 1 and upstream["configured_size"] == 4
    events = [row["event"] for row in show("SHOW EVENTS")]
    assert "started" in events and "server_login" in events, events


def test_config_and_version(console):
    _, show = console
    config = {row["key"]: row for row in show("SHOW CONFIG")}
    assert config["max_client_conn"]["value"] == "10000" and config["databases.app.limits.pool_size"]["value"] == "4"
    assert config["listen.port"]["changeable"] == "no" and config["limits.max_client_conn"]["changeable"] == "yes"
    assert config["users.ops.password"]["value"] == "[secret]" and config["databases.app.dsn"]["value"] == "[secret]"
    assert show("SHOW VERSION")[0]["version"].startswith("pgweir ")


def connected(daemon):
    """Cheap, and not bound to the descriptors that select() can wait for."""
    client = RawClient(daemon.port)
    assert client.login() is None
    return client


def test_holders_are_shown_beside_many_clients(pool, size):
    """As the acceptance list has it at full size; the time is printed, not asserted on."""
    count = size(100, 500, 10_000)
    daemon = pool(4, {**CONSOLE_USERS, "limits": {"pool_size": 4, "max_client_conn": count + 10}})
    show = Console(daemon)   # before its descriptor is too large for select()
    clients = [connected(daemon) for _ in range(count)]
    clients[0].query("BEGIN")
    clients[0].query("SELECT 1")
    times = []
    for _ in range(20):
        begun = time.monotonic()
        assert len(show("SHOW HOLDERS")) == 1
        times.append(time.monotonic() - begun)
    print(f"SHOW HOLDERS beside {count} clients: median {sorted(times)[10] * 1000:.1f} ms, longest {max(times) * 1000:.1f} ms")
    assert len(show("SHOW CLIENTS")) == count
    for client in clients:
        client.close()
    show.close()
