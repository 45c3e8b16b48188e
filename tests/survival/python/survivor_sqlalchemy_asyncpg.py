"""SQLAlchemy on asyncpg, without a pool: what a lambda does whose pooler is elsewhere."""

import asyncio
import os

import asyncpg
import sqlalchemy
import sqlalchemy.exc
import sqlalchemy.pool
from sqlalchemy.ext.asyncio import create_async_engine

from survivor import PACE
from survivor_asyncio import survive

# What it asks itself, when it has connected, fails with asyncpg's own errors.
ERRORS = (sqlalchemy.exc.DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


def sqlstate(problem):
    return getattr(problem.orig, "pgcode", None) if isinstance(problem, sqlalchemy.exc.DBAPIError) else getattr(problem, "sqlstate", None)


async def main():
    engine = create_async_engine(os.environ["SURVIVAL_URL"].replace("postgresql:", "postgresql+asyncpg:"),
                                 poolclass=sqlalchemy.pool.NullPool)

    async def unit(name):
        async with engine.begin() as connection:
            await asyncio.sleep((await connection.execute(sqlalchemy.text(PACE))).scalar_one())
            await connection.execute(sqlalchemy.text("INSERT INTO work (id) VALUES (:id)"), {"id": name})

    await survive(unit, ERRORS, sqlstate)
    await engine.dispose()


asyncio.run(main())
