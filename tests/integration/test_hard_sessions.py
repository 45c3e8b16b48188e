"""Sessions whose state gets in the way: of the pool's own questions, of other servers, of other clients."""

import threading
import time

import psycopg
import pytest

from harness import messages
from harness.raw_client import RawClient, only_error, shape
from harness.stream import Closed
from harness.wait import wait_until


def raw(daemon):
    client = RawClient(daemon.port)
    assert client.login() is None
    return client


def test_clients_that_begin_to_listen_at_once_do_not_block_the_listening_server(pool):
    daemon = pool(2)
    clients = [raw(daemon) for _ in range(2)]
    for client in clients:
        client.query("BEGIN")
        client.query("LISTEN both")
    for client in clients:
        client.send(messages.query("COMMIT"))
    for client in clients:
        assert shape(client.read_until("Z")) == "CZ"
    for client in clients:
        assert client.value("SELECT 1") == "1"   # within the client's own patience, which is shorter than the queue's
    assert daemon.health()[1]["pins"] == {}


def test_a_setting_acknowledged_and_lost_with_its_server_ends_the_session(pool, cluster):
    """The server's end may come in the same read as its answer: an old value must never be taken for the new one."""
    daemon = pool(2)
    with cluster.connect() as killer:
        for number in range(60):
            client = raw(daemon)
            pid = int(client.value("SELECT pg_backend_pid()"))
            killing = threading.Thread(target=killer.execute, args=("SELECT pg_terminate_backend(%s)", (pid,)))
            killing.start()
            time.sleep(0.0004 * (number % 5))
            try:
                if "E" in shape(client.query(f"SET app.tenant = 't{number}'")):
                    continue
                answers = client.query("SHOW app.tenant")
                if "E" in shape(answers):
                    assert only_error(answers)["C"] == "08006", answers   # never that there is no such setting
                else:
                    assert [part.values()[0] for part in answers if part.type == "D"] == [f"t{number}".encode()]
            except (OSError, Closed):
                pass   # the session ended with its server
            finally:
                killing.join()


def test_a_session_with_waiting_transactions_is_asked_without_waiting(pool, cluster, role):
    daemon = pool(1)
    with psycopg.connect(role.conninfo(), autocommit=True) as owner, psycopg.connect(role.conninfo()) as writer:
        owner.execute("CREATE TABLE IF NOT EXISTS waits_for (a int)")
        writer.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        writer.execute("INSERT INTO waits_for VALUES (1)")
        client, other = raw(daemon), raw(daemon)
        client.query("SET default_transaction_isolation = serializable; SET default_transaction_read_only = on;"
                     " SET default_transaction_deferrable = on")
        assert other.value("SELECT 1") == "1"
        assert client.value("SHOW default_transaction_deferrable") == "on"
        assert other.value("SHOW default_transaction_deferrable") == "off"
        writer.rollback()
        owner.execute("DROP TABLE waits_for")
    assert cluster.logins(role) == 3


@pytest.mark.parametrize("way_out", ["RESET ROLE", "DISCARD ALL"])
def test_a_role_that_is_gone_can_be_given_up(pool, cluster, role, way_out):
    name = f"goes_{role.name}_{way_out.split()[0].lower()}"
    cluster.execute(f"CREATE ROLE {name}", f"GRANT {name} TO {role.name}")
    daemon = pool(2)
    client, other = raw(daemon), raw(daemon)
    client.query(f"SET ROLE {name}")
    cluster.execute(f"DROP ROLE {name}")
    # On the servers that stand at that role it goes on; one that does not cannot take it.
    other.query("BEGIN; SELECT 1")
    wait_until(lambda: only_error_code(client.query("SELECT 1")) in (None, "22023"), "it is answered")
    client.query(way_out)
    assert client.value("SELECT current_user = session_user") == "t"
    other.query("ROLLBACK")


def only_error_code(answers):
    return only_error(answers)["C"] if "E" in shape(answers) else None


HIDDEN = {
    "a cascade to a table with a trigger": (
        ["CREATE FUNCTION {s}.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM set_config(''work_mem'', ''33MB'', false); RETURN OLD; END'",
         "CREATE TABLE {s}.parent (id int PRIMARY KEY)", "CREATE TABLE {s}.child (id int REFERENCES {s}.parent ON DELETE CASCADE)",
         "CREATE TRIGGER note AFTER DELETE ON {s}.child FOR EACH ROW EXECUTE FUNCTION {s}.note()",
         "INSERT INTO {s}.parent VALUES (1)", "INSERT INTO {s}.child VALUES (1)"],
        "DELETE FROM {s}.parent"),
    "a text that is handed over": (
        ["CREATE FUNCTION {s}.run(t text) RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE t; END'"],
        "SELECT {s}.run('SET work_mem = ''33MB''')"),
    "a text that is put together": (
        ["CREATE FUNCTION {s}.joins() RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE ''SE'' || ''T work_mem = ''''33MB''''''; END'"],
        "SELECT {s}.joins()"),
    "an update of pg_settings": (
        ["CREATE FUNCTION {s}.updates() RETURNS void LANGUAGE sql AS 'UPDATE pg_settings SET setting = ''33792'' WHERE name = ''work_mem'''"],
        "SELECT {s}.updates()"),
    "a domain": (
        ["CREATE FUNCTION {s}.checks(int) RETURNS bool LANGUAGE sql AS 'SELECT set_config(''work_mem'', ''33MB'', false) IS NOT NULL'",
         "CREATE DOMAIN {s}.checked AS int CHECK ({s}.checks(VALUE))"],
        "SELECT 5::{s}.checked"),
    "an aggregate": (
        ["CREATE FUNCTION {s}.step(int, int) RETURNS int LANGUAGE sql AS 'SELECT length(set_config(''work_mem'', ''33MB'', false))'",
         "CREATE AGGREGATE {s}.total (int) (SFUNC = {s}.step, STYPE = int, INITCOND = '0')"],
        "SELECT {s}.total(1)"),
}


@pytest.mark.parametrize("objects, statement", HIDDEN.values(), ids=HIDDEN)
def test_what_a_database_hides_is_found(pool, cluster, role, objects, statement):
    schema = f"hides_{role.name}"
    cluster.execute(f"CREATE SCHEMA {schema} AUTHORIZATION {role.name}")
    with psycopg.connect(role.conninfo(), autocommit=True) as direct:
        for text in objects:
            direct.execute(text.format(s=schema))
    daemon = pool(1)
    client, other = raw(daemon), raw(daemon)
    assert "E" not in shape(client.query(statement.format(s=schema)))
    assert other.value("SHOW work_mem") == "4MB"
    assert client.value("SHOW work_mem") == "33MB"
