"""The admin console: who gets in, who may do what, and whether drivers can talk to it."""

import asyncio
import contextlib

import asyncpg
import psycopg
import psycopg2
import pytest

from harness.console import ADMIN, CONSOLE_USERS, ORDINARY, STATS, Console
from harness.daemon import PASSWORD
from harness.node import probe
from harness.programs import psql
from harness.wait import wait_until

LOOK = ["SHOW POOLS", "SHOW HOLDERS", "SHOW HELP", "SHOW CONFIG", "SELECT 1", "SET extra_float_digits = 3", "SHOW client_encoding"]
# Every verb: a form of it that changes nothing that lasts, or fails behind the check of rights.
ACT = {
    "SET max_client_conn = 9000": None,
    "RELOAD": None,
    "PAUSE app": None,
    "RESUME app": None,
    "DISABLE app": None,
    "ENABLE app": None,
    "RECONNECT app": None,
    "WAIT_CLOSE app": None,
    "KILL app": None,
    "RESUME": None,
    "KILL_CLIENT 999999": "42704",
    "UNPIN 999999": "42704",
    "BREAKER CLOSE app": None,
    "BREAKER AUTO": None,
    "PROBE UPSTREAM": None,
    "SUSPEND": "0A000",
    "SHOW FDS": None,
    "SHUTDOWN whenever": "42601",
    "DRAIN nowhere": "42601",
    "PAUSE nowhere": "3D000",
    "FROBNICATE": "42601",
}


@pytest.fixture
def daemon(pool):
    return pool(2, CONSOLE_USERS)


def outcome(console, text):
    """The SQLSTATE of a command's error, or None."""
    try:
        console(text)
    except psycopg.Error as error:
        return error.sqlstate
    return None


def test_every_verb_as_an_administrator(daemon):
    console = Console(daemon)
    seen = {text: outcome(console, text) for text in [*LOOK, *ACT]}
    assert seen == {**dict.fromkeys(LOOK), **ACT}


def test_every_verb_as_a_stats_user(daemon):
    console = Console(daemon, STATS)
    seen = {text: outcome(console, text) for text in [*LOOK, *ACT]}
    # What is no command at all is no question of rights.
    expected = {text: error if error == "42601" else "42501" for text, error in ACT.items()}
    assert seen == {**dict.fromkeys(LOOK), **expected}
    assert daemon.health()[1]["breaker"] == "closed"


@pytest.mark.parametrize("database", ["pgweir", "pgbouncer"])
def test_an_ordinary_user_does_not_get_in(daemon, database):
    for user, password in ((ORDINARY, PASSWORD), (ADMIN, "wrong"), ("nobody", PASSWORD)):
        with pytest.raises(psycopg.OperationalError) as caught:
            psycopg.connect(daemon.dsn(user=user, password=password, dbname=database))
        expected = "permission denied for database" if (user, password) == (ORDINARY, PASSWORD) else "password authentication failed"
        assert expected in str(caught.value)


def test_help_is_a_notice(daemon):
    console = Console(daemon)
    assert console("SHOW HELP") == []
    ((message, detail),) = console.notices
    assert message == "Console usage"
    for word in ("KILL_CLIENT", "BREAKER", "SHOW HELP|POOLS", "|HOLDERS", "|EVENTS"):
        assert word in detail


def test_psql(daemon):
    result = psql(daemon.dsn(user=ADMIN, dbname="pgbouncer"), "SHOW VERSION; SHOW DATABASES;")
    assert result.returncode == 0, result.stderr
    assert "pgweir " in result.stdout and "app" in result.stdout


def test_psycopg2_and_transactions_nobody_asked_for(daemon):
    with contextlib.closing(psycopg2.connect(daemon.dsn(user=ADMIN, dbname="pgweir"))) as connection:
        cursor = connection.cursor()
        cursor.execute("SHOW POOLS")
        assert cursor.fetchall()[0][0] == "app"
        connection.commit()


def test_psycopg_with_its_own_begin(daemon):
    with psycopg.connect(daemon.dsn(user=ADMIN, dbname="pgweir")) as connection:
        assert connection.execute("SHOW DATABASES").fetchone()[0] == "app"
        cursor = connection.cursor(binary=True)
        cursor.execute("SHOW LISTS")
        assert ("databases", 1) in cursor.fetchall()


def test_asyncpg(daemon):
    async def talk():
        connection = await asyncpg.connect(host="127.0.0.1", port=daemon.port, user=ADMIN, password=PASSWORD, database="pgweir", ssl=False)
        rows = await connection.fetch("SHOW LISTS")
        assert dict(rows[0]) == {"list": "databases", "items": 1}
        assert await connection.fetchval("SELECT 1") == 1
        with pytest.raises(asyncpg.PostgresSyntaxError):
            await connection.fetch("SHOW NOTHING")
        assert (await connection.execute("PAUSE app")) == "PAUSE"
        assert (await connection.execute("RESUME app")) == "RESUME"
        async with connection.transaction():
            assert await connection.fetch("SHOW STATE")
        await connection.close()

    asyncio.run(talk())


@pytest.mark.parametrize("driver", ["pg", "postgres"])
def test_javascript_drivers(daemon, driver):
    answer = probe(driver, daemon, "SHOW VERSION", user=ADMIN, database="pgweir")
    assert "error" not in answer, answer
    assert "pgweir " in str(answer)


def test_errors_keep_the_connection(daemon):
    console = Console(daemon)
    assert outcome(console, "ALTER USER x PASSWORD 'hunter2'") == "42601"
    assert console("SHOW VERSION")
    assert "hunter2" not in daemon.log()


def test_it_answers_while_the_breaker_is_open_and_the_gate_is_full(pool):
    daemon = pool(2, {**CONSOLE_USERS, "limits": {"pool_size": 2, "max_client_conn": 1, "reserved_admin_conn": 1}})
    client = psycopg.connect(daemon.dsn(), autocommit=True)
    console = Console(daemon)
    with pytest.raises(psycopg.OperationalError, match="max_client_conn"):
        psycopg.connect(daemon.dsn())
    with pytest.raises(psycopg.OperationalError, match="max_client_conn"):
        Console(daemon)
    with pytest.raises(psycopg.OperationalError, match="max_client_conn"):
        Console(daemon, STATS)
    console("BREAKER OPEN")
    assert daemon.health()[0] == 503
    client.close()
    wait_until(lambda: console("SHOW CLIENTS") == [], "the client has gone")
    with pytest.raises(psycopg.OperationalError, match="breaker_open"):
        psycopg.connect(daemon.dsn())
    console("BREAKER AUTO")
    psycopg.connect(daemon.dsn()).close()
    console.close()


def test_the_unix_socket_needs_no_password_of_our_own_user(pool, tmp_path):
    daemon = pool(1, {**CONSOLE_USERS, "listen": {"unix_socket_dir": str(tmp_path)}})
    options = {"host": str(tmp_path), "password": "wrong"}
    assert Console(daemon, "pgweir", **options)("SHOW VERSION")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        Console(daemon, ADMIN, **options)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        Console(daemon, "pgweir", password="wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(daemon.dsn(user="pgweir", **options))
