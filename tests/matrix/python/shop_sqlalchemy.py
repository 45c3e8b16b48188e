"""The shop on SQLAlchemy's ORM: shop_sqlalchemy.py DIALECT NullPool|QueuePool.

There is an engine for each tenant, whose search path comes with the login; a session takes a
connection for each turn and sets its time zone there. With QueuePool connections stay and go from
session to session; with NullPool each turn logs in anew."""

import contextlib
import os
import sys
import threading

import sqlalchemy
from sqlalchemy import Column, DateTime, Integer, Text, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import declarative_base

from shop import LOCK, NOON_TEXT, ROUNDS, SETTINGS, TENANTS, cancel_until, migration, report, run_threads

Base = declarative_base()


class Order(Base):
    __tablename__ = "orders"
    id = Column(Integer, primary_key=True)
    session = Column(Integer, nullable=False)
    item = Column(Text, nullable=False)
    amount = Column(Integer, nullable=False)
    placed = Column(DateTime(timezone=True), nullable=False)


def make_engine(dialect, pool, tenant):
    url = sqlalchemy.engine.URL.create(
        f"postgresql+{dialect}", username=os.environ["MATRIX_USER"], password=os.environ["MATRIX_PASSWORD"],
        host=os.environ["MATRIX_HOST"], port=int(os.environ["MATRIX_PORT"]), database=os.environ["MATRIX_DATABASE"])
    return sqlalchemy.create_engine(url, poolclass=getattr(sqlalchemy.pool, pool), future=True,
                                    connect_args={"options": f"-c search_path=tenant_{tenant}"})


class Shop:
    def __init__(self, session, engines):
        self.session = session
        self.engines = engines
        self.connection = None

    @contextlib.contextmanager
    def lent(self):
        """A connection of the tenant's engine, in the session's zone."""
        with self.engines[self.session.tenant].connect() as self.connection:
            self.connection.execute(text(f"SET TIME ZONE '{self.session.zone}'"))
            self.connection.commit()
            yield

    @contextlib.contextmanager
    def transaction(self):
        with OrmSession(self.connection, future=True) as orm, orm.begin():
            pid = orm.scalar(text("SELECT pg_backend_pid()"))
            self.session.pids.append(pid)
            yield orm
            self.session.expect(orm.scalar(text("SELECT pg_backend_pid()")), pid, "server within a transaction")

    def migrate(self):
        with self.lent():
            with self.transaction() as orm:
                orm.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
            with self.transaction() as orm:
                if orm.scalar(text("SELECT to_regclass('public.migrations')::text")) is None:
                    orm.connection().exec_driver_sql(migration())
                    orm.execute(text("INSERT INTO public.migrations (session) VALUES (:number)"), {"number": self.session.number})
            with self.transaction() as orm:
                held = orm.scalar(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
                self.session.expect(held, True, "the lock was held")
                self.session.expect(orm.scalar(text("SELECT count(*) FROM public.migrations")), 1, "migrations")

    def order(self, *parts, amount=1):
        return Order(session=self.session.number, item=self.session.item(*parts), amount=amount, placed=NOON_TEXT)

    def check(self, orm):
        session = self.session
        row = orm.execute(text(SETTINGS)).one()
        # The statement may have been prepared when another session had this connection: its literal says nothing.
        session.expect((row[0], row[1], row[2], row[4]),
                       (session.zone, session.schema, session.noon, f"shop {session.tenant}"), "settings")
        session.expect(orm.query(Order).filter_by(session=session.number).count(), session.kept, "orders")

    def create_read_update_delete(self, turn):
        session = self.session
        with self.transaction() as orm:
            order = self.order("order", turn, amount=turn)
            orm.add(order)
            orm.flush()
            identity = order.id
            order.amount += 100
        with self.transaction() as orm:
            order = orm.get(Order, identity)
            session.expect((order.item, order.amount), (session.item("order", turn), turn + 100), "order")
            session.expect(order.placed.utcoffset().total_seconds(), session.ahead, "zone of the driver's value")
            if turn % 8 == 0:
                orm.delete(order)
        session.kept += turn % 8 != 0

    def use_savepoints(self, turn):
        session = self.session
        with self.transaction() as orm:
            orm.add(self.order("savepoint", turn))
            orm.flush()
            try:
                with orm.begin_nested():
                    orm.execute(text("SET TIME ZONE 'Asia/Tokyo'"))
                    orm.add(self.order("savepoint", turn))
                raise AssertionError("a duplicate was let in")
            except IntegrityError:
                session.checks += 1
            session.expect(orm.scalar(text("SHOW timezone")), session.zone, "zone after ROLLBACK TO")
            with orm.begin_nested():
                orm.add(self.order("savepoint", turn, "released"))
        session.kept += 2
        with self.transaction() as orm:
            self.check(orm)

    def set_locally(self, _turn):
        with self.transaction() as orm:
            orm.execute(text("SET LOCAL TIME ZONE 'Asia/Tokyo'"))
            self.session.expect(orm.scalar(text("SHOW timezone")), "Asia/Tokyo", "zone set locally")
        with self.transaction() as orm:
            self.check(orm)

    def expect_failure(self, sqlstate, *statements):
        try:
            with self.transaction() as orm:
                for statement in statements:
                    orm.execute(text(statement))
                raise AssertionError(f"no error: {statements}")
        except DBAPIError as problem:
            found = getattr(problem.orig, "sqlstate", None) or getattr(problem.orig, "pgcode", None)
            self.session.expect(found, sqlstate, "SQLSTATE")
        with self.transaction() as orm:
            self.check(orm)

    def fail(self, _turn):
        self.expect_failure("22012", "SET search_path TO public", "SET TIME ZONE 'Asia/Tokyo'", "SELECT 1 / 0")

    def cancel(self):
        """The cancel of the driver below, then a timeout of the server."""
        done = threading.Event()
        canceller = threading.Thread(target=cancel_until, args=(done, self.connection.connection.dbapi_connection.cancel))
        canceller.start()
        try:
            with self.transaction() as orm:
                orm.execute(text("SELECT pg_sleep(60)"))
        except DBAPIError:
            self.session.checks += 1
        finally:
            done.set()
            canceller.join()
        self.expect_failure("57014", "SET LOCAL statement_timeout = '50ms'", "SELECT pg_sleep(60)")

    def run(self, barrier):
        barrier.wait()
        self.migrate()
        barrier.wait()
        turns = (self.create_read_update_delete, self.use_savepoints, self.set_locally, self.fail)
        for turn in range(ROUNDS):
            if turn == ROUNDS // 2:
                # Nobody may wait for a connection that somebody keeps while waiting here.
                barrier.wait()
                self.session.move()
            with self.lent():
                if turn == ROUNDS // 2 and self.session.is_cancelling():
                    self.cancel()
                turns[turn % 4](turn)


def main():
    dialect, pool = sys.argv[1:]
    engines = [make_engine(dialect, pool, tenant) for tenant in range(TENANTS)]
    report(run_threads(lambda session, barrier: Shop(session, engines).run(barrier)))
    for engine in engines:
        engine.dispose()


main()
