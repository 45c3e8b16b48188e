"""The shop on psycopg 3 with its defaults: statements are prepared on the server from their sixth run on."""

import psycopg

from shop import DSN, DbApiShop, report, run_threads


class Shop(DbApiShop):
    def savepoint(self):
        return self.connection.transaction()


def work(session, barrier):
    settings = {"options": f"-c TimeZone={session.zone} -c search_path={session.schema}"} if session.number % 2 == 0 else {}
    with psycopg.connect(DSN, **settings) as connection:
        shop = Shop(session, connection, psycopg.errors)
        if not settings:
            shop.set_place()
        shop.run(barrier)
        # A portal read in parts, and a pipeline with an error in its middle.
        with shop.transaction(), connection.cursor(name="numbers") as cursor:
            cursor.execute("SELECT generate_series(1, %s)", (300,))
            session.expect(sum(row[0] for row in cursor), 45150, "named cursor")
        try:
            with connection.pipeline(), connection.cursor() as cursor:
                cursor.execute("SET TIME ZONE 'Asia/Tokyo'")
                cursor.execute("SELECT 1 / %s", (0,))
                cursor.execute("SELECT 1")
        except psycopg.errors.DivisionByZero:
            session.checks += 1
        connection.rollback()
        with shop.transaction():
            shop.check_settings()


report(run_threads(work))
