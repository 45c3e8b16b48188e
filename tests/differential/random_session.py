"""Random sessions: a chain of batches of messages that touch all state a session can have.

The same seed makes the same batches. Nothing in them depends on other sessions, so the answers to
the whole chain are a function of the seed, and must be the same on whichever servers it runs.
"""

import random

from conversation import close, copy_data, copy_done, run_named, simple, step
from harness.messages import bind, describe, execute, extended, flush, parse, sync

# What both databases hold. The sequences are one per session, so that their values do not mix.
SCHEMA = (
    # The function's schema is in no search_path: PL/pgSQL spells the name in errors as it had to when it first ran there.
    "CREATE SCHEMA one", "CREATE SCHEMA two", "CREATE SCHEMA tools", "GRANT USAGE ON SCHEMA tools TO PUBLIC",
    "CREATE TABLE one.t AS SELECT 1 AS a", "CREATE TABLE two.t AS SELECT 'x'::text AS b, 2 AS c",
    "CREATE FUNCTION tools.sets(name text, value text, is_local bool) RETURNS text LANGUAGE plpgsql AS"
    " 'BEGIN PERFORM set_config(name, value, is_local); RETURN current_setting(name); END'",
    "GRANT USAGE ON SCHEMA one TO diff_reader", "GRANT SELECT ON one.t TO diff_reader",
)

_VALUES = {
    "work_mem": ("5MB", "6MB", "7000", "nonsense"),
    "enable_sort": ("on", "off"),
    "search_path": ("one", "two", "one, two", "nowhere"),
    "TimeZone": ("UTC", "Asia/Tokyo", "Europe/Berlin"),
    "DateStyle": ("ISO, DMY", "German", "SQL"),
    "application_name": ("x", "y"),
    "extra_float_digits": ("0", "1"),
    "statement_timeout": ("30000", "1min"),
    "default_transaction_read_only": ("off", "on"),
    "random_script.x": ("1", "two"),
}
_TEXTS = ("SELECT * FROM t", "SELECT 1 AS one", "SELECT $1::text AS v", "SELECT current_setting('work_mem')", "SHOW work_mem",
          "SELECT nothing", "SELECT 1/0", "SELECT set_config('work_mem', '8MB', false)", "SET enable_sort = off",
          "BEGIN", "COMMIT", "SELECT now() IS NOT NULL, current_user = session_user")
_NAMES = ("s1", "s2", "s3")
# Names of their own, because in a failed transaction a server that lacks a statement can neither count its
# parameters nor say that it gives nothing.
_NAMES_WITH_PARAMETER = ("p1", "p2")
_NAMES_WITHOUT_RESULT = ("u1", "u2")
_SQL_NAMES = ("q1", "q2", "q3")   # speaking in SQL of what was prepared by message is a conversation of its own (statement_talks)
_SAVEPOINTS = ("a", "b")

# What currval and lastval answer is kept for four transactions; a step is two at most.
_SEQUENCE_STEPS = 2

# All that a session can be asked about itself.
_LOOK = ("SELECT current_setting('work_mem'), current_setting('enable_sort'), current_setting('search_path'),"
         " current_setting('TimeZone'), current_setting('DateStyle'), current_setting('application_name'),"
         " current_setting('extra_float_digits'), current_setting('statement_timeout'),"
         " current_setting('default_transaction_read_only'), nullif(current_setting('random_script.x', true), ''),"
         " current_user = session_user,"
         " (SELECT array_agg(name::text ORDER BY name) FROM pg_cursors WHERE is_holdable),"
         " (SELECT array_agg(name ORDER BY name) FROM pg_prepared_statements WHERE from_sql),"
         " (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),"
         " (SELECT array_agg(relname::text ORDER BY relname) FROM pg_class"
         "   WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r')")


