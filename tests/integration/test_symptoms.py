"""The runbook's symptoms, caused on purpose: what it says to look at is there, and shows it; and is gone when it was mended."""

import dataclasses
import os
import shutil
import subprocess

import psycopg
import pytest

from harness.certificates import make_certificates
from harness.wait import wait_until

BREAKER = {"breaker": {"open_above": "80%", "close_below": "70%", "window": "100ms", "min_open": "100ms"}}


def connect(daemon, **options):
    return psycopg.connect(daemon.dsn(**options), autocommit=True)


def hold(daemon):
    """A client in a transaction, with a server."""
    client = connect(daemon)
    client.execute("BEGIN")
    client.execute("SELECT 1")
    return client


def shows(daemon, *words):
    """Waits for a line of the log that has all these words."""
    wait_until(lambda: any(all(word in line for word in words) for line in daemon.log().splitlines()), f"the log has {words}")


def value(daemon, name, **labels):
    return daemon.metrics().value(name, **labels)


def becomes(daemon, expected, name, **labels):
    wait_until(lambda: value(daemon, name, **labels) == expected, f"{name} {labels} becomes {expected}")


def test_a_full_pool_opens_the_breaker(pool):
    daemon = pool(1, BREAKER)
    assert value(daemon, "pgweir_breaker_enabled") == 1
    assert value(daemon, "pgweir_breaker_open_above_ratio") == 0.8
    client = hold(daemon)
    shows(daemon, "event=breaker_changed", "state=open")
    assert value(daemon, "pgweir_pool_usage_ratio") > 0.8 and value(daemon, "pgweir_breaker_state", state="open") == 1
    assert daemon.get("/health/db").status == 503
    with pytest.raises(psycopg.OperationalError, match="reason=breaker_open"):
        connect(daemon)
    assert value(daemon, "pgweir_refusals_total", reason="breaker_open") >= 1
    client.close()
    shows(daemon, "event=breaker_changed", "state=closed")
    assert daemon.get("/health/db").status == 200
    daemon.reload({"breaker": {"open_above": "off"}})
    becomes(daemon, 0, "pgweir_breaker_enabled")


def test_statements_wait_in_vain(pool):
    daemon = pool(1, {"timeouts": {"query_wait_timeout": "100ms"}, "limits": {"max_waiting": 7}})
    assert value(daemon, "pgweir_max_waiting") == 7
    with hold(daemon), connect(daemon) as waiting:
        with pytest.raises(psycopg.errors.TooManyConnections, match="waited"):
            waiting.execute("SELECT 1")
    shows(daemon, "event=refused", "reason=queue_timeout", "user=lambda", "waited_ms=")
    assert value(daemon, "pgweir_refusals_total", database="app", reason="queue_timeout") == 1
    assert value(daemon, "pgweir_queue_wait_seconds_count") >= 1


def test_idle_in_a_transaction_is_seen_beside_the_work(pool):
    """What tells a slow PostgreSQL from clients that keep their servers."""
    daemon = pool(1)
    with connect(daemon) as client:
        client.execute("SELECT pg_sleep(0.2)")
        becomes(daemon, 1, "pgweir_transaction_duration_seconds_count")
        assert value(daemon, "pgweir_query_duration_seconds_sum") >= 0.2
        client.execute("BEGIN")
        client.execute("SELECT 1")
        client.execute("SELECT pg_sleep(0.3)")
        client.execute("COMMIT")
    becomes(daemon, 2, "pgweir_transaction_duration_seconds_count")
    assert value(daemon, "pgweir_query_duration_seconds_count") >= 4
    held, worked = value(daemon, "pgweir_transaction_duration_seconds_sum"), value(daemon, "pgweir_query_duration_seconds_sum")
    assert 0.5 <= worked <= held


def test_a_pin_has_a_reason_and_an_age(pool):
    daemon = pool(4, {"log": {"level": "debug"}})
    assert value(daemon, "pgweir_max_pinned") == 1
    with connect(daemon) as client:
        client.execute("SELECT pg_advisory_lock(1)")
        becomes(daemon, 1, "pgweir_pins", reason="advisory_lock")
        shows(daemon, "event=pinned", "reason=advisory_lock", "server=")
        assert daemon.health()[1]["pins"] == {"advisory_lock": 1}
        assert value(daemon, "pgweir_pins_longest_seconds") > 0
        client.execute("SELECT pg_advisory_unlock(1)")
        becomes(daemon, 0, "pgweir_servers_pinned")


