"""State that cannot be carried keeps its server, for as long as it is there and for no longer."""

import contextlib
import threading

import psycopg
import pytest

from harness.wait import wait_until


def connect(daemon, **options):
    return psycopg.connect(daemon.dsn(**options), autocommit=True)


def pid_of(client):
    return client.execute("SELECT pg_backend_pid()").fetchone()[0]


@contextlib.contextmanager
def other_servers_taken(daemon, count):
    """Whoever comes meanwhile gets one of the rest."""
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            taker = stack.enter_context(connect(daemon))
            stack.enter_context(taker.transaction())
            taker.execute("SELECT 1")
        yield


def pins(daemon):
    return daemon.health()[1]["pins"]


@pytest.mark.parametrize("begin, end, reason", [
    ("SELECT pg_advisory_lock(1)", "SELECT pg_advisory_unlock(1)", "advisory_lock"),
    ("SELECT pg_try_advisory_lock_shared(1, 2)", "SELECT pg_advisory_unlock_all()", "advisory_lock"),
    ("CREATE TEMP TABLE mine AS SELECT 1", "DROP TABLE mine", "temporary_object"),
    ("CREATE TEMP VIEW mine AS SELECT 1", "DISCARD TEMP", "temporary_object"),
    ("SELECT 1 INTO TEMP mine", "DROP TABLE mine", "temporary_object"),
    ("CREATE FUNCTION pg_temp.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DISCARD ALL", "temporary_object"),
    ("BEGIN; DECLARE mine CURSOR WITH HOLD FOR SELECT 1; COMMIT", "CLOSE mine", "holdable_cursor"),
    ("DO 'BEGIN CREATE TEMP TABLE mine (); PERFORM pg_advisory_lock(1); END'", "DISCARD ALL", "advisory_lock"),
])
def test_a_pin_ends_with_what_it_is_for(pool, begin, end, reason):
    daemon = pool(3)
    with connect(daemon) as client:
        client.execute(begin)
        wait_until(lambda: pins(daemon) == {reason: 1}, "it is pinned")
        pid = pid_of(client)
        with other_servers_taken(daemon, 1):
            assert pid_of(client) == pid
        client.execute(end)
        wait_until(lambda: pins(daemon) == {} and daemon.health()[1]["pinned"] == 0, "it is not pinned any more")


def test_what_is_rolled_back_pins_nothing(pool):
    daemon = pool(2)
    with connect(daemon) as client:
        client.execute("BEGIN; CREATE TEMP TABLE mine (i int); ROLLBACK")
        client.execute("BEGIN")
        client.execute("SAVEPOINT a")
        client.execute("CREATE TEMP TABLE mine (i int)")
        client.execute("ROLLBACK TO a")
        client.execute("COMMIT")
        assert daemon.health()[1]["pinned"] == 0


def test_at_the_limit_whoever_says_it_will_pin_waits(pool):
    daemon = pool(4, {"limits": {"max_pinned": 1}, "timeouts": {"query_wait_timeout": "500ms"}})
    with connect(daemon) as first, connect(daemon) as second, connect(daemon) as third:
        first.execute("SELECT pg_advisory_lock(1)")
        with pytest.raises(psycopg.errors.TooManyConnections) as caught:
            second.execute("SELECT pg_advisory_lock(2)")
        assert "reason=pin_limit" in caught.value.diag.message_detail
        assert third.execute("SELECT 3").fetchone() == (3,)   # the rest of the servers are there for the others
        first.execute("SELECT pg_advisory_unlock(1)")
        second.execute("SELECT pg_advisory_lock(2)")
        wait_until(lambda: pins(daemon) == {"advisory_lock": 1}, "the second is pinned")


def test_who_waits_to_pin_goes_when_another_pin_ends(pool):
    daemon = pool(2, {"limits": {"max_pinned": 1}})
    with connect(daemon) as first, connect(daemon) as second:
        first.execute("CREATE TEMP TABLE mine AS SELECT 'first'")
        waiter = threading.Thread(target=second.execute, args=("CREATE TEMP TABLE mine AS SELECT 'second'",))
        waiter.start()
        wait_until(lambda: daemon.health()[1]["waiting"] == 1, "the second waits")
        first.execute("DROP TABLE mine")
        waiter.join(timeout=20)
        assert second.execute("TABLE mine").fetchone() == ("second",)


# Functions and triggers that do it where no statement's text shows it.

LOCKER = "CREATE FUNCTION {name}(n int) RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_lock(n); END'"
TENANT = ("CREATE FUNCTION note_tenant() RETURNS trigger LANGUAGE plpgsql AS"
          " 'BEGIN PERFORM set_config(''app.tenant'', NEW.name, false); RETURN NEW; END'")


def test_a_function_is_known_from_the_moment_it_is_made(pool, cluster, role):
    daemon = pool(3, {"limits": {"max_pinned": "100%"}})
    with connect(daemon) as maker, connect(daemon) as user, connect(daemon) as other:
        maker.execute(LOCKER.format(name="takes_now"))
        user.execute("SELECT takes_now(1)")
        wait_until(lambda: pins(daemon) == {"advisory_lock": 1}, "the lock is seen")
        assert not other.execute("SELECT pg_try_advisory_lock(1)").fetchone()[0]
        user.execute("SELECT pg_advisory_unlock_all()")
        assert other.execute("SELECT pg_try_advisory_lock(1)").fetchone()[0]


