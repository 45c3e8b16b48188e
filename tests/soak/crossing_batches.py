"""What a client of the crossing test sends, and exactly what it must be answered.

Every statement carries a tag, `t<client>x<number>t`, which comes back in its rows, COPY data, column
names, errors, notices or reported settings. Messages are written by hand for speed.
"""

import random
import re
import struct
from dataclasses import dataclass, field

TAG = re.compile(rb"t(\d+)x(\d+)t")

# Types of messages whose first tag is part of the expected order.
_TELLING = frozenset(b"DdNE")


def _message(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body


def query(text):
    return _message(b"Q", text.encode() + b"\0")


def parse(name, text):
    return _message(b"P", name + b"\0" + text.encode() + b"\0\0\0")


def bind(name, value):
    return _message(b"B", b"\0" + name + b"\0\0\0\0\1" + struct.pack("!i", len(value)) + value + b"\0\0")


def bind_nothing(name):
    return _message(b"B", b"\0" + name + b"\0\0\0\0\0\0\0")


DESCRIBE = _message(b"D", b"P\0")
SYNC = _message(b"S", b"")


def execute(limit=0):
    return _message(b"E", b"\0" + struct.pack("!i", limit))


@dataclass
class Batch:
    """`data` is answered by `syncs` ReadyForQuery, by messages of these types, with these tags in this order.
    ParameterStatus is not part of the shape: it may be told once more, wherever it is."""
    data: bytes = b""
    syncs: int = 0
    shape: str = ""
    tags: list = field(default_factory=list)
    statements: int = 0
    # Set when the client asks for a cancel in its midst: then an error 57014 may stand for some of it.
    cancel: bool = False

    def add(self, data, shape, tags, statements=1):
        self.data += data
        self.syncs += shape.count("Z")
        self.shape += shape
        self.tags += tags
        self.statements += statements

    def complaint(self, frames, client):
        """What is wrong with the answer, or None. A reply of somebody else is a complaint that begins with CROSSED."""
        seen, shape = [], []
        for kind, body in frames:
            found = TAG.findall(body)
            for owner, _ in found:
                if int(owner) != client:
                    return f"CROSSED: client {client} got {chr(kind)} {body!r}"
            if found and kind in _TELLING:
                seen.append(int(found[0][1]))
            if kind != 0x53:
                shape.append(chr(kind))
        shape = "".join(shape)
        if shape == self.shape and seen == self.tags:
            return None
        cancelled = [body for kind, body in frames if kind == 0x45 and b"C57014\0" in body]
        if cancelled and not self.cancel:
            return f"CANCELLED: client {client}, which did not ask for it, got {cancelled[0]!r}"
        if cancelled and shape.count("Z") == self.syncs:
            return None
        errors = [body for kind, body in frames if kind == 0x45]
        return (f"client {client} got {shape} {seen} instead of {self.shape} {self.tags}; errors {errors!r};"
                f" it had sent {self.data[:300]!r}")


class Composer:
    """Composes the batches of one client. Knows what its session holds: names, settings."""

    def __init__(self, client, seed, kinds=None):
        self._client = client
        self._number = 0
        self._chance = random.Random(seed)
        names = kinds or list(self.KINDS)
        self._makers = [getattr(self, name) for name in names]
        self._weights = [self.KINDS[name] for name in names]
        self.new_session()

    # Kinds of statements and how often they come.
    KINDS = {"simple": 10, "several": 4, "unnamed": 10, "unnamed_later": 3, "named": 12, "shared_name": 6, "pipeline": 6,
             "failing_pipeline": 3, "copy_out": 3, "setting": 4, "reported": 2, "transaction": 5, "local_setting": 3, "error": 4,
             "notice": 3, "column": 3, "portal": 3, "close": 1, "sql_prepare": 2, "missing": 1, "sleep": 2}

    def new_session(self):
        self._names = set()
        self._prepared = set()
        self._setting = None

    def compose(self):
        batch = Batch()
        for _ in range(self._chance.randint(1, 4)):
            self._chance.choices(self._makers, self._weights)[0](batch)
        return batch

    def to_be_cancelled(self):
        """One statement that takes its time, or a batch as any other."""
        if self._chance.random() < 0.3:
            batch = self.compose()
            batch.cancel = True
            return batch
        tag, number = self._tag()
        batch = Batch(cancel=True)
        batch.add(query(f"SELECT '{tag}', pg_sleep({self._chance.uniform(0.001, 0.006):.4f})"), "TDCZ", [number])
        return batch

    def _tag(self):
        self._number += 1
        return f"t{self._client}x{self._number}t", self._number

    def simple(self, batch):
        tag, number = self._tag()
        batch.add(query(f"SELECT '{tag}'"), "TDCZ", [number])

    def several(self, batch):
        (one, first), (two, second) = self._tag(), self._tag()
        batch.add(query(f"SELECT '{one}'; SELECT '{two}'"), "TDCTDCZ", [first, second], 2)

    def unnamed(self, batch):
        tag, number = self._tag()
        text = self._chance.choice(("SELECT $1::text", f"SELECT $1::text, 'of {tag}'"))
        batch.add(parse(b"", text) + bind(b"", tag.encode()) + DESCRIBE + execute() + SYNC, "12TDCZ", [number])

    def unnamed_later(self, batch):
        """Parsed in one transaction, run in the next: another server, perhaps."""
        tag, number = self._tag()
        batch.add(parse(b"", f"SELECT '{tag}' || $1::text") + SYNC + bind(b"", b"") + execute() + SYNC, "1Z2DCZ", [number])

    def _run(self, batch, name, text):
        tag, number = self._tag()
        shape = "2DCZ"
        data = b""
        if name not in self._names:
            self._names.add(name)
            data, shape = parse(name, text), "12DCZ"
        batch.add(data + bind(name, tag.encode()) + execute() + SYNC, shape, [number])

    def named(self, batch):
        """Every client uses the same names, each for texts of its own."""
        which = self._chance.randrange(8)
        self._run(batch, b"s%d" % which, f"SELECT $1::text, 's{which} of t{self._client}x0t'")

    def shared_name(self, batch):
        """The same names and the same texts for all."""
        which = self._chance.randrange(8)
        self._run(batch, b"shared%d" % which, f"SELECT $1::text, {which}")

    def close(self, batch):
        if self._names:
            name = self._chance.choice(sorted(self._names))
            self._names.discard(name)
            batch.add(_message(b"C", b"S" + name + b"\0") + SYNC, "3Z", [])

    def missing(self, batch):
        tag, number = self._tag()
        batch.add(bind_nothing(f"missing {tag}".encode()) + SYNC, "EZ", [number])

    def pipeline(self, batch):
        data, tags = b"", []
        for _ in range(self._chance.randint(2, 12)):
            tag, number = self._tag()
            data += parse(b"", "SELECT $1::text") + bind(b"", tag.encode()) + execute()
            tags.append(number)
        batch.add(data + SYNC, "12DC" * len(tags) + "Z", tags, len(tags))

    def failing_pipeline(self, batch):
        (one, first), (two, second), (three, _) = self._tag(), self._tag(), self._tag()
        batch.add(parse(b"", "SELECT $1::text") + bind(b"", one.encode()) + execute()
                  + parse(b"", "SELECT $1::text::int") + bind(b"", two.encode()) + execute()
                  + parse(b"", "SELECT $1::text") + bind(b"", three.encode()) + execute() + SYNC, "12DC1EZ", [first, second], 3)

    def copy_out(self, batch):
        tag, number = self._tag()
        rows = self._chance.choice((1, 5, 40))
        text = f"COPY (SELECT '{tag}' FROM generate_series(1, {rows})) TO STDOUT"
        batch.add(query(text), "H" + "d" * rows + "cCZ", [number] * rows)

    def setting(self, batch):
        if self._setting is None or self._chance.random() < 0.3:
            tag, self._setting = self._tag()
            batch.add(query(f"SET app.tag = '{tag}'"), "CZ", [])
        batch.add(query("SELECT current_setting('app.tag')"), "TDCZ", [self._setting])

    def local_setting(self, batch):
        tag, number = self._tag()
        batch.add(query("BEGIN") + query(f"SET LOCAL app.tag = '{tag}'"), "CZCZ", [], 2)
        batch.add(query("SELECT current_setting('app.tag')") + query("COMMIT"), "TDCZCZ", [number], 2)

    def reported(self, batch):
        """Comes back in a ParameterStatus as well."""
        tag, number = self._tag()
        batch.add(query(f"SET application_name = '{tag}'") + query("SHOW application_name"), "CZTDCZ", [number], 2)

    def transaction(self, batch):
        (one, first), (two, second) = self._tag(), self._tag()
        batch.add(query("BEGIN") + query(f"SELECT '{one}'"), "CZTDCZ", [first], 2)
        batch.add(parse(b"", "SELECT $1::text") + bind(b"", two.encode()) + execute() + SYNC, "12DCZ", [second])
        batch.add(query(self._chance.choice(("COMMIT", "ROLLBACK"))), "CZ", [])

    def error(self, batch):
        tag, number = self._tag()
        batch.add(query(f"SELECT '{tag}'::int"), "EZ", [number])

    def notice(self, batch):
        tag, number = self._tag()
        batch.add(query(f"DO $$ BEGIN RAISE NOTICE '{tag}'; END $$"), "NCZ", [number])

    def column(self, batch):
        tag, _ = self._tag()
        batch.add(query(f'SELECT 1 AS "{tag}"'), "TDCZ", [])

    def portal(self, batch):
        tag, number = self._tag()
        data = parse(b"", f"SELECT '{tag}' FROM generate_series(1, 5)") + bind_nothing(b"")
        batch.add(data + execute(2) + execute(2) + execute() + SYNC, "12DDsDDsDCZ", [number] * 5)

    def sql_prepare(self, batch):
        tag, number = self._tag()
        batch.add(query(f"PREPARE q AS SELECT '{tag}'") + query("EXECUTE q") + query("DEALLOCATE q"), "CZTDCZCZ", [number], 3)

    def sleep(self, batch):
        tag, number = self._tag()
        batch.add(query(f"SELECT '{tag}' FROM pg_sleep({self._chance.uniform(0, 0.002):.4f})"), "TDCZ", [number])
