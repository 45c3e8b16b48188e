"""Random sessions that change all the state a session has, and leave in every possible way."""

import random
import socket
import struct

from harness import messages
from harness.raw_client import RawClient
from harness.stream import Closed
from soak import probe

# Made before the sessions run. Functions change what no text of a client shows.
SCHEMA = (
    "CREATE TABLE leak_rows (i int, v text)",
    "INSERT INTO leak_rows SELECT g, repeat('row', 50) FROM generate_series(1, 200) g",
    "GRANT ALL ON leak_rows TO {owner}",
    "CREATE SEQUENCE leak_sequence",
    "GRANT ALL ON SEQUENCE leak_sequence TO {owner}",
    "DO $$ BEGIN CREATE ROLE leak_role; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    "GRANT leak_role TO {owner}",
    "CREATE FUNCTION quiet_set(n text, v text) RETURNS void LANGUAGE plpgsql AS"
    " 'BEGIN PERFORM set_config(n, v, false); END'",
    "CREATE FUNCTION quiet_lock(k bigint) RETURNS void LANGUAGE plpgsql AS"
    " 'BEGIN PERFORM pg_advisory_lock(k); END'",
    "CREATE FUNCTION quiet_temp() RETURNS void LANGUAGE plpgsql AS"
    " 'BEGIN CREATE TEMP TABLE IF NOT EXISTS quiet (i int); END'",
    "CREATE FUNCTION quiet_all(k bigint) RETURNS int LANGUAGE plpgsql AS"
    " 'BEGIN PERFORM quiet_set(''enable_sort'', ''off''), quiet_lock(k), quiet_temp(); RETURN 1; END'",
    "CREATE TABLE leak_triggered (i int)",
    "GRANT ALL ON leak_triggered TO {owner}",
    "CREATE FUNCTION quiet_trigger() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN PERFORM set_config(''work_mem'', ''33MB'', false); RETURN NULL; END'",
    "CREATE TRIGGER quiet AFTER INSERT ON leak_triggered FOR EACH ROW EXECUTE FUNCTION quiet_trigger()",
)

_SETTINGS = (
    ("work_mem", "5MB"), ("enable_sort", "off"), ("search_path", "pg_catalog"), ("TimeZone", "Asia/Tokyo"),
    ("DateStyle", "German"), ("statement_timeout", "59s"), ("application_name", "leaky"), ("leak.x", "x"), ("leak.y", "y"),
    ("client_encoding", "LATIN1"), ("extra_float_digits", "0"), ("IntervalStyle", "iso_8601"),
    ("standard_conforming_strings", "off"), ("default_transaction_isolation", "serializable"),
    ("client_min_messages", "error"), ("lock_timeout", "58s"), ("plan_cache_mode", "force_generic_plan"))
_STARTUP = (
    {"options": "-c work_mem=7MB -c leak.x=startup"}, {"TimeZone": "Europe/Berlin"}, {"search_path": "pg_catalog"},
    {"extra_float_digits": "2", "DateStyle": "SQL"}, {"options": "--statement-timeout=57s"}, {"application_name": "started"})