def test_a_function_that_was_there_before_is_known(pool, cluster, role):
    with psycopg.connect(role.conninfo(), autocommit=True) as direct:
        direct.execute(LOCKER.format(name="took_before"))
    daemon = pool(3)
    with connect(daemon) as user:
        user.execute("SELECT took_before(1)")
        wait_until(lambda: pins(daemon) == {"advisory_lock": 1}, "the lock is seen")


def test_a_setting_that_a_trigger_makes_goes_with_its_client_and_pins_nobody(pool):
    daemon = pool(2)
    with connect(daemon) as maker, connect(daemon) as one, connect(daemon) as two:
        maker.execute("CREATE TABLE tenants (name text)")
        maker.execute(TENANT)
        maker.execute("CREATE TRIGGER note BEFORE INSERT ON tenants FOR EACH ROW EXECUTE FUNCTION note_tenant()")
        for round_ in range(5):
            one.execute("INSERT INTO tenants VALUES (%s)", (f"one {round_}",))
            two.execute("INSERT INTO tenants VALUES (%s)", (f"two {round_}",))
            for client, name in ((one, "one"), (two, "two")):
                with other_servers_taken(daemon, 1):
                    assert client.execute("SELECT current_setting('app.tenant')").fetchone() == (f"{name} {round_}",)
            assert maker.execute("SELECT current_setting('app.tenant', true)").fetchone()[0] in (None, "")
        maker.execute("DROP TABLE tenants; DROP FUNCTION note_tenant")
        assert set(pins(daemon)) <= {"sequence"}


def test_a_server_with_a_library_is_replaced_behind_its_client(pool, cluster, role):
    cluster.execute(f"ALTER ROLE {role.name} SUPERUSER")
    daemon = pool(1)
    with connect(daemon) as loader:
        loader.execute("LOAD 'auto_explain'")
        pid = pid_of(loader)
        assert pins(daemon) == {"library": 1}
    with connect(daemon) as successor:
        assert pid_of(successor) != pid
        assert successor.execute("SELECT current_setting('auto_explain.log_analyze', true)").fetchone() == (None,)


# What sequences have given.

def test_who_asks_for_the_value_of_a_sequence_finds_it(pool):
    daemon = pool(3)
    with connect(daemon) as client, connect(daemon) as other:
        client.execute("CREATE TABLE numbered (id serial)")
        for number in range(1, 6):
            client.execute("INSERT INTO numbered DEFAULT VALUES")
            other.execute("INSERT INTO numbered DEFAULT VALUES")
            assert client.execute("SELECT lastval()").fetchone() == (2 * number - 1,)
        client.execute("DROP TABLE numbered")


def test_who_never_asks_keeps_no_server(pool):
    daemon = pool(2)
    with connect(daemon) as client:
        client.execute("CREATE TABLE numbered (id serial)")
        for _ in range(30):
            client.execute("INSERT INTO numbered DEFAULT VALUES")
        wait_until(lambda: daemon.health()[1]["pinned"] == 0, "the last moment of waiting is over")
        started = daemon.metrics().value("pgweir_pins_started_total", reason="sequence")
        for _ in range(20):
            client.execute("INSERT INTO numbered DEFAULT VALUES")
        assert daemon.metrics().value("pgweir_pins_started_total", reason="sequence") == started
        client.execute("DROP TABLE numbered")


@pytest.fixture
def numbered(cluster):
    cluster.execute("CREATE TABLE numbered (id serial)", "GRANT ALL ON numbered TO PUBLIC", "GRANT ALL ON SEQUENCE numbered_id_seq TO PUBLIC")
    yield
    cluster.execute("DROP TABLE numbered")


def test_a_busy_client_keeps_no_server_for_a_sequence_that_nobody_asks_for(pool, numbered):
    daemon = pool(1, {"timeouts": {"query_wait_timeout": "20s"}})
    stop = threading.Event()
    with connect(daemon) as busy, connect(daemon) as other:
        def insert():
            while not stop.is_set():
                busy.execute("INSERT INTO numbered DEFAULT VALUES")

        thread = threading.Thread(target=insert)
        thread.start()
        try:
            wait_until(lambda: daemon.metrics().value("pgweir_pins_started_total", reason="sequence") > 0, "it is pinned at first")
            for _ in range(50):
                assert other.execute("SELECT 1").fetchone() == (1,)
        finally:
            stop.set()
            thread.join()


def test_what_another_has_advanced_is_not_found(pool, numbered):
    """Not even by who had the server in between, and after whom nobody had it."""
    daemon = pool(1)
    with connect(daemon) as other, connect(daemon) as client:
        other.execute("INSERT INTO numbered DEFAULT VALUES")
        wait_until(lambda: daemon.health()[1]["pinned"] == 0, "the other keeps no server")
        client.execute("SELECT 1")
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
            client.execute("SELECT lastval()")


@pytest.mark.parametrize("sql, values", [("SELECT lastval()", None), ("SELECT lastval() WHERE %s = 1", (1,))], ids=["simple", "extended"])
def test_nor_in_the_middle_of_a_transaction(pool, numbered, sql, values):
    daemon = pool(1)
    with connect(daemon) as other, connect(daemon) as client:
        other.execute("INSERT INTO numbered DEFAULT VALUES")
        wait_until(lambda: daemon.health()[1]["pinned"] == 0, "the other keeps no server")
        client.execute("BEGIN")
        client.execute("SELECT 1")
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
            client.execute(sql, values)
