"""What one client does is never seen by another; what a server says reaches the right client."""

import psycopg
import pytest

from harness import messages
from harness.raw_client import RawClient, only_error, shape


def connect(daemon, **options):
    # Without a threshold psycopg prepares what runs often, and a prepared statement keeps its server.
    return psycopg.connect(daemon.dsn(**options), autocommit=True, prepare_threshold=None)


def on_both_servers(daemon, query):
    """What two clients at once are answered, on the two servers of a pool of two."""
    clients = [connect(daemon) for _ in range(2)]
    for client in clients:
        client.execute("BEGIN")
    answers = [client.execute(query).fetchone()[0] for client in clients]
    for client in clients:
        client.execute("COMMIT")
        client.close()
    return answers


@pytest.mark.parametrize("statement", ["SET work_mem = '77kB'", "BEGIN; SET work_mem = '77kB'; COMMIT"],
                         ids=["alone", "in a transaction"])
def test_a_setting_is_seen_by_nobody_else(pool, cluster, role, statement):
    daemon = pool(2)
    with connect(daemon) as setter, connect(daemon) as other:
        setter.execute(statement)
        for _ in range(5):
            assert other.execute("SHOW work_mem").fetchone() == ("4MB",)
            assert setter.execute("SHOW work_mem").fetchone() == ("77kB",)
    assert on_both_servers(daemon, "SHOW work_mem") == ["4MB", "4MB"]
    assert cluster.logins(role) == 2


def test_a_setting_made_by_a_function_call_is_seen_by_nobody_else(pool):
    daemon = pool(2)
    with connect(daemon) as setter, connect(daemon) as other:
        setter.execute("SELECT set_config('work_mem', %s, false)", ("77kB",))
        for _ in range(5):
            assert other.execute("SHOW work_mem").fetchone() == ("4MB",)
            assert setter.execute("SHOW work_mem").fetchone() == ("77kB",)
    assert on_both_servers(daemon, "SHOW work_mem") == ["4MB", "4MB"]


def test_what_a_statement_too_large_to_look_through_leaves_is_found(pool):
    daemon = pool(2)
    with connect(daemon) as client, connect(daemon) as other:
        client.execute("/* " + "x" * 20_000 + " */ CREATE TEMP TABLE mine AS SELECT 1")
        for _ in range(4):
            assert client.execute("SELECT to_regclass('pg_temp.mine') IS NULL").fetchone() == (False,)
            assert other.execute("SELECT to_regclass('pg_temp.mine') IS NULL").fetchone() == (True,)


def test_a_setting_too_large_to_look_through_is_carried(pool):
    daemon = pool(2)
    with connect(daemon) as client, connect(daemon) as other:
        client.execute("SET mine.large = '" + "x" * 100_000 + "'")
        with other.transaction():   # on the server where it was set, perhaps
            assert other.execute("SELECT current_setting('mine.large', true)").fetchone()[0] in (None, "")
            assert client.execute("SELECT length(current_setting('mine.large'))").fetchone() == (100_000,)


