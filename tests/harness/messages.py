"""Messages of the PostgreSQL protocol as bytes, written and read by hand."""

import struct
from dataclasses import dataclass

PROTOCOL_3 = 3 << 16
CANCEL_REQUEST = 80877102
SSL_REQUEST = 80877103
GSSENC_REQUEST = 80877104


@dataclass(frozen=True)
class Message:
    type: str
    body: bytes

    def fields(self):
        """The fields of an ErrorResponse or NoticeResponse, by their letter."""
        assert self.type in "EN", self
        return {part[:1].decode(): part[1:].decode() for part in self.body.split(b"\0") if part}

    def values(self):
        """The values of a DataRow."""
        assert self.type == "D", self
        count, at, values = struct.unpack_from("!h", self.body)[0], 2, []
        for _ in range(count):
            size = struct.unpack_from("!i", self.body, at)[0]
            at += 4
            values.append(None if size < 0 else self.body[at:at + size])
            at += max(size, 0)
        return values

    def text(self):
        """The first zero-terminated text of the body."""
        return self.body.split(b"\0", 1)[0].decode()

    def pair(self):
        """Name and value of a ParameterStatus."""
        name, value = self.body.split(b"\0")[:2]
        return name.decode(), value.decode()


def cstring(text):
    return (text if isinstance(text, bytes) else text.encode()) + b"\0"


def message(kind, body=b""):
    return kind.encode() + struct.pack("!i", len(body) + 4) + body


def packet(code, body=b""):
    """What comes before a login has no type byte."""
    return struct.pack("!ii", len(body) + 8, code) + body


def startup(parameters, minor=0, major=3):
    body = b"".join(cstring(name) + cstring(value) for name, value in parameters.items())
    return packet((major << 16) | minor, body + b"\0")


def cancel_request(pid, key):
    return packet(CANCEL_REQUEST, struct.pack("!i", pid) + key)


# Frontend messages.

def query(sql):
    return message("Q", cstring(sql))


def parse(sql, name=""):
    return message("P", cstring(name) + cstring(sql) + struct.pack("!h", 0))


def bind(values=(), portal="", statement=""):
    body = cstring(portal) + cstring(statement) + struct.pack("!hh", 0, len(values))
    for value in values:
        body += struct.pack("!i", len(value)) + value
    return message("B", body + struct.pack("!h", 0))


def describe(kind="P", name=""):
    return message("D", kind.encode() + cstring(name))


def execute(portal="", limit=0):
    return message("E", cstring(portal) + struct.pack("!i", limit))


def sync():
    return message("S")


def flush():
    return message("H")


def extended(sql, values=()):
    """One statement through the unnamed statement and portal, without its Sync."""
    return parse(sql) + bind(values) + describe() + execute()


# Backend messages.

def authentication(code, body=b""):
    return message("R", struct.pack("!i", code) + body)


def error_response(sqlstate, text, severity="FATAL", kind="E", **more):
    fields = {"S": severity, "V": severity, "C": sqlstate, "M": text, **more}
    return message(kind, b"".join(letter.encode() + cstring(value) for letter, value in fields.items()) + b"\0")


def notice(text):
    return error_response("00000", text, severity="NOTICE", kind="N")


def parameter_status(name, value):
    return message("S", cstring(name) + cstring(value))


def backend_key_data(pid, key):
    return message("K", struct.pack("!i", pid) + key)


def ready_for_query(status="I"):
    return message("Z", status.encode())


def command_complete(tag):
    return message("C", cstring(tag))


def row_description(*names):
    body = struct.pack("!h", len(names))
    for name in names:
        body += cstring(name) + struct.pack("!ihihih", 0, 0, 25, -1, -1, 0)
    return message("T", body)


def data_row(*values):
    body = struct.pack("!h", len(values))
    for value in values:
        data = str(value).encode()
        body += struct.pack("!i", len(data)) + data
    return message("D", body)
