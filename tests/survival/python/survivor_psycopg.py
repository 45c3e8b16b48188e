"""psycopg 3: a connection kept between units, as a lambda keeps its own, and opened again when it is closed."""

import time

import psycopg

from survivor import DSN, INSERT, PACE, USES, survive


class Worker:
    def __init__(self, _number):
        self.connection = None
        self.uses = 0

    def __call__(self, name):
        self.uses += 1
        if self.connection is not None and self.uses % USES == 0:
            self.connection.close()
        if self.connection is None or self.connection.closed:
            self.connection = psycopg.connect(DSN)
        with self.connection.transaction():
            seconds = self.connection.execute(PACE).fetchone()[0]
            time.sleep(seconds)
            self.connection.execute(INSERT, (name,))


survive(Worker, psycopg.Error, lambda problem: problem.sqlstate)