def test_a_frozen_transaction_is_detached(pool):
    daemon = pool(1, {"timeouts": {"idle_transaction_timeout": "100ms"}})
    with hold(daemon) as client:
        shows(daemon, "event=detached", "user=lambda", "reason=hard", "idle_ms=")
        becomes(daemon, 1, "pgweir_detached_transactions_total", reason="hard")
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            client.execute("SELECT 1")
        client.execute("ROLLBACK")


def test_the_upstream_grants_less(supavisor, behind):
    double = supavisor(2)
    daemon = behind(double, 4)
    clients = [connect(daemon) for _ in range(2)]
    for client in clients:
        client.execute("BEGIN")
        client.execute("SELECT 1")
    waiting = connect(daemon)
    waiting.pgconn.send_query(b"SELECT 1")
    shows(daemon, "event=ceiling_changed", "configured=4", "effective=2")
    shows(daemon, "event=server_login_failed", "class=capacity")
    assert value(daemon, "pgweir_pool_effective_size") == 2 and value(daemon, "pgweir_pool_size") == 4
    assert value(daemon, "pgweir_dials_total", outcome="capacity") >= 1
    daemon.reload({"limits": {"pool_size": 2}})
    becomes(daemon, 2, "pgweir_pool_size")
    assert value(daemon, "pgweir_pool_effective_size") == 2
    for client in [*clients, waiting]:
        client.close()


def test_the_upstream_refuses_the_password(pool, role):
    daemon = pool(2, {"databases": {"app": {"dsn": dataclasses.replace(role, password="old").uri()}}})
    with pytest.raises(psycopg.OperationalError, match="reason=upstream_unavailable"):
        connect(daemon)
    shows(daemon, "event=server_login_failed", "class=credential", "sqlstate=28P01")
    shows(daemon, "event=upstream_breaker_changed", "state=open", "reason=credential")
    assert value(daemon, "pgweir_upstream_breaker_state", state="closed") == 0
    assert value(daemon, "pgweir_dials_total", outcome="credential") >= 1
    daemon.reload({"databases": {"app": {"dsn": role.uri()}}})
    wait_until(lambda: value(daemon, "pgweir_config_generation") == 2, "the reload is taken")
    connect(daemon).close()
    becomes(daemon, 1, "pgweir_upstream_breaker_state", state="closed")
    assert value(daemon, "pgweir_dials_total", outcome="ok") >= 1


def test_a_client_has_an_old_password(pool):
    daemon = pool(1)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(daemon, password="old")
    shows(daemon, "event=login_failed", 'user="lambda"', "client=")
    assert value(daemon, "pgweir_logins_total", outcome="authentication_failed") == 1


def test_a_reload_is_refused(pool):
    daemon = pool(2)
    daemon.reload("limits: { pool_sise: 3 }\n")
    shows(daemon, "event=reload_failed", "pool_sise", "did you mean")
    becomes(daemon, 0, "pgweir_config_last_reload_successful")
    assert value(daemon, "pgweir_config_generation") == 1
    becomes(daemon, 1, "pgweir_config_reloads_total", result="failed")
    daemon.reload({"limits": {"pool_size": 3}})
    shows(daemon, "event=reloaded", "generation=2")
    assert value(daemon, "pgweir_config_last_reload_successful") == 1
    assert value(daemon, "pgweir_config_reloads_total", result="ok") == 1


def end_of(certificate):
    text = subprocess.run(["openssl", "x509", "-noout", "-enddate", "-in", certificate], check=True, capture_output=True, text=True).stdout
    date = subprocess.run(["date", "-u", "+%s", "-d", text.strip().split("=", 1)[1]], check=True, capture_output=True, text=True).stdout
    return float(date)


def test_a_certificate_is_renewed(pool, tmp_path):
    for name in ("old", "new"):
        os.mkdir(tmp_path / name)
    old = make_certificates(tmp_path / "old")
    daemon = pool(1, {"listen": {"tls": {"certificate": old.certificate, "private_key": old.private_key}}})
    assert value(daemon, "pgweir_certificate_expiry_timestamp_seconds") == end_of(old.certificate)
    new = make_certificates(tmp_path / "new", days=60)
    shutil.copy(new.certificate, old.certificate)
    daemon.reload({})
    shows(daemon, "event=reload_failed", "tls.")
    becomes(daemon, 0, "pgweir_config_last_reload_successful")
    assert value(daemon, "pgweir_certificate_expiry_timestamp_seconds") > 0
    shutil.copy(new.private_key, old.private_key)
    daemon.reload({})
    becomes(daemon, end_of(new.certificate), "pgweir_certificate_expiry_timestamp_seconds")
    becomes(daemon, 1, "pgweir_config_last_reload_successful")


def test_without_a_certificate_there_is_no_end(pool):
    assert value(pool(1), "pgweir_certificate_expiry_timestamp_seconds") == 0
