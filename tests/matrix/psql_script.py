"""The shop for psql: scripts, and the lines each must print.

A line `pid N` names the server of a transaction. With `bind` the statements with values are sent in
the extended protocol, without it as simple queries."""

from dataclasses import dataclass, field

TENANTS = 4
ROUNDS = 10
NOON = 1719835200
ZONES = (("UTC", "2024-07-01 12:00:00+00", 0),
         ("Europe/Berlin", "2024-07-01 14:00:00+02", 7200),
         ("America/New_York", "2024-07-01 08:00:00-04", -14400),
         ("Asia/Kolkata", "2024-07-01 17:30:00+05:30", 19800),
         ("Pacific/Chatham", "2024-07-02 00:45:00+12:45", 45900))

MIGRATION = r"""
SELECT pg_advisory_lock(4711);
BEGIN;
SELECT 'pid ' || pg_backend_pid();
SELECT to_regclass('public.migrations') IS NULL AS is_missing \gset
\if :is_missing
\getenv migration MATRIX_MIGRATION
\i :migration
INSERT INTO public.migrations (session) VALUES (0);
\endif
COMMIT;
SELECT pg_advisory_unlock(4711);
SELECT count(*) FROM public.migrations;
"""


@dataclass
class Script:
    """A script as it is put together."""
    number: int
    bind: bool
    environment: dict = field(default_factory=dict)
    expected: list = field(default_factory=list)
    errors: int = 0
    text: str = ""

    def place(self, tenant, zone):
        self.tenant, self.kept = tenant, 0
        self.zone, self.noon, self.ahead = ZONES[zone]

    def plain(self, sql, *expected):
        """Statements, each ended by a semicolon, and the lines they print."""
        self.text += sql + "\n"
        self.expected += [str(line) for line in expected]

    def with_values(self, sql, values, *expected):
        """A statement with $1, $2 and so on for its values."""
        if self.bind:
            return self.plain(sql + " \\bind " + " ".join(f"'{value}'" for value in values) + " \\g", *expected)
        for number, value in enumerate(values, 1):
            sql = sql.replace(f"${number}", f"'{value}'")
        return self.plain(sql + ";", *expected)

    def failing(self, sql, sqlstate):
        self.errors += 1
        self.plain(sql + "\n\\echo :LAST_ERROR_SQLSTATE", sqlstate)

    def begin(self):
        self.plain("BEGIN;\nSELECT 'pid ' || pg_backend_pid();")

    def insert(self, item):
        self.with_values("INSERT INTO orders (session, item, amount, placed) VALUES ($1, $2, $3, $4)",
                         (self.number, item, 7, ZONES[0][1]))

    def check(self):
        """What the session has set, and what it has left in its tenant's orders."""
        self.begin()
        self.plain("SHOW timezone;", self.zone)
        self.plain("SELECT current_schema(), (timestamptz '2024-07-01 12:00:00+00')::text,"
                   " extract(epoch FROM timestamptz '2024-07-01 12:00:00')::bigint, (SELECT name FROM shop);",
                   f"tenant_{self.tenant}|{self.noon}|{NOON - self.ahead}|shop {self.tenant}")
        self.with_values("SELECT count(*) FROM orders WHERE session = $1", (self.number,), self.kept)
        self.plain("COMMIT;")

    def set_place(self):
        self.plain(f"SET TIME ZONE '{self.zone}';\nSET search_path TO tenant_{self.tenant};")


def order(script, item):
    script.begin()
    script.insert(item)
    script.with_values("UPDATE orders SET amount = amount + $1 WHERE item = $2 RETURNING amount", (100, item), 107)
    script.plain("COMMIT;")
    script.begin()
    script.with_values("SELECT amount, placed FROM orders WHERE item = $1", (item,), f"107|{script.noon}")
    script.with_values("DELETE FROM orders WHERE item = $1 RETURNING amount", (item,), 107)
    script.plain("COMMIT;")


def savepoints(script, item):
    script.begin()
    script.insert(item)
    script.plain("SAVEPOINT here;\nSET TIME ZONE 'Asia/Tokyo';\nSHOW timezone;", "Asia/Tokyo")
    script.failing(f"INSERT INTO orders SELECT * FROM orders WHERE item = '{item}';", "23505")
    script.failing("SELECT 1;", "25P02")
    script.plain("ROLLBACK TO here;\nSHOW timezone;", script.zone)
    script.insert(item + "-again")
    script.plain("RELEASE here;\nCOMMIT;")
    script.kept += 2


def local(script, item):
    script.begin()
    script.plain("SET LOCAL TIME ZONE 'Asia/Tokyo';\nSELECT set_config('search_path', 'public', true);\nSHOW timezone;",
                 "public", "Asia/Tokyo")
    script.plain("COMMIT;")


def failure(script, item):
    script.begin()
    script.insert(item)
    script.plain("SET search_path TO public;")
    script.failing("SELECT 1 / 0;", "22012")
    script.plain("ROLLBACK;")
    if script.number % 10 == 3:
        script.begin()
        script.plain("SET LOCAL statement_timeout = '50ms';")
        script.failing("SELECT pg_sleep(60);", "57014")
        script.plain("COMMIT;")


def prepared(script, item):
    """SQL-level PREPARE, EXECUTE and DEALLOCATE over several transactions."""
    script.begin()
    script.plain("PREPARE kept (int) AS SELECT count(*) + 1000 FROM orders WHERE session = $1;\nCOMMIT;")
    for _ in range(2):
        script.begin()
        script.plain(f"EXECUTE kept ({script.number});\nCOMMIT;", script.kept + 1000)
    script.plain("DEALLOCATE kept;")
    script.failing(f"EXECUTE kept ({script.number});", "26000")


TURNS = (order, savepoints, local, failure, prepared)


def script_of(number, bind):
    script = Script(number, bind)
    script.place(number % TENANTS, number % len(ZONES))
    if number % 2 == 0:
        script.environment["PGOPTIONS"] = f"-c search_path=tenant_{script.tenant} -c TimeZone={script.zone}"
    else:
        script.set_place()
    script.plain(MIGRATION, "", "t", 1)
    for turn in range(ROUNDS):
        if turn == ROUNDS // 2:
            script.place((number + 1) % TENANTS, (number + 2) % len(ZONES))
            script.set_place()
        TURNS[turn % len(TURNS)](script, f"{number}-{turn}")
        script.check()
    return script
