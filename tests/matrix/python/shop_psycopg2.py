"""The shop on psycopg 2 with its defaults: simple queries, values written into their texts."""

import contextlib

import psycopg2
import psycopg2.errors

from shop import DSN, DbApiShop, report, run_threads


class Shop(DbApiShop):
    @contextlib.contextmanager
    def savepoint(self):
        self.query("SAVEPOINT here")
        try:
            yield
        except psycopg2.Error:
            self.query("ROLLBACK TO SAVEPOINT here")
            raise
        self.query("RELEASE SAVEPOINT here")

    def use_prepared(self):
        """PREPARE and EXECUTE are what users of psycopg 2 have."""
        with self.transaction():
            self.query("PREPARE by_amount (int) AS SELECT count(*) FROM orders WHERE session = $1 AND amount < 0")
        for _ in range(8):
            with self.transaction():
                self.session.expect(self.value("EXECUTE by_amount (%s)", self.session.number), 0, "EXECUTE")
        with self.transaction():
            self.query("DEALLOCATE by_amount")


def work(session, barrier):
    settings = {"options": f"-c TimeZone={session.zone} -c search_path={session.schema}"} if session.number % 2 == 0 else {}
    with contextlib.closing(psycopg2.connect(DSN, **settings)) as connection:
        shop = Shop(session, connection, psycopg2.errors)
        if not settings:
            shop.set_place()
        shop.run(barrier)
        shop.use_prepared()
        with shop.transaction(), connection.cursor(name="numbers") as cursor:
            cursor.itersize = 50
            cursor.execute("SELECT generate_series(1, %s)", (300,))
            session.expect(sum(row[0] for row in cursor), 45150, "named cursor")


report(run_threads(work))