@pytest.mark.parametrize("statement, trace", [
    ("CREATE TEMP TABLE mine AS SELECT 1", "SELECT count(*) FROM pg_class WHERE relname = 'mine' AND relnamespace = pg_my_temp_schema()"),
    ("BEGIN; DECLARE mine CURSOR WITH HOLD FOR SELECT 1; COMMIT", "SELECT count(*) FROM pg_cursors WHERE name = 'mine'"),
    ("SELECT pg_advisory_lock(4711)", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"),
    ("PREPARE mine AS SELECT 1", "SELECT count(*) FROM pg_prepared_statements"),
    ("LISTEN mine", "SELECT count(*) FROM pg_listening_channels()"),
], ids=["temporary table", "cursor", "advisory lock", "PREPARE", "LISTEN"])
def test_what_a_session_has_ends_with_its_client(pool, cluster, role, statement, trace):
    daemon = pool(2)
    with connect(daemon) as owner, connect(daemon) as other:
        owner.execute(statement)
        assert owner.execute(trace).fetchone() == (1,)
        assert other.execute(trace).fetchone() == (0,)
    assert on_both_servers(daemon, trace) == [0, 0]
    assert cluster.logins(role) == 2


def test_a_failed_transaction_is_the_failing_clients_own(pool):
    daemon = pool(2)
    with connect(daemon) as failing, connect(daemon) as other:
        failing.execute("BEGIN")
        with pytest.raises(psycopg.errors.DivisionByZero):
            failing.execute("SELECT 1/0")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            failing.execute("SELECT 1")
        assert other.execute("SELECT 1").fetchone() == (1,)
        failing.execute("ROLLBACK")
        assert failing.execute("SELECT 2").fetchone() == (2,)


def test_notices_reach_the_right_client(pool):
    daemon = pool(2)
    heard = {name: [] for name in ("left", "right")}
    with connect(daemon) as left, connect(daemon) as right:
        left.add_notice_handler(lambda notice: heard["left"].append(notice.message_primary))
        right.add_notice_handler(lambda notice: heard["right"].append(notice.message_primary))
        for number in range(20):
            left.execute(f"DO $$ BEGIN RAISE NOTICE 'left {number}'; END $$")
            right.execute(f"DO $$ BEGIN RAISE NOTICE 'right {number}'; END $$")
    assert heard == {name: [f"{name} {number}" for number in range(20)] for name in heard}


def test_a_transaction_keeps_its_server(pool):
    daemon = pool(4)
    with connect(daemon) as client, connect(daemon) as other:
        client.execute("BEGIN")
        pid = client.execute("SELECT pg_backend_pid()").fetchone()
        for _ in range(5):
            assert other.execute("SELECT pg_backend_pid()").fetchone() != pid
            assert client.execute("SELECT pg_backend_pid()").fetchone() == pid
        client.execute("COMMIT")


def test_clients_share_a_server_between_transactions(pool, cluster, role):
    daemon = pool(10)
    with connect(daemon) as left, connect(daemon) as right:
        pids = {client.execute("SELECT pg_backend_pid()").fetchone() for client in (left, right) * 5}
    assert len(pids) == 1 and cluster.logins(role) == 1


def test_session_mode_keeps_the_server_and_cleans_up(pool, cluster, role):
    daemon = pool(2, {"databases": {"app": {"pool_mode": "session"}}})
    with connect(daemon) as client:
        client.execute("SET work_mem = '77kB'")
        client.execute("CREATE TEMP TABLE mine (i int)")
        with connect(daemon) as other:
            assert other.execute("SELECT pg_backend_pid()").fetchone() != client.execute("SELECT pg_backend_pid()").fetchone()
            assert other.execute("SHOW work_mem").fetchone() == ("4MB",)
        assert client.execute("SHOW work_mem").fetchone() == ("77kB",)
        client.execute("SELECT * FROM mine")
    for _ in range(4):
        with connect(daemon) as successor:
            assert successor.execute("SHOW work_mem").fetchone() == ("4MB",)
            assert successor.execute("SELECT to_regclass('mine')").fetchone() == (None,)
    assert cluster.logins(role) == 2


def test_session_mode_by_user(pool):
    daemon = pool(2, {"users": {"sticky": {"password": "x", "pool_mode": "session"}}})
    with connect(daemon, user="sticky", password="x") as client:
        client.execute("SET work_mem = '77kB'")
        with connect(daemon) as other:
            assert other.execute("SHOW work_mem").fetchone() == ("4MB",)
        assert client.execute("SHOW work_mem").fetchone() == ("77kB",)


def test_server_settings_are_on_every_server(pool):
    daemon = pool(3, {"server_settings": {"work_mem": "5MB", "application_name": "weir"}})
    clients = [connect(daemon) for _ in range(3)]
    for client in clients:
        client.execute("BEGIN")
        assert client.execute("SELECT current_setting('work_mem'), current_setting('jit')").fetchone() == ("5MB", "off")
        assert client.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'weir'").fetchone()[0] >= 1
    for client in clients:
        client.close()


# Pipelines and Flush.

def test_a_pipeline_is_answered_in_order(pool):
    daemon = pool(2)
    with connect(daemon) as client, client.pipeline():
        cursors = [client.execute("SELECT %s::int", (number,)) for number in range(200)]
        assert [cursor.fetchone()[0] for cursor in cursors] == list(range(200))


def test_an_error_in_a_pipeline_skips_to_its_sync(pool):
    daemon = pool(1)
    client = RawClient(daemon.port)
    assert client.login() is None
    client.send(messages.extended("SELECT 1") + messages.extended("SELECT 1/0") + messages.extended("SELECT 3")
                + messages.sync() + messages.extended("SELECT 4") + messages.sync())
    first = client.read_until("Z")
    assert shape(first) == "12TDC1EZ" and only_error(first)["C"] == "22012"
    assert shape(client.read_until("Z")) == "12TDCZ"
    assert client.value("SELECT 5") == "5"


def test_many_syncs_in_one_segment(pool):
    daemon = pool(1)
    client = RawClient(daemon.port)
    assert client.login() is None
    client.send((messages.extended("SELECT 1") + messages.sync()) * 500)
    for _ in range(500):
        assert shape(client.read_until("Z")) == "12TDCZ"


def test_many_simple_queries_in_one_segment(pool):
    daemon = pool(2)
    clients = [RawClient(daemon.port) for _ in range(4)]
    for number, client in enumerate(clients):
        assert client.login() is None
        client.send(b"".join(messages.query(f"SELECT {number * 1000 + i}") for i in range(200)))
    for number, client in enumerate(clients):
        for i in range(200):
            answers = client.read_until("Z")
            assert answers[1].values() == [b"%d" % (number * 1000 + i)]


def test_flush_without_sync_keeps_the_server(pool, cluster, role):
    daemon = pool(2)
    client = RawClient(daemon.port)
    assert client.login() is None
    client.send(messages.parse("SELECT pg_backend_pid()", "kept") + messages.describe("S", "kept") + messages.flush())
    assert shape(client.read_until("T")) == "1tT"
    with connect(daemon) as other:
        other_pids = {other.execute("SELECT pg_backend_pid()").fetchone()[0] for _ in range(5)}
    client.send(messages.bind(statement="kept") + messages.execute() + messages.sync())
    answers = client.read_until("Z")
    assert shape(answers) == "2DCZ"
    assert int(answers[1].values()[0]) not in other_pids


def test_a_portal_read_in_pieces(pool):
    daemon = pool(1)
    client = RawClient(daemon.port)
    assert client.login() is None
    client.send(messages.parse("SELECT generate_series(1, 5)") + messages.bind() + messages.execute(limit=2) + messages.flush())
    assert shape(client.read_until("s")) == "12DDs"
    client.send(messages.execute(limit=0) + messages.sync())
    assert shape(client.read_until("Z")) == "DDDCZ"


def test_sync_alone_and_empty_queries(pool):
    daemon = pool(1)
    client = RawClient(daemon.port)
    assert client.login() is None
    client.send(messages.sync())
    assert shape(client.read_until("Z")) == "Z"
    assert shape(client.query("")) == "IZ"
    assert shape(client.query(";")) == "IZ"
    client.send(messages.extended("") + messages.sync())
    assert shape(client.read_until("Z")) == "12nIZ"
    assert client.value("SELECT 1") == "1"


def test_several_statements_in_one_query(pool):
    daemon = pool(1)
    client = RawClient(daemon.port)
    assert client.login() is None
    assert shape(client.query("SELECT 1; SELECT 2; SELECT 3")) == "TDCTDCTDCZ"
    assert shape(client.query("SELECT 1; SELECT 1/0; SELECT 3")) == "TDCEZ"
    answers = client.query("BEGIN; SELECT 1")
    assert answers[-1].body == b"T"
    assert client.query("ROLLBACK")[-1].body == b"I"
