"""Every driver with its defaults: log in, ask with parameters, fail, go on."""

import asyncio

import asyncpg
import psycopg
import psycopg2
import pytest

from harness.daemon import PASSWORD
from harness.node import probe
from harness.programs import psql


@pytest.fixture
def daemon(pool):
    return pool(2)


def test_psql(daemon):
    result = psql(daemon.dsn(), "SELECT 1", "SELECT 'two'")
    assert result.returncode == 0 and result.stdout.split() == ["1", "two"], result.stderr


def test_psycopg(daemon):
    with psycopg.connect(daemon.dsn()) as client:
        assert client.execute("SELECT %s::int + 1, %s", (41, "a")).fetchone() == (42, "a")
        with pytest.raises(psycopg.errors.UndefinedTable):
            client.execute("SELECT * FROM nowhere")
        client.rollback()
        assert client.execute("SELECT 7").fetchone() == (7,)


def test_psycopg_cursors_of_all_kinds(daemon):
    with psycopg.connect(daemon.dsn()) as client:
        with client.cursor(name="portal") as cursor:
            cursor.execute("SELECT generate_series(1, 1000)")
            assert sum(row[0] for row in cursor) == 500500
        with client.cursor(binary=True) as cursor:
            assert cursor.execute("SELECT %s::float8", (0.5,)).fetchone() == (0.5,)
        with client.cursor() as cursor:
            cursor.executemany("SELECT %s::int", [(number,) for number in range(50)], returning=True)
            assert cursor.fetchone() == (0,)


def test_psycopg2(daemon):
    client = psycopg2.connect(daemon.dsn())
    with client, client.cursor() as cursor:
        cursor.execute("SELECT %s + 1, %s", (41, "a"))
        assert cursor.fetchone() == (42, "a")
    with pytest.raises(psycopg2.errors.UndefinedTable):
        with client, client.cursor() as cursor:
            cursor.execute("SELECT * FROM nowhere")
    with client, client.cursor() as cursor:
        cursor.execute("SELECT 7")
        assert cursor.fetchone() == (7,)
    client.close()


def asyncpg_connect(daemon, **options):
    return asyncpg.connect(host="127.0.0.1", port=daemon.port, user="lambda", password=PASSWORD, database="app",
                           ssl=False, **options)


@pytest.mark.parametrize("cache", [0, 100])
def test_asyncpg(daemon, cache):
    async def work():
        client = await asyncpg_connect(daemon, statement_cache_size=cache)
        async with client.transaction():
            assert tuple(await client.fetchrow("SELECT $1::int + 1, $2::text", 41, "a")) == (42, "a")
            async for record in client.cursor("SELECT generate_series(1, 200)"):
                assert record[0] > 0
        with pytest.raises(asyncpg.UndefinedTableError):
            await client.fetch("SELECT * FROM nowhere")
        assert await client.fetchval("SELECT 7") == 7
        await client.close()
    asyncio.run(work())


def test_asyncpg_pool_resets_and_goes_on(daemon):
    async def work():
        async with asyncpg.create_pool(host="127.0.0.1", port=daemon.port, user="lambda", password=PASSWORD, database="app",
                                       ssl=False, min_size=2, max_size=5, statement_cache_size=0) as pool:
            values = await asyncio.gather(*[pool.fetchval("SELECT $1::int", number) for number in range(50)])
            assert values == list(range(50))
    asyncio.run(work())


@pytest.mark.parametrize("driver", ["pg", "postgres"])
def test_javascript_drivers(daemon, driver):
    assert probe(driver, daemon, "SELECT 1 AS one") == {"rows": [{"one": 1}]}
    assert probe(driver, daemon, "SELECT $1::int + 1 AS sum, $2::text AS text", "parameters") == \
        {"rows": [{"sum": 42, "text": "a"}]}
    assert probe(driver, daemon, "SELECT * FROM nowhere", "after-error") == {"rows": [{"seven": 7}, {"code": "42P01"}]}
