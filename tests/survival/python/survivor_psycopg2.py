"""psycopg 2 with its pool for threads."""

import time

import psycopg2
import psycopg2.pool

from survivor import DSN, INSERT, PACE, USES, WORKERS, survive

pool = psycopg2.pool.ThreadedConnectionPool(WORKERS, WORKERS, DSN)


class Worker:
    def __init__(self, _number):
        self.uses = 0

    def __call__(self, name):
        self.uses += 1
        connection = pool.getconn()
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(PACE)
                time.sleep(cursor.fetchone()[0])
                cursor.execute(INSERT, (name,))
        finally:
            pool.putconn(connection, close=self.uses % USES == 0)


survive(Worker, psycopg2.Error, lambda problem: problem.pgcode)
pool.closeall()