class RandomSession:
    """steps() of one seed. `sequence` is the name of a sequence nobody else uses."""

    def __init__(self, seed, sequence):
        self._chance = random.Random(seed)
        self._sequence = sequence
        self._lock = 900_000 + seed
        self._steps_since_advance = None
        self._kinds = [(weight, kind) for weight, kind in (
            (10, self._setting), (8, self._transaction), (5, self._prepare), (8, self._protocol), (3, self._temporary),
            (2, self._cursor), (2, self._advisory), (2, self._sequences), (1, self._copy), (2, self._role), (2, self._reset),
            (3, self._string), (3, self._fails), (2, self._function))]

    def steps(self, count):
        steps = []
        for number in range(count):
            if self._steps_since_advance is not None:
                self._steps_since_advance += 1
            weights, kinds = zip(*self._kinds)
            steps.append(self._chance.choices(kinds, weights)[0]())
            if number % 6 == 5:
                steps.append(step(simple(_LOOK)))
        # A transaction that is still open ends, one way or the other, before the last look.
        return [*steps, step(simple(self._chance.choice(("COMMIT", "ROLLBACK")))), step(simple(_LOOK))]

    def _send(self, sql):
        """As a simple query, or through the unnamed statement, alone or with a neighbour."""
        form = self._chance.randrange(4)
        if form < 2:
            return step(simple(sql))
        if form == 2:
            return step(extended(sql), sync())
        return step(extended(sql), extended("SELECT 'neighbour'"), sync())

    def _assignment(self):
        name = self._chance.choice(list(_VALUES))
        return name, self._chance.choice(_VALUES[name])

    def _setting_text(self):
        name, value = self._assignment()
        quoted = value if name == "search_path" else f"'{value}'"
        return self._chance.choice((
            f"SET {name} = {quoted}", f"SET SESSION {name} TO {quoted}", f"SET LOCAL {name} = {quoted}", f"RESET {name}",
            f"SET {name} TO DEFAULT", f"SELECT set_config('{name}', '{value}', false)",
            f"SELECT set_config('{name}', '{value}', true)"))

    def _setting(self):
        return self._send(self._setting_text())

    def _transaction_text(self):
        savepoint = self._chance.choice(_SAVEPOINTS)
        return self._chance.choice((
            "BEGIN", "BEGIN", "START TRANSACTION READ ONLY", "BEGIN ISOLATION LEVEL SERIALIZABLE", "COMMIT", "COMMIT", "ROLLBACK",
            "END", "COMMIT AND CHAIN", f"SAVEPOINT {savepoint}", f"SAVEPOINT {savepoint}", f"ROLLBACK TO {savepoint}",
            f"RELEASE {savepoint}", "SET TRANSACTION READ ONLY", "SHOW transaction_isolation"))

    def _transaction(self):
        return self._send(self._transaction_text())

    def _prepare(self):
        name = self._chance.choice(_SQL_NAMES)
        text = self._chance.choice(_TEXTS[:8])
        return self._send(self._chance.choice((
            f"PREPARE {name} AS {text}", f"PREPARE {name} AS {text}", f"EXECUTE {name}", f"EXECUTE {name}",
            f"EXECUTE {name}('v')", f"DEALLOCATE {name}", "DEALLOCATE ALL")))

    def _protocol(self):
        text = self._chance.choice(_TEXTS)
        values = [b"value"] if "$1" in text else []
        has_result = text.startswith(("SELECT", "SHOW"))
        name = self._chance.choice(_NAMES_WITH_PARAMETER if values else _NAMES if has_result else _NAMES_WITHOUT_RESULT)
        look = describe("S", name) if has_result else close("S", name)
        if self._chance.random() < 0.2:
            return step(parse(text), run_named("", values), run_named("", values), sync())
        parts = [self._chance.choice((
            parse(text, name), parse(text, name) + look, close("S", name) + parse(text, name),
            run_named(name, values), run_named(name, values), look, close("S", name),
            bind(values, statement=name) + execute("", 1), parse(text, name) + run_named(name, values)))
            for _ in range(self._chance.randint(1, 3))]
        if self._chance.random() < 0.2:
            parts.append(sync() + extended("SELECT 'second batch'"))
        if self._chance.random() < 0.2:
            parts.append(flush())
        return step(*parts, sync())

    def _temporary(self):
        return self._send(self._chance.choice((
            "CREATE TEMP TABLE tmp (i int)", "CREATE TEMP TABLE IF NOT EXISTS tmp AS SELECT 1 AS i", "INSERT INTO tmp VALUES (2)",
            "SELECT count(*) FROM tmp", "DROP TABLE tmp", "DISCARD TEMP", "CREATE TEMP TABLE gone ON COMMIT DROP AS SELECT 1",
            "DO 'BEGIN CREATE TEMP TABLE tmp (i int); END'", "CREATE TEMP TABLE t AS SELECT 3 AS shadow",
            "DROP TABLE IF EXISTS tmp, gone")))

    def _cursor(self):
        return self._send(self._chance.choice((
            "DECLARE c CURSOR WITH HOLD FOR SELECT generate_series(1, 3)", "DECLARE c CURSOR FOR SELECT generate_series(1, 3)",
            "FETCH c", "FETCH c", "CLOSE c", "CLOSE ALL")))

    def _advisory(self):
        return self._send(self._chance.choice((
            f"SELECT pg_advisory_lock({self._lock})", f"SELECT pg_advisory_unlock({self._lock})",
            "SELECT pg_advisory_unlock_all()", f"SELECT pg_try_advisory_lock({self._lock})",
            f"SELECT pg_advisory_xact_lock({self._lock})",
            f"DO 'BEGIN PERFORM pg_advisory_lock({self._lock}); END'")))

    def _sequences(self):
        advance = f"SELECT nextval('public.{self._sequence}') > 0"
        question = self._chance.choice((f"SELECT currval('public.{self._sequence}') > 0", "SELECT lastval() > 0"))
        text = self._chance.choice((advance, question, question, "DISCARD SEQUENCES"))
        if text == question and (self._steps_since_advance or 0) > _SEQUENCE_STEPS:
            return step(simple(f"{advance}; {question}"))
        if text == advance:
            self._steps_since_advance = 0
        return self._send(text)

    def _copy(self):
        if self._chance.random() < 0.5:
            return self._send("COPY (SELECT current_setting('work_mem') FROM generate_series(1, 3)) TO STDOUT")
        # Whether it is refused or not: what comes for a COPY that never was is skipped.
        return step(simple("COPY tmp FROM STDIN"), copy_data(b"5\n"), copy_done(), until="Z")

    def _role(self):
        return self._send(self._chance.choice((
            "SET ROLE diff_reader", "SET ROLE NONE", "RESET ROLE", "SET LOCAL ROLE diff_reader",
            "SELECT set_config('role', 'none', false)", "SET SESSION AUTHORIZATION DEFAULT")))

    def _reset(self):
        return self._send(self._chance.choice((
            "RESET ALL", "DISCARD ALL", "DISCARD PLANS", "DEALLOCATE ALL", "CLOSE ALL", "UNLISTEN *")))

    def _string(self):
        """Several statements in one message."""
        texts = [self._chance.choice((self._setting_text, self._transaction_text, lambda: "SELECT 1", lambda: "SELECT 1/0",
                                      lambda: "SHOW work_mem"))() for _ in range(self._chance.randint(2, 4))]
        return step(simple("; ".join(texts)))

    def _fails(self):
        return self._send(self._chance.choice((
            "SELECT 1/0", "SELEC", "SELECT nothing", "SET nonsense = 1", "SELECT * FROM nowhere", "COPY (SELECT 1/0) TO STDOUT",
            "DO 'BEGIN RAISE EXCEPTION ''own''; END'")))

    def _function(self):
        name, value = self._assignment()
        return self._send(self._chance.choice((
            f"SELECT tools.sets('{name}', '{value}', false)", f"SELECT tools.sets('{name}', '{value}', true)",
            f"DO $$ BEGIN PERFORM set_config('{name}', '{value}', false); END $$",
            f"DO $$ BEGIN EXECUTE 'SET {name} = ''{value}'''; RAISE NOTICE 'done'; END $$",
            "DO $$ BEGIN EXECUTE 'RESET ' || 'ALL'; END $$")))
