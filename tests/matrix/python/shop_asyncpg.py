"""The shop on asyncpg and its pools with their defaults: everything is a prepared statement with a
name, and every return to the pool resets the connection.

There is a pool for each time zone, which comes with the login; a session takes a connection of its
pool for each turn and sets its search path there."""

import asyncio
import contextlib
import datetime
import os

import asyncpg

from shop import DEADLINE, LOCK, NOON, ROUNDS, SESSIONS, SETTINGS, ZONES, Session, migration, report

INSERT = "INSERT INTO orders (session, item, amount, placed) VALUES ($1, $2, $3, $4) RETURNING id"
COUNT = "SELECT count(*) FROM orders WHERE session = $1"
PLACED = datetime.datetime.fromtimestamp(NOON, datetime.timezone.utc)


def make_pool(zone):
    size = SESSIONS // len(ZONES)
    return asyncpg.create_pool(
        host=os.environ["MATRIX_HOST"], port=int(os.environ["MATRIX_PORT"]), user=os.environ["MATRIX_USER"],
        password=os.environ["MATRIX_PASSWORD"], database=os.environ["MATRIX_DATABASE"],
        min_size=size, max_size=size, server_settings={"TimeZone": zone})


class Shop:
    def __init__(self, session, pool):
        self.session = session
        self.pool = pool
        self.login_zone = session.zone
        self.connection = None

    @contextlib.asynccontextmanager
    async def transaction(self):
        async with self.connection.transaction():
            pid = await self.connection.fetchval("SELECT pg_backend_pid()")
            self.session.pids.append(pid)
            yield
            self.session.expect(await self.connection.fetchval("SELECT pg_backend_pid()"), pid, "server within a transaction")

    @contextlib.asynccontextmanager
    async def lent(self):
        """A connection of the pool, which must be as new, then placed."""
        session = self.session
        async with self.pool.acquire() as self.connection:
            session.expect(await self.connection.fetchval("SHOW timezone"), self.login_zone, "zone after the pool's reset")
            session.expect(await self.connection.fetchval("SHOW search_path"), '"$user", public', "path after the pool's reset")
            await self.connection.execute(f"SET search_path TO {session.schema}")
            if session.moved:
                await self.connection.execute(f"SET TIME ZONE '{session.zone}'")
            yield

    async def migrate(self):
        async with self.lent():
            async with self.transaction():
                await self.connection.execute("SELECT pg_advisory_lock($1)", LOCK)
            async with self.transaction():
                if await self.connection.fetchval("SELECT to_regclass('public.migrations')::text") is None:
                    await self.connection.execute(migration())
                    await self.connection.execute("INSERT INTO public.migrations (session) VALUES ($1)", self.session.number)
            held = await self.connection.fetchval("SELECT pg_advisory_unlock($1)", LOCK)
            self.session.expect(held, True, "the lock was held")
            async with self.transaction():
                count = await self.connection.fetchval("SELECT count(*) FROM public.migrations")
                self.session.expect(count, 1, "migrations")

    async def check_settings(self):
        self.session.expect_settings(await self.connection.fetchrow(SETTINGS))
        self.session.expect(await self.connection.fetchval("SHOW timezone"), self.session.zone, "SHOW timezone")

    async def create_read_update_delete(self, turn):
        session, item = self.session, self.session.item("order", turn)
        async with self.transaction():
            identity = await self.connection.fetchval(INSERT, session.number, item, turn, PLACED)
            tag = await self.connection.execute("UPDATE orders SET amount = amount + $1 WHERE id = $2", 100, identity)
            session.expect(tag, "UPDATE 1", "updated")
        async with self.transaction():
            row = await self.connection.fetchrow("SELECT item, amount, placed, placed::text FROM orders WHERE id = $1", identity)
            session.expect(tuple(row), (item, turn + 100, PLACED, session.noon), "order")
            if turn % 8 == 0:
                tag = await self.connection.execute("DELETE FROM orders WHERE id = $1", identity)
                session.expect(tag, "DELETE 1", "deleted")
        session.kept += turn % 8 != 0

    async def use_savepoints(self, turn):
        session, item = self.session, self.session.item("savepoint", turn)
        async with self.transaction():
            await self.connection.execute(INSERT, session.number, item, 1, PLACED)
            try:
                async with self.connection.transaction():
                    await self.connection.execute("SET TIME ZONE 'Asia/Tokyo'")
                    await self.connection.execute(INSERT, session.number, item, 2, PLACED)
                    raise AssertionError("a duplicate was let in")
            except asyncpg.UniqueViolationError:
                session.checks += 1
            session.expect(await self.connection.fetchval("SHOW timezone"), session.zone, "zone after ROLLBACK TO")
            async with self.connection.transaction():
                await self.connection.executemany(INSERT, [(session.number, f"{item}-{k}", k, PLACED) for k in range(3)])
        session.kept += 4
        async with self.transaction():
            session.expect(await self.connection.fetchval(COUNT, session.number), session.kept, "orders after savepoints")
            await self.check_settings()

    async def use_types(self, _turn):
        """A type asyncpg must look up, for which it switches `jit` off and on; a cursor; COPY."""
        session = self.session
        jit = await self.connection.fetchval("SHOW jit")
        row = await self.connection.fetchval("SELECT migrations FROM public.migrations")
        session.expect(sorted(row.keys()), ["server", "session"], "composite value")
        async with self.transaction():
            numbers = [row[0] async for row in self.connection.cursor("SELECT generate_series(1, $1::int)", 300)]
            session.expect(sum(numbers), 45150, "cursor")
            await self.connection.execute("SET LOCAL TIME ZONE 'Asia/Tokyo'")
        async with self.transaction():
            session.expect(await self.connection.fetchval("SHOW jit"), jit, "jit after introspection")
            await self.check_settings()

    async def fail(self, _turn):
        session = self.session
        # Prepared and described, with a Flush only: no Sync until it is first used.
        statement = await self.connection.prepare("SELECT $1::int / $2::int")
        try:
            async with self.transaction():
                await self.connection.execute("SET search_path TO public")
                await statement.fetchval(1, 0)
        except asyncpg.DivisionByZeroError:
            session.checks += 1
        async with self.transaction():
            session.expect(await statement.fetchval(6, 2), 3, "prepared statement after its error")
            session.expect(await self.connection.fetchval(COUNT, session.number), session.kept, "orders after a failure")
            await self.check_settings()

    async def cancel(self):
        """A timeout of asyncpg's, which sends a cancel, and one of the server's."""
        for server_timeout, timeout, expected in (("0", 0.2, asyncio.TimeoutError), ("50ms", None, asyncpg.QueryCanceledError)):
            try:
                async with self.transaction():
                    await self.connection.execute(f"SET LOCAL statement_timeout = '{server_timeout}'")
                    await self.connection.fetchval("SELECT pg_sleep($1)", 60.0, timeout=timeout)
            except expected:
                self.session.checks += 1
            async with self.transaction():
                await self.check_settings()

    async def run(self, barrier):
        await self.migrate()
        await barrier.wait()
        turns = (self.create_read_update_delete, self.use_savepoints, self.use_types, self.fail)
        for turn in range(ROUNDS):
            if turn == ROUNDS // 2:
                await barrier.wait()
                self.session.move()
            async with self.lent():
                if turn == ROUNDS // 2 and self.session.is_cancelling():
                    await self.cancel()
                await turns[turn % 4](turn)


async def main():
    async with contextlib.AsyncExitStack() as stack:
        pools = [await stack.enter_async_context(make_pool(zone)) for zone, _, _ in ZONES]
        sessions = [Session(number) for number in range(SESSIONS)]
        barrier = asyncio.Barrier(SESSIONS)
        async with asyncio.TaskGroup() as group:
            for session in sessions:
                group.create_task(Shop(session, pools[session.number % len(ZONES)]).run(barrier))
    report(sessions)


try:
    asyncio.run(asyncio.wait_for(main(), DEADLINE))
except BaseExceptionGroup as problems:
    # The first error is the one to read.
    raise problems.exceptions[0] from None
