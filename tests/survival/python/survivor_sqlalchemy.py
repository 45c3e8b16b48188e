"""SQLAlchemy on psycopg 2. The argument is its pool: QueuePool, its default, or NullPool, a connection for each unit."""

import os
import sys
import time

import sqlalchemy
import sqlalchemy.exc
import sqlalchemy.pool

from survivor import PACE, survive

POOLS = {"QueuePool": {"pool_recycle": 2}, "NullPool": {"poolclass": sqlalchemy.pool.NullPool}}

engine = sqlalchemy.create_engine(os.environ["SURVIVAL_URL"], **POOLS[sys.argv[1]])


def unit(name):
    with engine.begin() as connection:
        time.sleep(connection.execute(sqlalchemy.text(PACE)).scalar_one())
        connection.execute(sqlalchemy.text("INSERT INTO work (id) VALUES (:id)"), {"id": name})


survive(lambda _number: unit, sqlalchemy.exc.DBAPIError, lambda problem: problem.orig.pgcode)
engine.dispose()
