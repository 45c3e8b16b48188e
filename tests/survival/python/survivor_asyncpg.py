"""asyncpg and its pool."""

import asyncio
import os

import asyncpg

from survivor import PACE, WORKERS
from survivor_asyncio import INSERT, survive


async def main():
    async with asyncpg.create_pool(os.environ["SURVIVAL_URL"], min_size=1, max_size=WORKERS, max_queries=20) as pool:

        async def unit(name):
            async with pool.acquire() as connection:
                async with connection.transaction():
                    await asyncio.sleep(await connection.fetchval(PACE))
                    await connection.execute(INSERT, name)

        await survive(unit, (asyncpg.PostgresError, asyncpg.InterfaceError, OSError),
                      lambda problem: getattr(problem, "sqlstate", None))


asyncio.run(main())
