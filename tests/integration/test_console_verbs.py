"""What the console's verbs do."""

import threading

import psycopg
import pytest

from harness.console import CONSOLE_USERS, Console
from harness.daemon import binary
from harness.programs import run
from harness.wait import wait_until


@pytest.fixture
def daemon(pool):
    return pool(3, CONSOLE_USERS)


@pytest.fixture
def console(daemon):
    console = Console(daemon)
    yield console
    console.close()


def connect(daemon, **options):
    return psycopg.connect(daemon.dsn(**options), autocommit=True)


def in_background(call):
    thread = threading.Thread(target=call)
    thread.start()
    return thread


def test_pause_waits_for_transactions_and_holds_the_others(daemon, console):
    holder, other = connect(daemon), connect(daemon)
    holder.execute("BEGIN")
    holder.execute("SELECT 1")
    pausing = in_background(lambda: Console(daemon)("PAUSE app"))
    show = Console(daemon)
    wait_until(lambda: show("SHOW DATABASES")[0]["paused"] == 1, "it is paused")
    assert daemon.metrics().value("pgbouncer_databases_paused") == 1
    waiting = in_background(lambda: other.execute("SELECT 1"))
    wait_until(lambda: len(show("SHOW QUEUE")) == 1, "the other waits")
    assert pausing.is_alive()
    assert holder.execute("SELECT 2").fetchone() == (2,)
    holder.execute("COMMIT")
    pausing.join(30)
    wait_until(lambda: show("SHOW SERVERS") == [], "all servers are closed")
    assert waiting.is_alive() and len(show("SHOW QUEUE")) == 1
    console("RESUME app")
    waiting.join(30)
    assert not waiting.is_alive()


def test_disable_refuses_newcomers_only(daemon, console):
    inside = connect(daemon)
    assert daemon.metrics().value("pgbouncer_databases_disabled") == 0
    console("DISABLE app")
    assert daemon.metrics().value("pgbouncer_databases_disabled") == 1
    assert inside.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match='database "app" is disabled'):
        connect(daemon)
    console("ENABLE app")
    connect(daemon).close()


def test_reconnect_replaces_every_server(daemon, console):
    client = connect(daemon)
    before = client.execute("SELECT pg_backend_pid()").fetchone()
    console("RECONNECT app")
    console("WAIT_CLOSE app")
    assert client.execute("SELECT pg_backend_pid()").fetchone() != before


def test_kill_client_ends_one_session(daemon, console):
    victim, other = connect(daemon, application_name="victim"), connect(daemon, application_name="other")
    (number,) = [row["id"] for row in console("SHOW CLIENTS") if row["application_name"] == "victim"]
    console(f"KILL_CLIENT {number}")
    with pytest.raises(psycopg.OperationalError):
        victim.execute("SELECT 1")
    assert other.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.Error) as caught:
        console(f"KILL_CLIENT {number}")
    assert caught.value.sqlstate == "42704"


def test_kill_ends_all_and_pauses(daemon, console):
    clients = [connect(daemon) for _ in range(3)]
    for client in clients:
        client.execute("BEGIN")
        client.execute("SELECT 1")
    console("KILL app")
    for client in clients:
        with pytest.raises(psycopg.OperationalError):
            client.execute("SELECT 1")
    wait_until(lambda: console("SHOW SERVERS") == [], "no server is left")
    console("RESUME app")
    assert connect(daemon).execute("SELECT 1").fetchone() == (1,)


def test_unpin_takes_the_server_and_says_so(daemon, console):
    client = connect(daemon)
    client.execute("SELECT pg_advisory_lock(1)")
    wait_until(lambda: [pin["reason"] for pin in console("SHOW PINS")] == ["advisory_lock"], "it is pinned")
    (pin,) = console("SHOW PINS")
    console(f"UNPIN {pin['client_id']}")
    assert console("SHOW PINS") == []
    with pytest.raises(psycopg.Error) as caught:
        client.execute("SELECT 1")
    assert caught.value.sqlstate == "57P01" and "reason=unpinned" in caught.value.diag.message_detail
    assert client.execute("SELECT pg_try_advisory_lock(1)").fetchone() == (True,)
    client.execute("SELECT pg_advisory_unlock(1)")
    with pytest.raises(psycopg.Error) as caught:
        console(f"UNPIN {pin['client_id']}")
    assert caught.value.sqlstate == "55000"


def test_set_changes_a_limit_until_the_next_reload(daemon, console):
    console("SET pool_size = 2")
    assert daemon.health()[1]["pool_size"] == 2
    for text, code in (("SET pool_size = 0", "22023"), ("SET listen.port = 1", "55P02"), ("SET frob.nicate = 1", "42704"),
                       ("SET query_wait_timeout = 30", "22023")):
        with pytest.raises(psycopg.Error) as caught:
            console(text)
        assert caught.value.sqlstate == code, text
    console("RELOAD")
    assert daemon.health()[1]["pool_size"] == 3


def test_reload_tells_that_a_file_is_bad(daemon, console):
    daemon.write("limits: { pool_sise: 1 }\n")
    with pytest.raises(psycopg.Error) as caught:
        console("RELOAD")
    assert caught.value.sqlstate == "F0000"
    assert any(row["event"] == "reload_failed" for row in console("SHOW EVENTS"))
    daemon.write(daemon.config)
    console("RELOAD")


def test_the_upstream_is_probed_at_once(pool, role, cluster):
    daemon = pool(2, CONSOLE_USERS)
    console = Console(daemon)
    before = console("SHOW UPSTREAM")[0]["logins_ok"]
    console("PROBE UPSTREAM")
    wait_until(lambda: console("SHOW UPSTREAM")[0]["logins_ok"] > before, "a login was tried")
    console.close()


@pytest.mark.parametrize("command", ["DRAIN", "SHUTDOWN", "SHUTDOWN WAIT_FOR_SERVERS"])
def test_the_daemon_ends(daemon, command):
    console = Console(daemon)
    client = connect(daemon)
    client.execute("SELECT 1")
    console(command)
    assert daemon.wait() == 0


def test_a_patient_shutdown_waits_for_clients_and_answers_meanwhile(daemon):
    console = Console(daemon)
    client = connect(daemon)
    console("SHUTDOWN WAIT_FOR_CLIENTS")
    wait_until(lambda: console("SHOW STATE")[0]["value"] == "no", "it drains")
    assert client.execute("SELECT 1").fetchone() == (1,)
    assert daemon.process.poll() is None
    client.close()
    assert daemon.wait() == 0


def test_the_command_line_shows_the_same(daemon, tmp_path):
    connect(daemon).close()
    result = run(binary(), "show", "pools", "-c", daemon.path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[0].split()[:3] == ["database", "user", "cl_active"]
    assert result.stdout.splitlines()[1].startswith("app")
    assert run(binary(), "show", "nothing", "-c", daemon.path).returncode == 1
    assert run(binary(), "show", "pools", "--dsn", "host=127.0.0.1 port=1 dbname=pgweir connect_timeout=2").returncode == 1
    assert run(binary(), "show", "pools", "-c", str(tmp_path / "absent.yaml")).returncode == 78
