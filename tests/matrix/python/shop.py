"""The shop: what every application of the matrix does, here for Python's DB-API drivers.

A session belongs to a tenant, which is in its search path alone, and lives in a time zone. Half-way
it moves to another tenant and zone. All its statements are the same text in every session."""

import contextlib
import json
import os
import sys
import threading
import traceback

SESSIONS = int(os.environ["MATRIX_SESSIONS"])
ROUNDS = int(os.environ["MATRIX_ROUNDS"])
DSN = os.environ["MATRIX_DSN"]
LOCK = 4711
TENANTS = 4
DEADLINE = 300.0

# Name, how noon UTC of 1 July 2024 reads there, and how many seconds it is ahead of UTC on that day.
ZONES = (("UTC", "2024-07-01 12:00:00+00", 0),
         ("Europe/Berlin", "2024-07-01 14:00:00+02", 7200),
         ("America/New_York", "2024-07-01 08:00:00-04", -14400),
         ("Asia/Kolkata", "2024-07-01 17:30:00+05:30", 19800),
         ("Pacific/Chatham", "2024-07-02 00:45:00+12:45", 45900))
NOON_TEXT = ZONES[0][1]
NOON = 1719835200

# The literal without a zone is read when the statement is parsed: a plan shared with a session of
# another zone shows here.
SETTINGS = ("SELECT current_setting('TimeZone'), current_schema(), (timestamptz '2024-07-01 12:00:00+00')::text,"
            " extract(epoch FROM timestamptz '2024-07-01 12:00:00')::bigint, (SELECT name FROM shop)")


def migration():
    with open(os.environ["MATRIX_MIGRATION"], encoding="utf-8") as file:
        return file.read()


class Session:
    """The numbers of a session, and what it has met and checked so far."""

    def __init__(self, number):
        self.number = number
        self.pids = []
        self.checks = 0
        self.kept = 0   # rows this session left in its tenant's orders
        self.moved = False
        self.place(number % TENANTS, number % len(ZONES))

    def place(self, tenant, zone):
        self.tenant = tenant
        self.schema = f"tenant_{tenant}"
        self.zone, self.noon, self.ahead = ZONES[zone]

    def move(self):
        self.moved = True
        self.kept = 0
        self.place((self.number + 1) % TENANTS, (self.number + 2) % len(ZONES))

    def is_cancelling(self):
        return self.number % 10 == 3

    def expect(self, actual, expected, what):
        if actual != expected:
            raise AssertionError(f"session {self.number}: {what}: {actual!r} instead of {expected!r}")
        self.checks += 1

    def expect_settings(self, row):
        row = tuple(row)
        # A driver may go on with a plan it made before the session moved, whose literal stays as it was read.
        literal = row[3] if self.moved else NOON - self.ahead
        self.expect(row, (self.zone, self.schema, self.noon, literal, f"shop {self.tenant}"), "settings")

    def item(self, *parts):
        return "-".join(str(part) for part in (self.number, *parts))


def report(sessions):
    print(json.dumps({"pids": [session.pids for session in sessions],
                      "checks": sum(session.checks for session in sessions)}), flush=True)


def run_threads(work):
    """work(session, barrier) in a thread for each session; the barrier lets all begin at once. Any error ends the program."""
    sessions = [Session(number) for number in range(SESSIONS)]
    barrier = threading.Barrier(SESSIONS, timeout=DEADLINE)
    failed = threading.Event()

    def guarded(session):
        try:
            work(session, barrier)
        except BaseException:
            # The first error is the one to read: those after it mostly come of its broken barrier.
            if not failed.is_set():
                failed.set()
                print(f"session {session.number}:\n{traceback.format_exc()}", file=sys.stderr, flush=True)
            barrier.abort()

    threads = [threading.Thread(target=guarded, args=(session,), daemon=True) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=DEADLINE)
        if failed.is_set() or thread.is_alive():
            print(f"failed, or not done within {DEADLINE:g} s", file=sys.stderr, flush=True)
            os._exit(1)
    return sessions


def cancel_until(done, cancel):
    """Cancels now and again until `done` is set: a cancel before the statement has begun is of no effect."""
    while not done.wait(timeout=0.1):
        cancel()


