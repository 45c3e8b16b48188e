"""The usage breaker: when it opens, what refused clients see, that it closes by itself."""

import json

import psycopg
import psycopg2
import pytest
import asyncio
import asyncpg

from harness.daemon import PASSWORD
from harness.node import probe
from harness.programs import pgbench, psql
from harness.wait import wait_until

DEFAULT = {"breaker": {"open_above": "80%"}}


class Holders:
    """Clients that each hold a server in a transaction."""

    def __init__(self, daemon, count):
        self.connections = []
        for _ in range(count):
            connection = psycopg.connect(daemon.dsn(), autocommit=True)
            self.connections.append(connection)
            connection.execute("BEGIN")
            connection.execute("SELECT 1")

    def add(self, connection):
        connection.execute("BEGIN")
        connection.execute("SELECT 1")
        self.connections.append(connection)

    def work(self):
        for connection in self.connections:
            assert connection.execute("SELECT 1").fetchone() == (1,)

    def release(self):
        for connection in self.connections:
            connection.execute("COMMIT")
            connection.close()


@pytest.fixture
def held(pool):
    """A daemon whose breaker is open because nine of ten servers are held; one more client is inside, idle."""
    daemon = pool(10, DEFAULT)
    inside = psycopg.connect(daemon.dsn(), autocommit=True)
    # The ninth must be inside before the breaker opens.
    ninth = psycopg.connect(daemon.dsn(), autocommit=True)
    holders = Holders(daemon, 8)
    holders.add(ninth)
    wait_until(lambda: daemon.health()[0] == 503, "the breaker is open")
    yield daemon, holders, inside
    inside.close()


def is_refusal(text):
    assert "FATAL" in text, text
    assert "reason=breaker_open" in text and "retry_after_ms=" in text and "pool=app" in text, text
    assert "HINT" in text, text


@pytest.mark.long
def test_eight_of_ten_held_and_short_statements_leave_it_closed(pool, size):
    daemon = pool(10, DEFAULT)
    holders = Holders(daemon, 8)
    pgbench_script = daemon.directory + "/short.sql"
    with open(pgbench_script, "w") as file:
        file.write("SELECT 1;\n\\sleep 2 ms\n")
    pgbench(daemon.dsn(), "-f", pgbench_script, "-c", 1, "-T", size(3, 10, 60))
    status, health = daemon.health()
    assert status == 200 and health["breaker"] == "closed", health
    assert daemon.metrics().value("pgweir_breaker_transitions_total", to="open") == 0
    psycopg.connect(daemon.dsn()).close()
    holders.release()


def test_psql_sees_the_refusal(held):
    daemon, _, _ = held
    result = psql(daemon.dsn(), "SELECT 1")
    assert result.returncode == 2
    is_refusal(result.stderr)


def test_psycopg_sees_the_refusal(held):
    daemon, _, _ = held
    with pytest.raises(psycopg.OperationalError) as caught:
        psycopg.connect(daemon.dsn())
    is_refusal(str(caught.value))


def test_psycopg2_sees_the_refusal(held):
    daemon, _, _ = held
    with pytest.raises(psycopg2.OperationalError) as caught:
        psycopg2.connect(daemon.dsn())
    is_refusal(str(caught.value))


def test_asyncpg_sees_the_refusal(held):
    daemon, _, _ = held

    async def connect():
        await asyncpg.connect(host="127.0.0.1", port=daemon.port, user="lambda", password=PASSWORD, database="app", ssl=False)

    with pytest.raises(asyncpg.TooManyConnectionsError) as caught:
        asyncio.run(connect())
    assert caught.value.sqlstate == "53300"
    assert "reason=breaker_open" in caught.value.detail and caught.value.hint


@pytest.mark.parametrize("driver", ["pg", "postgres"])
def test_javascript_drivers_see_the_refusal(held, driver):
    daemon, _, _ = held
    error = probe(driver, daemon, "SELECT 1")["error"]
    assert error["code"] == "53300"
    assert "reason=breaker_open" in error["detail"] and "retry_after_ms=" in error["detail"] and error["hint"]


def test_health_says_so_and_clients_inside_go_on(held):
    daemon, holders, inside = held
    answer = daemon.get("/health/db")
    assert answer.status == 503 and int(answer.headers["retry-after"]) >= 1
    assert '"usage_percentage":"90.0%"' in answer.body
    assert answer.body.startswith('{"postgres":{"pool_size":10,"checked_out":9,"connection_usage":"9/10",'
                                  '"usage_percentage":"90.0%","pool_full":false,"warning":"'), answer.body
    assert json.loads(answer.body)["postgres"]["breaker"] == "open"
    assert inside.execute("SELECT 2").fetchone() == (2,)
    holders.work()


def test_it_closes_by_itself(held):
    daemon, holders, inside = held
    holders.release()
    wait_until(lambda: daemon.health()[0] == 200, "the breaker is not open any more")
    wait_until(lambda: daemon.health()[1]["breaker"] == "closed", "the breaker is closed")
    with psycopg.connect(daemon.dsn()) as client:
        assert client.execute("SELECT 3").fetchone() == (3,)
    health = daemon.health()[1]
    assert health["warning"] is None and health["usage_percentage"] == "0.0%"
    metrics = daemon.metrics()
    assert metrics.value("pgweir_breaker_transitions_total", to="open") >= 1
    assert metrics.value("pgweir_refusals_total", reason="breaker_open") == 0
    assert inside.execute("SELECT 4").fetchone() == (4,)


def test_an_open_breaker_refuses_before_it_asks_for_a_password(held):
    daemon, _, _ = held
    with pytest.raises(psycopg.OperationalError) as caught:
        psycopg.connect(daemon.dsn(password="wrong"))
    is_refusal(str(caught.value))


def test_breaker_off_refuses_nobody_but_health_warns(pool):
    daemon = pool(10)
    holders = Holders(daemon, 9)
    status, health = daemon.health()
    assert status == 200 and health["usage_percentage"] == "90.0%" and health["warning"], health
    psycopg.connect(daemon.dsn()).close()
    holders.release()
