"""Clients that stop in the middle of a transaction lose their server, not their connection."""

import asyncio

import asyncpg
import psycopg
import pytest

from harness import messages
from harness.daemon import PASSWORD
from harness.node import start_frozen, thaw
from harness.raw_client import RawClient, only_error, shape
from harness.wait import wait_until

SOFT = {"timeouts": {"idle_transaction_soft_timeout": "300ms"}}
HARD = {"timeouts": {"idle_transaction_timeout": "300ms", "idle_transaction_soft_timeout": "0s"}}


def connected(daemon):
    client = RawClient(daemon.port)
    assert client.login() is None
    return client


def frozen(daemon, *statements):
    """A client that has begun a transaction, and sends nothing more."""
    client = connected(daemon)
    client.query("BEGIN")
    for sql in statements or ("SELECT 1",):
        assert client.query(sql)[-1].body == b"T"
    return client


def detached(daemon, reason, count=1):
    wait_until(lambda: daemon.metrics().value("pgweir_detached_transactions_total", reason=reason) == count,
               f"{count} are detached ({reason})")


def is_idle_timeout(fields, reason="idle_transaction_soft_timeout"):
    assert fields["S"] == fields["V"] == "ERROR" and fields["C"] == "25P03", fields
    assert "idle-in-transaction timeout" in fields["M"] and "ROLLBACK" in fields["H"], fields
    detail = dict(part.split("=", 1) for part in fields["D"].split())
    assert detail["reason"] == reason and detail["pool"] == "app" and int(detail["lasted_ms"]) >= 300 and detail["id"], fields


def test_newcomers_are_served_and_the_frozen_thaw(pool, cluster, role):
    """A pool full of frozen lambdas; what they did is undone, and they go on over the connections they have."""
    daemon = pool(10, SOFT)
    cluster.execute("DROP TABLE IF EXISTS thawed", "CREATE TABLE thawed (a int)", "GRANT ALL ON thawed TO PUBLIC")
    lambdas = [frozen(daemon, f"INSERT INTO thawed VALUES ({number})") for number in range(10)]
    pids = [pid for pid, _, _ in cluster.sessions(role)]
    # As many as there are servers, each of which is busy for a while.
    newcomers = [connected(daemon) for _ in range(10)]
    for client in newcomers:
        client.send(messages.query("SELECT count(*) FROM thawed, pg_sleep(3)"))
    for client in newcomers:
        assert client.read_until("Z")[1].values() == [b"0"]
    detached(daemon, "soft", 10)
    for client in lambdas:
        answers = client.query("SELECT 1")
        assert shape(answers) == "EZ" and answers[-1].body == b"E"
        is_idle_timeout(only_error(answers))
        assert only_error(client.query("SELECT 2"))["C"] == "25P02"
        answers = client.query("ROLLBACK")
        assert answers[0].text() == "ROLLBACK" and answers[-1].body == b"I"
        client.query("BEGIN")
        assert client.value("SELECT 3") == "3"
        assert client.query("COMMIT")[0].text() == "COMMIT"
    assert [pid for pid, _, _ in cluster.sessions(role)] == pids
    assert "event=detached" in daemon.log() and "reason=soft" in daemon.log()
    cluster.execute("DROP TABLE thawed")


def test_the_twenty_first_that_the_breaker_refused_is_served_when_it_comes_back(pool):
    daemon = pool(10, {**SOFT, "breaker": {"open_above": "80%", "min_open": "300ms", "window": "300ms"}})
    lambdas = [connected(daemon) for _ in range(10)]
    for client in lambdas:
        client.query("BEGIN")
        client.query("SELECT 1")
    wait_until(lambda: daemon.health()[0] == 503, "the breaker is open")

    def is_served():
        newcomer = RawClient(daemon.port)
        refusal = newcomer.login()
        assert refusal is None or refusal.fields()["C"] == "53300"
        return refusal is None and newcomer.value("SELECT 4") == "4"

    wait_until(is_served, "a newcomer is served", every=0.2)
    thawed = [client.query("SELECT 1") for client in lambdas]
    detached_ones = [(client, answers) for client, answers in zip(lambdas, thawed) if shape(answers) == "EZ"]
    assert detached_ones
    for client, answers in detached_ones:
        is_idle_timeout(only_error(answers))
        client.query("ROLLBACK")
        assert client.value("SELECT 5") == "5"


def test_nobody_is_detached_while_nobody_waits(pool):
    daemon = pool(2, {"timeouts": {"idle_transaction_soft_timeout": "100ms"}})
    client = frozen(daemon)
    other = connected(daemon)
    for _ in range(5):
        assert other.value("SELECT pg_sleep(0.1)::text || 'x'") == "x"
    assert client.value("SELECT 1") == "1"
    assert client.query("COMMIT")[0].text() == "COMMIT"
    assert daemon.metrics().value("pgweir_detached_transactions_total") == 0