class DbApiShop:
    """One session over a connection of psycopg 3 or 2; `errors` is the driver's module of them."""

    def __init__(self, session, connection, errors):
        self.session = session
        self.connection = connection
        self.errors = errors

    # What the drivers do differently.

    def savepoint(self):
        """A context that ends in RELEASE, or after an error in ROLLBACK TO."""
        raise NotImplementedError

    def query(self, sql, *arguments):
        """The rows, or how many were changed where there are none."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, arguments or None)
            return cursor.fetchall() if cursor.description else cursor.rowcount

    def row(self, sql, *arguments):
        rows = self.query(sql, *arguments)
        self.session.expect(len(rows), 1, sql)
        return rows[0]

    def value(self, sql, *arguments):
        return self.row(sql, *arguments)[0]

    @contextlib.contextmanager
    def transaction(self):
        """One transaction, which notes its server and stays on it."""
        try:
            pid = self.value("SELECT pg_backend_pid()")
            self.session.pids.append(pid)
            yield
            self.session.expect(self.value("SELECT pg_backend_pid()"), pid, "server within a transaction")
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()

    # The application.

    def set_place(self):
        session = self.session
        with self.transaction():
            if session.number % 4 == 3:
                self.query("SELECT set_config('TimeZone', %s, false), set_config('search_path', %s, false)",
                           session.zone, session.schema)
            else:
                self.query(f"SET TIME ZONE '{session.zone}'")
                self.query(f"SET search_path TO {session.schema}")

    def migrate(self):
        with self.transaction():
            self.query("SELECT pg_advisory_lock(%s)", LOCK)
        with self.transaction():
            if self.value("SELECT to_regclass('public.migrations')::text") is None:
                self.query(migration())
                self.query("INSERT INTO public.migrations (session) VALUES (%s)", self.session.number)
        with self.transaction():
            self.session.expect(self.value("SELECT pg_advisory_unlock(%s)", LOCK), True, "the lock was held")
        with self.transaction():
            self.session.expect(self.value("SELECT count(*) FROM public.migrations"), 1, "migrations")

    def insert(self, item, amount):
        return self.value("INSERT INTO orders (session, item, amount, placed) VALUES (%s, %s, %s, %s) RETURNING id",
                          self.session.number, item, amount, NOON_TEXT)

    def count(self):
        return self.value("SELECT count(*) FROM orders WHERE session = %s", self.session.number)

    def check_settings(self):
        self.session.expect_settings(self.row(SETTINGS))
        self.session.expect(self.value("SHOW timezone"), self.session.zone, "SHOW timezone")

    def create_read_update_delete(self, turn):
        session, item = self.session, self.session.item("order", turn)
        with self.transaction():
            identity = self.insert(item, turn)
            self.session.expect(self.query("UPDATE orders SET amount = amount + %s WHERE id = %s", 100, identity), 1, "updated")
        with self.transaction():
            row = self.row("SELECT item, amount, placed, placed::text FROM orders WHERE id = %s", identity)
            session.expect((row[0], row[1], row[3]), (item, turn + 100, session.noon), "order")
            session.expect(row[2].utcoffset().total_seconds(), session.ahead, "zone of the driver's value")
            if turn % 8 == 0:
                session.expect(self.query("DELETE FROM orders WHERE id = %s", identity), 1, "deleted")
        session.kept += turn % 8 != 0

    def use_savepoints(self, turn):
        session, item = self.session, self.session.item("savepoint", turn)
        with self.transaction():
            self.insert(item, 1)
            try:
                with self.savepoint():
                    self.query("SET TIME ZONE 'Asia/Tokyo'")
                    self.insert(item, 2)
                    raise AssertionError("a duplicate was let in")
            except self.errors.UniqueViolation:
                session.checks += 1
            session.expect(self.value("SHOW timezone"), session.zone, "zone after ROLLBACK TO")
            with self.savepoint():
                self.insert(item + "-released", 3)
        session.kept += 2
        with self.transaction():
            session.expect(self.count(), session.kept, "orders after savepoints")
            self.check_settings()

    def set_locally(self, _turn):
        with self.transaction():
            self.query("SET LOCAL TIME ZONE 'Asia/Tokyo'")
            self.session.expect(self.value("SHOW timezone"), "Asia/Tokyo", "zone set locally")
        with self.transaction():
            self.check_settings()

    def fail(self, turn):
        session = self.session
        try:
            with self.transaction():
                self.query("SET search_path TO public")
                self.query("SET TIME ZONE 'Asia/Tokyo'")
                self.query("SELECT 1 / %s", 0)
        except self.errors.DivisionByZero:
            session.checks += 1
        with self.transaction():
            self.check_settings()
            session.expect(self.count(), session.kept, "orders after a failed transaction")

    def cancel(self):
        """The driver's own cancel, then a timeout of the server; the connection goes on after both."""
        done = threading.Event()
        canceller = threading.Thread(target=cancel_until, args=(done, self.connection.cancel))
        canceller.start()
        try:
            with self.transaction():
                self.query("SELECT pg_sleep(60)")
        except self.errors.QueryCanceled:
            self.session.checks += 1
        finally:
            done.set()
            canceller.join()
        try:
            with self.transaction():
                self.query("SET LOCAL statement_timeout = '50ms'")
                self.query("SELECT pg_sleep(60)")
        except self.errors.QueryCanceled:
            self.session.checks += 1
        with self.transaction():
            self.check_settings()

    def read_often(self, times):
        """Transactions without an error or a rollback, after which psycopg 3 forgets what it has prepared."""
        for _ in range(times):
            with self.transaction():
                self.check_settings()
                self.session.expect(self.count(), self.session.kept, "orders")

    def run(self, barrier):
        session = self.session
        barrier.wait()
        self.migrate()
        barrier.wait()
        for turn in range(ROUNDS):
            if turn == ROUNDS // 2:
                if session.is_cancelling():
                    self.cancel()
                self.read_often(8)
                session.move()
                self.set_place()
                self.read_often(4)
            (self.create_read_update_delete, self.use_savepoints, self.set_locally, self.fail)[turn % 4](turn)