# What the kinds of sessions say: of each kind one tuple is taken, each text of it is a message. In the
# texts {name} and {value} are a setting, {key} is a number of the session's own, {n} is one of few.
_TEXTS = {
    "set": (
        ("SET {name} = '{value}'",), ("SET SESSION {name} TO '{value}'",), ("SET LOCAL {name} = '{value}'",),
        ("SET {name} = '{value}'; SELECT 1/0",), ("SELECT 1; SET {name} = '{value}'; SELECT 2",),
        ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",), ("SET {name} = '{value}'", "RESET {name}")),
    "set_config": (
        ("SELECT set_config('{name}', '{value}', false)",), ("SELECT set_config('{name}', '{value}', true)",),
        ("SELECT pg_catalog.set_config('{name}', '{value}', false) FROM leak_rows LIMIT 1",),
        ("WITH s AS MATERIALIZED (SELECT set_config('{name}', '{value}', false)) SELECT * FROM s",),
        ("BEGIN; SELECT set_config('{name}', '{value}', false); COMMIT",)),
    "transaction": tuple(
        ("BEGIN", f"SET {local}{{name}} = '{{value}}'", "SELECT 1", end) for local in ("", "LOCAL ")
        for end in ("COMMIT", "ROLLBACK", "COMMIT AND CHAIN", "SAVEPOINT a; ROLLBACK TO a; COMMIT")),
    "temporary": (
        ("CREATE TEMP TABLE leak_temp (i int)",), ("CREATE TEMPORARY VIEW leak_view AS SELECT 1",),
        ("CREATE TEMP SEQUENCE leak_seq",), ("SELECT 1 AS i INTO TEMP leak_into",), ("CREATE TABLE pg_temp.leak_named (i int)",),
        ("CREATE FUNCTION pg_temp.leak_function() RETURNS int LANGUAGE sql AS 'SELECT 1'",),
        ("BEGIN; CREATE TEMP TABLE leak_temp (i int) ON COMMIT DROP; COMMIT",),
        ("CREATE TEMP TABLE leak_temp (i int); SELECT 1/0",), ("CREATE TEMP TABLE leak_rows AS SELECT 'shadow' AS i",)),
    "prepare": (
        ("PREPARE leak_1 AS SELECT 1",), ("PREPARE leak_2 AS SELECT 2",), ("BEGIN; PREPARE leak_3 AS SELECT 1; ROLLBACK",),
        ("PREPARE leak_1 AS SELECT 1; EXECUTE leak_1",), ("PREPARE leak_1 AS SELECT 1; SELECT 1/0",), ("DEALLOCATE leak_1",),
        ("EXECUTE leak_1",)),
    "listen": (
        ("LISTEN leak_channel_{n}",), ("LISTEN leak_channel_{n}", "NOTIFY leak_channel_{n}, 'x'"),
        ("LISTEN leak_channel_{n}", "UNLISTEN *"),
        ("LISTEN leak_channel_{n}", "NOTIFY leak_channel_{n}", "UNLISTEN leak_channel_{n}"),
        ("BEGIN", "LISTEN leak_channel_{n}", "ROLLBACK")),
    "advisory": (
        ("SELECT pg_advisory_lock({key})",), ("SELECT pg_try_advisory_lock_shared({key})",),
        ("BEGIN; SELECT pg_advisory_lock({key}); ROLLBACK",), ("SELECT pg_advisory_lock({key}); SELECT 1/0",),
        ("SELECT pg_advisory_lock({key}), pg_advisory_lock({key}); SELECT pg_advisory_unlock({key})",)),
    "hold": (
        ("DECLARE leak_cursor CURSOR WITH HOLD FOR SELECT * FROM leak_rows", "FETCH 2 FROM leak_cursor"),
        ("BEGIN; DECLARE leak_cursor CURSOR WITH HOLD FOR SELECT 1; COMMIT",)),
    "aborted": (
        ("BEGIN", "SET work_mem = '8MB'", "SELECT 1/0"), ("BEGIN", "SET work_mem = '8MB'", "SELEC", "SELECT 1", "COMMIT"),
        ("BEGIN", "CREATE TEMP TABLE leak_aborted (i int)", "SELECT * FROM nowhere", "ROLLBACK")),
    "savepoints": tuple(
        ("BEGIN", "SAVEPOINT a", "SET work_mem = '9MB'", "SAVEPOINT b", "SET LOCAL enable_sort = off", *end)
        for end in (("ROLLBACK TO a", "COMMIT"), ("RELEASE a", "COMMIT"), ("SELECT 1/0", "ROLLBACK TO b", "COMMIT"), ())),
    "reset": (
        ("RESET ALL",), ("DISCARD ALL",), ("DEALLOCATE ALL",), ("DISCARD TEMP",), ("CLOSE ALL",), ("UNLISTEN *",),
        ("SELECT pg_advisory_unlock_all()",), ("RESET work_mem",)),
    "role": (
        ("SET ROLE leak_role",), ("BEGIN; SET LOCAL ROLE leak_role; COMMIT",),
        ("SELECT set_config('role', 'leak_role', false)",)),
    "sequence": (("SELECT nextval('leak_sequence')", "SELECT currval('leak_sequence')"),),
    "copy": (("COPY (SELECT * FROM leak_rows LIMIT 20) TO STDOUT",),),
    # Changes of which the texts say nothing, or nothing that can be read.
    "hidden": (
        ("SELECT quiet_set('work_mem', '31MB')",), ("SELECT quiet_set('leak.x', 'hidden')",), ("SELECT quiet_lock({key})",),
        ("SELECT quiet_temp()",), ("SELECT quiet_all({key})",), ("INSERT INTO leak_triggered VALUES (1)",),
        ("DO $$ BEGIN PERFORM set_config('work_mem', '32MB', false); END $$",),
        ("DO $$ BEGIN EXECUTE 'SET TimeZone = ''Asia/Kolkata'''; END $$",), ("DO $$ BEGIN EXECUTE 'LISTEN leak_hidden'; END $$",),
        ("DO $$ BEGIN EXECUTE 'PREPARE leak_hidden AS SELECT 1'; END $$",),
        ("DO $$ BEGIN EXECUTE 'CREATE TEMP TABLE leak_do (i int)'; END $$",),
        ("DO $$ BEGIN EXECUTE 'DECLARE leak_do CURSOR WITH HOLD FOR SELECT 1'; END $$",)),
}
_WEIGHTS = {"set": 2, "hidden": 3}
_NAMED_TEXTS = ("SELECT 1", "SELECT count(*) FROM leak_rows", "SET work_mem = '6MB'", "SELECT 1/0", "SELEC", "BEGIN")

# What no session may be answered: lost servers, refused statements, statements or messages of others.
_FORBIDDEN = ("53300", "57P01", "57P03", "08006", "08007", "08P01", "XX000", "57014", "55P03", "40P01")

# A worker that was wronged so often ends: each time may have cost it the timeout of its socket.
_ENOUGH_REFUSALS = 10


class LeakySession:
    """One client, from login to its end. `key` is a lock key of its own; `result` is shared by a worker's sessions."""

    def __init__(self, port, chance, key, hidden, result):
        self._port, self._chance, self._key, self._result = port, chance, key, result
        self._kinds = [kind for kind in (*_TEXTS, "named", "unnamed") if hidden or kind != "hidden"]

    def live(self):
        self._client = RawClient(self._port)
        startup = self._chance.choice(_STARTUP) if self._chance.random() < 0.2 else {}
        refusal = self._client.login(**startup)
        assert refusal is None, refusal
        try:
            weights = [_WEIGHTS.get(kind, 1) for kind in self._kinds]
            for kind in self._chance.choices(self._kinds, weights, k=self._chance.randint(1, 5)):
                self._act(kind)
            self._chance.choice((self._leaves, self._drops, self._resets, self._in_transaction, self._in_query, self._in_result,
                                 self._in_copy, self._in_message, self._in_pipeline))()
        except (Closed, OSError) as problem:
            self._result["refused"].append(f"connection ended: {problem!r}")
        finally:
            self._client.close()

    def _act(self, kind):
        if kind == "named":
            self._named()
        elif kind == "unnamed":
            self._send(messages.parse("SELECT $1::text"))
            if self._chance.random() < 0.5:
                self._send(messages.bind([b"v"]) + messages.execute())
        else:
            name, value = self._chance.choice(_SETTINGS)
            for text in self._chance.choice(_TEXTS[kind]):
                self._say(text.format(name=name, value=value, key=self._key, n=self._key % 5))

    def _named(self):
        name = f"leak_{self._chance.randrange(4)}"
        run = messages.bind(statement=name) + messages.execute()
        self._send(messages.parse(self._chance.choice(_NAMED_TEXTS), name) + run)
        if self._chance.random() < 0.5:
            self._send(run)
        if self._chance.random() < 0.2:
            self._send(messages.message("C", b"S" + messages.cstring(name)))

    # Sending.

    def _say(self, text):
        """As a query, or through the unnamed statement."""
        if ";" not in text and self._chance.random() < 0.3:
            self._send(messages.extended(text))
        else:
            self._client.send(messages.query(text))
            self._take(self._client.read_until("Z"))

    def _send(self, data):
        self._client.send(data + messages.sync())
        self._take(self._client.read_until("Z"))

    def _take(self, answers):
        self._result["statements"] += 1
        for answer in answers:
            if answer.type == "E" and answer.fields()["C"] in _FORBIDDEN:
                self._result["refused"].append(str(answer.fields()))

    # Ways to go.

    def _leaves(self):
        self._client.send(messages.message("X"))

    def _drops(self):
        """Says nothing; live() closes the socket."""

    def _resets(self):
        self._client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _goes(self):
        self._chance.choice((self._leaves, self._drops, self._resets))()

    def _in_transaction(self):
        for text in ("BEGIN", "SET work_mem = '10MB'", "CREATE TEMP TABLE leak_open (i int)"):
            self._say(text)
        self._say(f"SELECT pg_advisory_lock({self._key})")
        self._goes()

    def _in_query(self):
        self._client.send(messages.query(f"SET work_mem = '11MB'; SELECT pg_advisory_lock({self._key}); SELECT pg_sleep(0.02)"))
        self._goes()

    def _in_result(self):
        self._client.send(messages.query(f"SELECT pg_advisory_lock({self._key}), repeat('x', 500)"
                                         " FROM leak_rows a, leak_rows b LIMIT 4000"))
        self._client.read_message()
        self._goes()

    def _in_copy(self):
        self._client.send(messages.query("CREATE TEMP TABLE leak_copy (i int); COPY leak_copy FROM STDIN"))
        self._client.read_until("G", "E")
        self._client.send(messages.message("d", b"1\n"))
        self._goes()

    def _in_message(self):
        self._client.send(messages.query("SET work_mem = '12MB'")[:-5])

    def _in_pipeline(self):
        data = messages.parse("SET work_mem = '13MB'", "leak_pipe") + messages.bind(statement="leak_pipe") + messages.execute()
        self._client.send(data + self._chance.choice((b"", messages.sync(), messages.flush())))
        self._goes()


def run_sessions(port, sessions, seed, hidden, state):
    """A worker's whole life. Before some sessions a fresh client looks around on whichever server it gets."""
    chance = random.Random(seed)
    result = {"statements": 0, "refused": [], "leaks": []}
    for number in range(sessions):
        if number % 10 == 0:
            client = probe.connect(port)
            found = probe.look(client)
            result["leaks"] += [f"a fresh client on {found['pid']}: {text}" for text in probe.differences(client, found, state)]
            client.terminate()
        LeakySession(port, chance, seed * 1_000_000 + number, hidden, result).live()
        if len(result["refused"]) >= _ENOUGH_REFUSALS:
            break
    return result