def test_the_hard_limit_needs_nobody_who_waits(pool, cluster, role):
    daemon = pool(2, HARD)
    client = frozen(daemon)
    detached(daemon, "hard")
    assert cluster.states(role) == ["idle"]
    is_idle_timeout(only_error(client.query("SELECT 1")), "idle_transaction_timeout")
    assert client.query("ROLLBACK")[0].text() == "ROLLBACK"
    assert client.value("SELECT 2") == "2"


@pytest.mark.parametrize("is_told", [False, True])
def test_a_commit_is_not_taken_for_done(pool, is_told):
    """Not even by a driver that keeps to itself what its DEALLOCATE was told."""
    daemon = pool(1, HARD)
    client = frozen(daemon)
    detached(daemon, "hard")
    if is_told:
        assert only_error(client.query("DEALLOCATE one"))["C"] == "25P03"
    answers = client.query("COMMIT")
    assert shape(answers) == "EZ" and only_error(answers)["C"] == "25P03" and answers[-1].body == b"I"
    assert client.value("SELECT 2") == "2"


def test_a_savepoint_is_gone_with_its_transaction(pool):
    daemon = pool(1, HARD)
    client = frozen(daemon, "SAVEPOINT a")
    detached(daemon, "hard")
    assert only_error(client.query("ROLLBACK TO a"))["C"] == "25P03"
    assert only_error(client.query("ROLLBACK TO a"))["S"] == "ERROR"
    assert client.query("ROLLBACK; SELECT 6")[-1].body == b"I"


def test_a_failed_transaction_is_detached_too(pool):
    daemon = pool(1, HARD)
    client = frozen(daemon)
    assert client.query("SELECT 1/0")[-1].body == b"E"
    detached(daemon, "hard")
    assert client.query("ROLLBACK")[0].text() == "ROLLBACK"
    assert client.value("SELECT 2") == "2"


def test_what_the_transaction_had_set_is_taken_back_and_what_stood_before_stays(pool):
    daemon = pool(2, HARD)
    client = connected(daemon)
    client.query("SET work_mem = '111kB'")
    client.query("PREPARE before AS SELECT 'before'")
    client.query("LISTEN before")
    client.query("BEGIN")
    for sql in ("SET work_mem = '222kB'", "SET LOCAL statement_timeout = '9s'", "PREPARE within AS SELECT 'within'",
                "LISTEN within", "CREATE TEMP TABLE within (a int)"):
        assert client.query(sql)[-1].body == b"T"
    detached(daemon, "hard")
    assert only_error(client.query("SELECT 1"))["C"] == "25P03"
    client.query("ROLLBACK")
    others = [connected(daemon) for _ in range(2)]   # so that it meets other servers
    for _ in range(3):
        assert client.value("SHOW work_mem") == "111kB"
        assert client.value("SHOW statement_timeout") == "0"
        assert client.value("EXECUTE before") == "before"
        assert client.value("EXECUTE within") == "within"   # no part of the transaction in PostgreSQL either
        assert client.value("SELECT string_agg(c, ' ') FROM pg_listening_channels() c") == "before"
        assert only_error(client.query("SELECT * FROM within"))["C"] == "42P01"
        for other in others:
            assert other.value("SHOW work_mem") == "4MB"


@pytest.mark.parametrize("changes", [{}, {"databases": {"app": {"pool_mode": "session"}}}])
def test_who_cannot_go_on_elsewhere_is_left_alone_and_then_ended(pool, changes):
    daemon = pool(1, {"timeouts": {"idle_transaction_timeout": "2s", "idle_transaction_soft_timeout": "100ms"}, **changes})
    client = connected(daemon)
    client.query("SELECT pg_advisory_lock(1)")
    client.query("BEGIN")
    client.query("SELECT 1")
    waiter = connected(daemon)
    waiter.send(messages.query("SELECT 7"))
    fields = client.read_message().fields()
    assert fields["S"] == "FATAL" and fields["C"] == "25P03", fields
    assert fields["M"] == "terminating connection due to idle-in-transaction timeout"
    assert client.read_to_end() == []
    assert waiter.read_until("Z")[1].values() == [b"7"]
    metrics = daemon.metrics()
    assert metrics.value("pgweir_detached_transactions_total", reason="ended") == 1
    assert metrics.value("pgweir_detached_transactions_total", reason="soft") == 0


def test_a_lock_that_no_word_betrays_ends_the_session(pool, cluster, role):
    daemon = pool(1, HARD)
    client = frozen(daemon, "DO $$ BEGIN PERFORM pg_advisory_lock(5); END $$")
    assert client.read_message().fields()["S"] == "FATAL"
    assert client.read_to_end() == []
    wait_until(lambda: cluster.rows("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'") == [], "the lock is gone")


