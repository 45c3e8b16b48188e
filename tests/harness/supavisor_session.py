"""One dial to the double of Supavisor and what becomes of it: the login on both sides, then the relay."""

import asyncio
import struct

from . import messages
from .scram import ScramClient, ScramServer

# What a frontend ends with when it waits for ReadyForQuery.
_ASKS = "QSF"


class Hangup(Exception):
    """The dialler has left during its login."""


class Wire:
    """Whole messages over an asyncio stream."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    async def packet(self):
        """(code, rest) of what comes before a login."""
        size = struct.unpack("!i", await self.reader.readexactly(4))[0]
        body = await self.reader.readexactly(size - 4)
        return struct.unpack("!i", body[:4])[0], body[4:]

    async def message(self):
        head = await self.reader.readexactly(5)
        return messages.Message(chr(head[0]), await self.reader.readexactly(struct.unpack("!i", head[1:])[0] - 4))

    def send(self, *parts):
        self.writer.write(b"".join(parts))

    async def holds_for(self, seconds):
        """Waits so long; raises when the peer leaves meanwhile."""
        try:
            if not await asyncio.wait_for(self.reader.read(1), seconds):
                raise Hangup
        except asyncio.TimeoutError:
            pass

    def close(self):
        self.writer.close()


class Cutter:
    """Finds the borders of messages in a stream of bytes."""

    def __init__(self):
        self.rest = b""

    def cut(self, data):
        """(types, whole messages, the last status a ReadyForQuery among them names or None)."""
        data, at, types, status = self.rest + data, 0, [], None
        while len(data) - at >= 5:
            end = at + 1 + int.from_bytes(data[at + 1:at + 5], "big")
            if end > len(data):
                break
            types.append(chr(data[at]))
            if types[-1] == "Z":
                status = chr(data[end - 1])
            at = end
        self.rest = data[at:]
        return types, data[:at], status


class Backend(Wire):
    """A connection to PostgreSQL, logged in."""

    def __init__(self, reader, writer):
        super().__init__(reader, writer)
        self.parameters = {}
        self.pid = None

    @classmethod
    async def log_in(cls, role, startup):
        """None when PostgreSQL refuses."""
        backend = cls(*await asyncio.open_connection("127.0.0.1", role.port))
        backend.send(messages.startup(startup))
        scram = ScramClient(role.password)
        while True:
            answer = await backend.message()
            if answer.type == "R":
                backend._authenticate(scram, struct.unpack("!i", answer.body[:4])[0], answer.body[4:])
            elif answer.type == "S":
                backend.parameters.update([answer.pair()])
            elif answer.type == "K":
                backend.pid = struct.unpack("!i", answer.body[:4])[0]
            elif answer.type == "Z":
                return backend
            elif answer.type == "E":
                backend.close()
                return None

    def _authenticate(self, scram, code, body):
        if code == 10:
            first = scram.first().encode()
            self.send(messages.message("p", messages.cstring("SCRAM-SHA-256") + struct.pack("!i", len(first)) + first))
        elif code == 11:
            self.send(messages.message("p", scram.final(body.decode()).encode()))
        elif code == 12:
            scram.verify(body.decode())


def fatal(sqlstate, text):
    """As Supavisor sends it: the fields in the order of their letters, and no V."""
    fields = (("C", sqlstate), ("M", text), ("S", "FATAL"))
    return messages.message("E", b"".join(letter.encode() + messages.cstring(value) for letter, value in fields) + b"\0")


class Session:
    def __init__(self, pooler, wire):
        self.pooler = pooler
        self.wire = wire
        self.backend = None
        self.address = wire.writer.get_extra_info("peername")[0]
        self.status = "I"
        self._owed = 0            # ReadyForQuery messages that PostgreSQL has yet to send
        self._is_asking = False   # the last message of the dialler wants more behind it
        self._to_backend = Cutter()

    @property
    def is_at_rest(self):
        return self.backend is not None and self._owed == 0 and not self._is_asking and not self._to_backend.rest

    async def run(self):
        try:
            startup = await self._opening()
            if startup is None:
                return
            self.pooler.arrived(self)
            if await self._log_in(startup):
                await self._relay()
        except (asyncio.IncompleteReadError, ConnectionError, Hangup):
            pass   # either side may leave whenever it likes
        finally:
            self.close()

    def close(self, last_words=b""):
        """The slot is free before the peer can know that the connection is gone."""
        self.pooler.left(self)
        if last_words:
            self.wire.send(last_words)
        self.wire.close()
        if self.backend:
            self.backend.close()

    async def _opening(self):
        """The startup parameters; None for a cancel request."""
        code, rest = await self.wire.packet()
        while code in (messages.SSL_REQUEST, messages.GSSENC_REQUEST):
            self.wire.send(b"N")
            code, rest = await self.wire.packet()
        if code == messages.CANCEL_REQUEST:
            self.pooler.cancel(rest)
            return None
        assert code == messages.PROTOCOL_3, f"protocol {code >> 16}.{code & 0xffff}"
        parts = [part.decode() for part in rest.rstrip(b"\0").split(b"\0")]
        return dict(zip(parts[::2], parts[1::2]))

    async def _refuse(self, sqlstate, text, delay):
        if delay:
            await self.wire.holds_for(delay)
        self.close(fatal(sqlstate, text))
        return False

    async def _refuse_for_capacity(self):
        self.pooler.count_refusal()
        return await self._refuse("XX000", self.pooler.capacity_text(), self.pooler.refusal_delay)

    async def _log_in(self, startup):
        pooler, user = self.pooler, startup["user"]
        if pooler.is_banned(self.address):
            return await self._refuse("XX000", pooler.BANNED, 0)
        if user != pooler.role.name:
            return await self._refuse("XX000", f"(ENOTFOUND) tenant/user {user} not found", pooler.wrong_password_delay)
        if not pooler.refuses_late and not pooler.has_free_slot():
            return await self._refuse_for_capacity()
        if not await self._authenticate():
            pooler.count_authentication_failure(self.address)
            return await self._refuse("28P01", f'password authentication failed for user "{user}"', pooler.wrong_password_delay)
        self.wire.send(messages.authentication(0))
        if not pooler.take_slot(self):
            return await self._refuse_for_capacity()
        return await self._welcome(startup)

    async def _authenticate(self):
        scram = ScramServer(self.pooler.password)
        self.wire.send(messages.authentication(10, messages.cstring("SCRAM-SHA-256") + b"\0"))
        first = (await self.wire.message()).body.split(b"\0", 1)[1][4:]
        self.wire.send(messages.authentication(11, scram.first(first.decode()).encode()))
        last = scram.final((await self.wire.message()).body.decode())
        if last:
            self.wire.send(messages.authentication(12, last.encode()))
        return last is not None

    async def _welcome(self, startup):
        """Of what the dialler asks for, only this much reaches PostgreSQL."""
        wanted = {name: startup[name] for name in ("user", "database", "search_path") if name in startup}
        wanted["application_name"] = f"Supavisor - {startup.get('application_name', '')}"
        backend = await Backend.log_in(self.pooler.role, wanted)
        if backend is None:
            return await self._refuse("08006", "Failed to connect to database: refused", 0)
        if self not in self.pooler.sessions:   # a restart came in between
            backend.close()
            return False
        self.backend = backend
        self.wire.send(*(messages.parameter_status(*pair) for pair in self.pooler.welcome(backend.parameters).items()),
                       messages.message("K", self.pooler.make_key(self)), messages.ready_for_query())
        self.pooler.logged_in(self)
        return True

    async def _relay(self):
        ways = [asyncio.ensure_future(way()) for way in (self._from_dialler, self._from_backend)]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
        for way in done:
            way.result()

    async def _from_dialler(self):
        while data := await self.wire.reader.read(65536):
            types, _, _ = self._to_backend.cut(data)
            self.pooler.frontend_messages += len(types)
            self._owed += sum(kind in _ASKS for kind in types)
            if types:
                self._is_asking = types[-1] not in _ASKS
            self.backend.send(data)
            if "X" in types:
                return
            await self.backend.writer.drain()

    async def _from_backend(self):
        """Whole messages only, so that whatever the pooler says itself stands between two."""
        cutter = Cutter()
        while data := await self.backend.reader.read(65536):
            types, whole, status = cutter.cut(data)
            self._owed -= types.count("Z")
            self.status = status or self.status
            self.wire.send(whole)
            await self.wire.writer.drain()
