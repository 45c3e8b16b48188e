"""Conversations by hand: what clients send, in which order, and everything they are answered.

A conversation is a list of steps; each says which client sends what and which answers it then waits
for. The transcript holds every message with all its bytes, but for what differs by nature: process
ids, object ids (shown by the names they have just then) and the source lines of errors. A
ParameterStatus that tells a client what it knows is left out.
"""

import contextlib
import itertools
import struct
from dataclasses import dataclass, field

from harness import messages
from harness.raw_client import RawClient
from harness.stream import Closed

# Longer than any wait for a server should be while others hold theirs for moments.
_TIMEOUT = 15.0

# Object ids below this one are the same in every database. PostgreSQL: FirstNormalObjectId.
_FIRST_NORMAL_OID = 16384


@dataclass(frozen=True)
class Step:
    """`client` sends `data`, then reads until it has seen the types of `until`, one after the other."""
    client: str
    data: bytes
    until: str


def _answers_awaited(data):
    """One ReadyForQuery for each Sync, Query and FunctionCall."""
    count, at = 0, 0
    while at < len(data):
        count += data[at:at + 1] in (b"S", b"Q", b"F")
        at += 1 + struct.unpack_from("!i", data, at + 1)[0]
    return "Z" * count


def spoken(data):
    """Frontend messages for a reader: types and bodies."""
    words, at = [], 0
    while at < len(data):
        size = struct.unpack_from("!i", data, at + 1)[0]
        words.append(f"{chr(data[at])} {data[at + 5:at + 1 + size].rstrip(bytes(1))!r}")
        at += 1 + size
    return " | ".join(words) or "nothing"


def step(*parts, until=None, client="a"):
    data = b"".join(parts)
    return Step(client, data, _answers_awaited(data) if until is None else until)


def by(client, *parts, until=None):
    return step(*parts, until=until, client=client)


# Shorter words for what conversations say most.

def simple(sql):
    return messages.query(sql)


def run_named(name, values=()):
    """Binds and runs a named statement, without its Sync."""
    return messages.bind(values, statement=name) + messages.describe() + messages.execute()


def function_call(oid, *values):
    body = struct.pack("!ihh", oid, 0, len(values))
    for value in values:
        body += struct.pack("!i", len(value)) + value
    return messages.message("F", body + struct.pack("!h", 0))


def parse_typed(sql, name, *oids):
    body = messages.cstring(name) + messages.cstring(sql) + struct.pack("!h", len(oids))
    return messages.message("P", body + b"".join(struct.pack("!i", oid) for oid in oids))


def bind_formats(values, statement, formats, result_formats, portal=""):
    body = messages.cstring(portal) + messages.cstring(statement)
    body += struct.pack(f"!h{len(formats)}hh", len(formats), *formats, len(values))
    for value in values:
        body += struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value
    return messages.message("B", body + struct.pack(f"!h{len(result_formats)}h", len(result_formats), *result_formats))


def close(kind, name=""):
    return messages.message("C", kind.encode() + messages.cstring(name))


def copy_data(data):
    return messages.message("d", data)


def copy_done():
    return messages.message("c")


def copy_fail(text):
    return messages.message("f", messages.cstring(text))


def in_one_order(answers):
    """Neighbouring ParameterStatus messages sorted: their order means nothing."""
    sorted_runs = []
    for is_status, run in itertools.groupby(answers, key=lambda answer: answer.type == "S"):
        sorted_runs += sorted(run, key=lambda answer: answer.body) if is_status else run
    return sorted_runs


@dataclass
class Talk:
    """Holds a conversation with one server. `names` is a superuser's connection to the same database.
    A transcript ends early with a line of its own when the answers do."""
    port: int
    role: object
    names: object
    clients: dict = field(default_factory=dict)

    def hold(self, steps):
        """The transcript: a list of lines."""
        lines = []
        try:
            for number, part in enumerate(steps):
                lines.append(f"-- step {number}: {part.client} sends {spoken(part.data)[:300]}")
                lines += [self.line(answer) for answer in self.exchange(part)]
        except (OSError, Closed) as problem:
            lines.append(f"!! {type(problem).__name__}: {problem}")
        finally:
            self.close()
        return lines

    def exchange(self, part):
        client = self._client(part.client)
        client.send(part.data)
        answers = []
        for awaited in part.until:
            answers += client.read_until(awaited)
        return in_one_order(answer for answer in answers if self._is_news(client, answer))

    @staticmethod
    def _is_news(client, answer):
        """A ParameterStatus with the value the client knows already may come at any time."""
        if answer.type != "S":
            return True
        name, value = answer.pair()
        known = client.parameters.get(name)
        client.parameters[name] = value
        return value != known

    def close(self):
        for client in self.clients.values():
            with contextlib.suppress(OSError):
                client.terminate()
        self.clients.clear()

    def _client(self, name):
        if name not in self.clients:
            client = RawClient(self.port)
            refusal = client.login(user=self.role.name, database=self.role.database, password=self.role.password,
                                   application_name="talk")
            assert refusal is None, refusal
            client.sock.settimeout(_TIMEOUT)
            self.clients[name] = client
        return self.clients[name]

    def line(self, answer):
        """One message as text, what differs by nature masked."""
        if answer.type in "EN":
            fields = answer.fields()
            return f"{answer.type} " + " ".join(f"{letter}={value!r}" for letter, value in fields.items() if letter not in "FL")
        if answer.type == "T":
            return f"T {self._columns(answer.body)}"
        if answer.type == "t":
            return f"t {[self._type(oid) for oid in struct.unpack_from(f'!{len(answer.body[2:]) // 4}I', answer.body, 2)]}"
        if answer.type == "A":
            return f"A {answer.body[4:]!r}"
        return f"{answer.type} {answer.body!r}"

    def _columns(self, body):
        count, at, columns = struct.unpack_from("!h", body)[0], 2, []
        for _ in range(count):
            end = body.index(b"\0", at)
            name, at = body[at:end], end + 1
            table, attribute, kind, size, modifier, fmt = struct.unpack_from("!IhIhih", body, at)
            at += 18
            columns.append((name, self._table(table), attribute, self._type(kind), size, modifier, fmt))
        assert at == len(body), body
        return columns

    def _type(self, oid):
        return oid if oid < _FIRST_NORMAL_OID else self._name("SELECT format_type(%s, NULL)", oid)

    def _table(self, oid):
        return oid if oid < _FIRST_NORMAL_OID else self._name("SELECT relname FROM pg_class WHERE oid = %s", oid)

    def _name(self, query, oid):
        row = self.names.execute(query, (oid,)).fetchone()
        return row[0] if row else "(dropped)"
