"""pgweir migrate: what becomes of a pgbouncer.ini."""

import os
import re

import pytest

from harness.daemon import binary
from harness.programs import SOURCE, run

SAMPLES = "/usr/share/doc/pgbouncer"
FIXTURES = os.path.join(SOURCE, "tests", "integration", "pgbouncer")


def migrate(path, cwd="/"):
    return run(binary(), "migrate", path, cwd=cwd)


def accepted(tmp_path, yaml):
    """The file must be one that `pgweir check` takes; returns its lines without comments and indentation."""
    path = tmp_path / "pgweir.yaml"
    path.write_text(yaml)
    result = run(binary(), "check", "-c", path)
    assert result.returncode == 0, result.stdout + result.stderr + yaml
    return [line.split(" # ")[0].strip() for line in yaml.splitlines() if not line.startswith("#")]


def listed(result):
    """(line, key) of everything on standard error; each must stand in the YAML's comments too."""
    for line in result.stderr.splitlines():
        assert f"#   {line}\n" in result.stdout, line
    return [(match[1], match[2]) for match in re.finditer(r"^[^ ]*?(?::(\d+))?: ([^ ]+): ", result.stderr, re.MULTILINE)]


@pytest.mark.parametrize("name", ["examples/pgbouncer.ini", "pgbouncer-minimal.ini"])
def test_pgbouncers_own_sample(name, tmp_path):
    path = os.path.join(SAMPLES, name)
    result = migrate(path)
    assert result.returncode in (3, 66), result.stderr   # 66: its userlist.txt is not for everybody to read
    lines = accepted(tmp_path, result.stdout)
    for expected in ("max_client_conn: 100", "query_wait_timeout: 2m", "server_lifetime: 1h", "server_idle_timeout: 10m", "port: 6432"):
        assert expected in lines, result.stdout
    keys = [key for _, key in listed(result)]
    assert "databases" in keys and "users" in keys   # it has none
    if "examples" in name:
        assert {"logfile", "pidfile", "listen_addr"} <= set(keys)


CARRIED = {
    "supabase": (3, ["port: 16432", "max_client_conn: 2000", "pool_size: 15", "pool_size: 4", "min_pool_size: 2", "pool_mode: transaction", "pool_mode: session",
                     "statement_timeout: 5min", "application_name: lambdas", "max_prepared_statements: 100", "server_idle_timeout: 240500ms",
                     'password: "it\'s a \\"quoted\\" $$word $${x}"',
                     'dsn: "host=aws-0-eu-central-1.pooler.example.com port=5432 dbname=postgres user=postgres.abcdefghijkl '
                     'password=\'pa$$$$w\\\\\'ord with $${HOME}\' sslmode=verify-full sslrootcert=/etc/ssl/certs/provider.crt"'],
                 [("4", "databases.reports.reserve_pool")]),
    "legacy": (3, ["max_client_conn: 256", "pool_mode: session", "pool_mode: transaction", 'dsn: "host=10.0.0.5 port=5433 dbname=main sslmode=disable"',
                   'password: "plain words"', "address: [0.0.0.0]"],
               [("3", "databases.main.user"), ("4", "databases.*"), ("10", "logfile"), ("11", "pidfile"), ("12", "listen_addr"), ("15", "auth_user"),
                ("16", "auth_query"), ("7", "users.batch.max_user_connections"), ("1", "users.admin"), ("3", "users.stats"), ("4", "users.file")]),
    "tenants": (3, ["pool_mode: session", "pool_size: 3", "pool_size: 5", "pool_size: 8", "timezone: Europe/Berlin", "idle_transaction_timeout: 90s",
                    "client_idle_timeout: 1h", "max_user_client_connections: 7", "level: debug", 'password: c2', 'unix_socket_dir: /run/postgresql'],
                [("5", "databases.tenant-c.eu.host"), ("6", "databases.tenant_d.pool_mode"), ("9", "users.a.pool_mode"), ("11", "users.nobody"), ("17", "server_tls_sslmode"),
                 ("23", "max_user_connections")]),
    "secure": (3, ["mode: require", "certificate: /etc/pgbouncer/server.crt", "min_version: TLSv1.3", "databases: [web]", "databases: [billing]",
                   "query_wait_timeout: 1h", "server_lifetime: 1s", 'dsn: "host=/run/postgresql port=5432 dbname=web user=web password=w"'],
               [("19", "query_wait_timeout"), ("20", "server_lifetime"), ("2", "auth_hba_file"), ("3", "auth_hba_file"), ("5", "auth_hba_file"), ("7", "auth_hba_file")]),
    "split": (0, ["pool_size: 8", "max_client_conn: 300", "password: basket", "min_pool_size: 1",
                  'dsn: "host=127.0.0.1 port=5432 dbname=shop user=shop password=secret sslmode=disable"'], []),
}


@pytest.mark.parametrize("name", CARRIED)
def test_realistic_files(name, tmp_path):
    code, lines, losses = CARRIED[name]
    result = migrate(os.path.join(FIXTURES, name, "pgbouncer.ini"))
    assert result.returncode == code, result.stderr
    found = accepted(tmp_path, result.stdout)
    for line in lines:
        assert line in found, (line, result.stdout)
    said = listed(result)
    for loss in losses:
        assert loss in said, (loss, result.stderr)
    if code == 0:
        assert not said


def test_no_secret_is_listed():
    for name in CARRIED:
        result = migrate(os.path.join(FIXTURES, name, "pgbouncer.ini"))
        comments = "".join(line for line in result.stdout.splitlines() if line.startswith("#"))
        for secret in ("plain words", "45f2603610af", "/etc/shadow", "pa$$w", "basket", "$word"):
            assert secret not in result.stderr + comments, (name, secret)


@pytest.mark.parametrize("text, code, complaint", [
    (b"[databases]\n%include pgbouncer.ini\n", 65, "pgbouncer.ini:2: %include: the file includes itself"),
    (b"[databases]\n%include gone.ini\n", 66, "gone.ini: cannot be read: No such file"),
    (b"%include /\n", 66, "cannot be read"),
    (b"[databases]\nx = \0\n", 65, "control character"),
    (b"[databases]\nx = host=\xff\n", 65, "not UTF-8"),
    (b"what is this\n", 65, "pgbouncer.ini:1: "),
    (b";" * (1 << 21), 65, "is larger than"),
    (b"[" * 900_000, 65, "needs a ]"),
    (os.urandom(1 << 16), 65, "pgbouncer.ini"),
], ids=["loop", "missing include", "folder", "NUL", "encoding", "prose", "huge", "brackets", "noise"])
def test_hostile_files(text, code, complaint, tmp_path):
    path = tmp_path / "pgbouncer.ini"
    path.write_bytes(text)
    result = migrate(path)
    assert result.returncode == code, result.stderr[:1000]
    assert complaint in result.stderr and not result.stdout


def test_missing_files(tmp_path):
    result = migrate(tmp_path / "gone.ini")
    assert result.returncode == 66 and "gone.ini: cannot be read: No such file" in result.stderr and not result.stdout
    (tmp_path / "pgbouncer.ini").write_text("[databases]\nx = host=h user=u\n[pgbouncer]\nlisten_addr = 127.0.0.1\nauth_file = gone\n")
    result = migrate(tmp_path / "pgbouncer.ini")
    assert result.returncode == 66 and "pgbouncer.ini:5: auth_file: gone: cannot be read" in result.stderr
    accepted(tmp_path, result.stdout)
