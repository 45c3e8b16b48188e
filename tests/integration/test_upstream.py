"""DSNs of all kinds, and upstreams that cannot be reached."""

import psycopg
import pytest

from harness.daemon import NO_BREAKER
from harness.ports import free_port
from harness.wait import wait_until


def serves(daemon):
    with psycopg.connect(daemon.dsn()) as client:
        assert client.execute("SELECT 1").fetchone() == (1,)
        return client.execute("SELECT coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)").fetchone()[0]


def start(start_pgweir, dsn, changes=None):
    return start_pgweir({**NO_BREAKER, "databases": {"app": {"dsn": dsn}}, **(changes or {})})


def test_key_value_dsn(start_pgweir, role):
    assert not serves(start(start_pgweir, role.conninfo()))


def test_verify_full(start_pgweir, role, cluster):
    dsn = role.uri(host="localhost", sslmode="verify-full", sslrootcert=cluster.certificates.ca)
    assert serves(start(start_pgweir, dsn))


def test_a_certificate_nobody_vouches_for_is_refused(start_pgweir, role, cluster):
    dsn = role.uri(host="localhost", sslmode="verify-full", sslrootcert="system")
    daemon = start(start_pgweir, dsn.replace("&sslrootcert=system", "&sslrootcert=/etc/hostname"),
                   {"timeouts": {"query_wait_timeout": "2s"}})
    with pytest.raises(psycopg.OperationalError):
        serves(daemon)
    assert cluster.logins(role) == 0


def test_md5(start_pgweir, cluster):
    role = cluster.make_role(group="md5_logins", encryption="md5")
    assert not serves(start(start_pgweir, role.uri()))


def test_clear_password_over_tls(start_pgweir, cluster):
    role = cluster.make_role(group="clear_logins")
    assert serves(start(start_pgweir, role.uri(host="localhost", sslmode="verify-full", sslrootcert=cluster.certificates.ca)))


def test_several_hosts(start_pgweir, role):
    dsn = role.conninfo(host="127.0.0.1,127.0.0.1", port=f"{free_port()},{role.port}")
    assert not serves(start(start_pgweir, dsn))


def test_secrets_from_the_environment(start_pgweir, role):
    daemon = start_pgweir({**NO_BREAKER, "databases": {"app": {"dsn": "${TEST_DSN}"}}}, environment={"TEST_DSN": role.uri()})
    assert not serves(daemon)
    assert role.password not in daemon.log()


def test_tls_upstream_carries_load_and_dies_well(start_pgweir, role, cluster):
    dsn = role.uri(host="localhost", sslmode="verify-full", sslrootcert=cluster.certificates.ca)
    daemon = start(start_pgweir, dsn, {"limits": {"pool_size": 2}})
    with psycopg.connect(daemon.dsn(), autocommit=True) as client:
        rows = client.execute("SELECT repeat(md5(i::text), 200) FROM generate_series(1, 2000) i").fetchall()
        assert sum(len(row[0]) for row in rows) == 2000 * 6400
        client.execute("BEGIN")
        client.execute("SELECT 1")
        cluster.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", role.name)
        wait_until(lambda: cluster.states(role) == [], "the server is gone")
        with pytest.raises(psycopg.OperationalError) as caught:
            client.execute("SELECT 2")
        assert caught.value.sqlstate == "08006"
        client.execute("ROLLBACK")
        assert client.execute("SELECT 3").fetchone() == (3,)


def test_a_wrong_upstream_password_is_told_and_tried_seldom(start_pgweir, role, cluster):
    before = cluster.log().count(f'password authentication failed for user "{role.name}"')
    daemon = start(start_pgweir, role.uri().replace(role.password, "wrong"), {"timeouts": {"query_wait_timeout": "2s"}})
    for _ in range(5):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(daemon.dsn(connect_timeout=10))
    tries = cluster.log().count(f'password authentication failed for user "{role.name}"') - before
    assert 1 <= tries <= 3
    assert "wrong" not in daemon.log().replace("wrong password", "")


def test_an_unreachable_database_is_told(start_pgweir):
    daemon = start(start_pgweir, f"postgresql://app:x@127.0.0.1:{free_port()}/app?sslmode=disable",
                   {"timeouts": {"query_wait_timeout": "2s"}})
    with pytest.raises(psycopg.OperationalError) as caught:
        psycopg.connect(daemon.dsn())
    assert "reason=" in str(caught.value) and "HINT" in str(caught.value)


def test_a_ceiling_below_the_pool_size_is_never_seen_by_clients(start_pgweir, cluster):
    role = cluster.make_role(connection_limit=3)
    daemon = start(start_pgweir, role.uri(), {"limits": {"pool_size": 10}})
    clients = [psycopg.connect(daemon.dsn(), autocommit=True) for _ in range(3)]
    for client in clients:
        client.execute("BEGIN")
        client.execute("SELECT 1")
    waiter = psycopg.connect(daemon.dsn(), autocommit=True)
    refused = len(cluster.refusals())
    clients[0].execute("COMMIT")
    for _ in range(3):
        assert waiter.execute("SELECT 1").fetchone() == (1,)
    for client in clients:
        client.close()
    waiter.close()
    assert len(cluster.refusals()) - refused <= 2