@pytest.mark.parametrize("in_block", [False, True])
def test_flush_without_sync(pool, cluster, role, in_block):
    """What was run and not synced is undone: outside of a block PostgreSQL commits it with the Sync."""
    daemon = pool(1, HARD)
    cluster.execute("DROP TABLE IF EXISTS unsynced", "CREATE TABLE unsynced (a int)", "GRANT ALL ON unsynced TO PUBLIC")
    client = frozen(daemon) if in_block else connected(daemon)
    client.send(messages.extended("INSERT INTO unsynced VALUES (1)") + messages.flush())
    client.read_until("C")
    detached(daemon, "hard")
    assert cluster.rows("SELECT * FROM unsynced") == []
    client.send(messages.extended("SELECT 1") + messages.sync())
    answers = client.read_until("Z")
    assert shape(answers) == "EZ" and answers[-1].body == (b"E" if in_block else b"I")
    is_idle_timeout(only_error(answers), "idle_transaction_timeout")
    if in_block:
        client.send(messages.extended("ROLLBACK") + messages.sync())
        assert shape(client.read_until("Z")) == "12nCZ"
    assert client.value("SELECT count(*) FROM unsynced") == "0"
    cluster.execute("DROP TABLE unsynced")


@pytest.mark.parametrize("in_block", [False, True])
def test_neither_sync_nor_flush(pool, cluster, in_block):
    """The server keeps its answers and says that it is active, though all it does is wait for its client."""
    daemon = pool(1, HARD)
    client = frozen(daemon) if in_block else connected(daemon)
    client.send(messages.extended("SELECT 1"))
    detached(daemon, "hard")
    assert shape(client.read_until("C")).endswith("C")
    client.send(messages.sync())
    answers = client.read_until("Z")
    is_idle_timeout(only_error(answers), "idle_transaction_timeout")
    assert answers[-1].body == (b"E" if in_block else b"I")
    client.query("ROLLBACK")
    assert client.value("SELECT 2") == "2"


def test_a_long_statement_without_its_sync_is_not_idle(pool):
    daemon = pool(1, HARD)
    client = connected(daemon)
    client.send(messages.extended("SELECT pg_sleep(3)"))
    assert shape(client.read_until("C")).endswith("DC")
    client.send(messages.sync())
    assert shape(client.read_until("Z")) == "Z"


# What drivers make of it.

def test_psycopg(pool):
    daemon = pool(1, HARD)
    with psycopg.connect(daemon.dsn(), prepare_threshold=None) as client:
        client.execute("SELECT 1")
        detached(daemon, "hard")
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            client.execute("SELECT %s", (2,))
        client.rollback()
        assert client.execute("SELECT %s", (7,)).fetchone() == (7,)
        detached(daemon, "hard", 2)
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            client.commit()
        assert client.execute("SELECT 8").fetchone() == (8,)


def test_asyncpg(pool):
    daemon = pool(1, HARD)

    async def work():
        client = await asyncpg.connect(host="127.0.0.1", port=daemon.port, user="lambda", password=PASSWORD, database="app", ssl=False)
        with pytest.raises(asyncpg.exceptions.PostgresError) as caught:
            async with client.transaction():
                await client.fetchval("SELECT $1::int", 1)
                detached(daemon, "hard")
                await client.fetchval("SELECT $1::int", 2)
        assert caught.value.sqlstate == "25P03"
        assert await client.fetchval("SELECT $1::int", 7) == 7
        # It prepares without a Sync, and cannot read an error while it waits for nothing.
        statement = await client.prepare("SELECT $1::int + 1")
        detached(daemon, "hard", 2)
        with pytest.raises(asyncpg.exceptions.PostgresError) as caught:
            await statement.fetchval(3)
        assert caught.value.sqlstate == "25P03"
        assert await statement.fetchval(3) == 4
        await client.close()

    asyncio.run(work())


def test_asyncpg_pool_resets_its_connection(pool):
    daemon = pool(1, HARD)

    async def work():
        async with asyncpg.create_pool(host="127.0.0.1", port=daemon.port, user="lambda", password=PASSWORD, database="app", ssl=False,
                                       min_size=1, max_size=1) as clients:
            async with clients.acquire() as client:
                await client.execute("BEGIN")
                await client.fetchval("SELECT 1")
                detached(daemon, "hard")
                with pytest.raises(asyncpg.exceptions.PostgresError):
                    await client.fetchval("SELECT 2")
            async with clients.acquire() as client:
                assert await client.fetchval("SELECT 7") == 7

    asyncio.run(work())
    assert daemon.metrics().value("pgweir_logins_total", outcome="accepted") == 1


@pytest.mark.parametrize("driver", ["pg", "postgres"])
@pytest.mark.parametrize("then", ["statement", "commit"])
def test_javascript_drivers(pool, driver, then):
    daemon = pool(1, HARD)
    process = start_frozen(driver, daemon, then)
    detached(daemon, "hard")
    assert thaw(process) == {"code": "25P03", "seven": 7}
    assert daemon.metrics().value("pgweir_logins_total", outcome="accepted") == 1
