"""The subcommands, and what the HTTP side answers."""

import json
import os
import re

import psycopg
import pytest

from harness.daemon import binary
from harness.programs import clean_environment, run
from harness.raw_client import RawClient

MINIMAL = 'databases:\n  app:\n    dsn: "postgresql://app:hidden-word@127.0.0.1/app"\nusers:\n  lambda: { password: "secret-word" }\n'


def check(tmp_path, text, **environment):
    path = tmp_path / "pgweir.yaml"
    path.write_text(text)
    return run(binary(), "check", "-c", path, env=clean_environment(**environment))


def test_check_is_content(tmp_path):
    result = check(tmp_path, MINIMAL)
    assert result.returncode == 0, result.stdout + result.stderr


def test_check_reports_every_problem_with_its_place(tmp_path):
    text = MINIMAL + "limits:\n  pool_sise: 3\n  pool_size: -1\ntimeouts:\n  query_wait_timeout: 30\nbreaker: { open_above: 180% }\n"
    result = check(tmp_path, text)
    assert result.returncode == 78
    said = result.stdout + result.stderr
    for place in (":7:3: limits.pool_sise", ":8:14: limits.pool_size", ":10:23: timeouts.query_wait_timeout", ":11:"):
        assert "pgweir.yaml" + place in said, said
    assert "pool_size" in said
    assert "hidden-word" not in said and "secret-word" not in said


@pytest.mark.parametrize("text, complaint", [
    (MINIMAL.replace("127.0.0.1/app", "127.0.0.1/app?sslmode=prefer"), "sslmode"),
    (MINIMAL.replace("secret-word", "${NOT_THERE}"), "NOT_THERE"),
    (MINIMAL + "limits: { pool_size: 3, pool_size: 4 }\n", "pool_size"),
    (MINIMAL + "listen: { address: 0.0.0.0 }\n", "tls"),
    ("databases: [\n", "pgweir.yaml:"),
], ids=["sslmode", "unset variable", "duplicate key", "open to the world", "no YAML"])
def test_check_refuses(tmp_path, text, complaint):
    result = check(tmp_path, text)
    said = result.stdout + result.stderr
    assert result.returncode == 78 and complaint in said, said
    assert "hidden-word" not in said


@pytest.mark.parametrize("dsn", ["postgresql+psycopg://app:hidden-word@127.0.0.1/app", "postgres://app:hidden-word@127.0.0.1/app",
                                 "postgresql://app:hidden-word@127.0.0.1/app?pgbouncer=true&connection_limit=1&schema=public"],
                         ids=["SQLAlchemy", "postgres", "Prisma"])
def test_check_knows_what_frameworks_write(tmp_path, dsn):
    result = check(tmp_path, MINIMAL.replace("postgresql://app:hidden-word@127.0.0.1/app", dsn))
    said = result.stdout + result.stderr
    assert "hidden-word" not in said
    # Accepted, or refused with the exact repair.
    assert result.returncode == 0 or (result.returncode == 78 and "postgresql://" in said), said


def test_a_missing_file(tmp_path):
    for command in ("check", "run"):
        result = run(binary(), command, "-c", tmp_path / "absent.yaml")
        assert result.returncode == 78 and "absent.yaml" in result.stdout + result.stderr


def test_run_refuses_a_port_that_is_taken(pool, tmp_path):
    daemon = pool(1)
    text = MINIMAL + f"listen: {{ port: {daemon.port} }}\nhttp: {{ port: 0 }}\n"
    (tmp_path / "second.yaml").write_text(text)
    result = run(binary(), "run", "-c", tmp_path / "second.yaml", timeout=30)
    assert result.returncode not in (0, -6, -11) and str(daemon.port) in result.stdout + result.stderr


@pytest.mark.parametrize("form", [[], ["markdown"], ["schema"], ["sample"]], ids=" ".join)
def test_reference(form, tmp_path):
    result = run(binary(), "reference", *form)
    assert result.returncode == 0, result.stderr
    for word in ("pool_size", "query_wait_timeout", "open_above"):
        assert word in result.stdout
    if form == ["schema"]:
        json.loads(result.stdout)


def test_hash_password_makes_a_verifier_that_works(pool):
    result = run(binary(), "hash-password", stdin=None, input="a new word\n")
    assert result.returncode == 0, result.stderr
    verifier = result.stdout.strip()
    assert re.fullmatch(r"SCRAM-SHA-256\$4096:[^$]+\$[^:]+:\S+", verifier), verifier
    assert "a new word" not in result.stdout + result.stderr
    daemon = pool(1, {"users": {"hashed": {"password": verifier}}})
    assert RawClient(daemon.port).login(user="hashed", password="a new word") is None


def test_http(pool):
    daemon = pool(2)
    with psycopg.connect(daemon.dsn()) as client:
        client.execute("SELECT 1")
    assert daemon.get("/livez").status == 200 and daemon.get("/readyz").status == 200
    assert daemon.get("/nowhere").status == 404
    assert daemon.get("/metrics", "POST").status == 405
    metrics = daemon.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    answer = daemon.get("/health/db")
    assert answer.status == 200 and answer.headers["content-type"].startswith("application/json")
    assert answer.body.startswith('{"postgres":{"pool_size":2,"checked_out":0,"connection_usage":"0/2",'
                                  '"usage_percentage":"0.0%","pool_full":false,"warning":null'), answer.body
    assert daemon.get("/health/db/app").status == 200
    assert daemon.get("/health/db/nowhere").status == 404


def test_no_secret_is_printed(pool, role):
    daemon = pool(1, {"log": {"level": "debug"}})
    with psycopg.connect(daemon.dsn()) as client:
        client.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(daemon.dsn(password="guessed-word"))
    daemon.reload({"limits": {"pool_size": 3}})
    everything = daemon.log() + daemon.metrics().text + daemon.get("/health/db").body
    for secret in (role.password, "it's a", "guessed-word"):
        assert secret not in everything
    assert os.path.exists(daemon.path)
