"""One client of the crossing test, on an event loop with many others: sends batches, checks the answers,
dies and comes back, cancels statements of its own."""

import asyncio
import random
import struct
import time

from harness import messages
from harness.daemon import PASSWORD
from harness.scram import ScramClient
from soak.crossing_batches import Composer


class Wire(asyncio.Protocol):
    """A connection that gathers whole messages until it has seen so many ReadyForQuery, or anything at login."""

    def __init__(self):
        self._buffer = bytearray()
        self._frames = []
        self._wanted = None
        self._done = None
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, problem):
        if self._done is not None and not self._done.done():
            self._done.set_exception(ConnectionError(f"closed by the peer ({problem}) after {self._frames[-5:]!r}"))

    def data_received(self, data):
        buffer = self._buffer
        buffer += data
        at, end = 0, len(buffer)
        while end - at >= 5:
            size = 1 + int.from_bytes(buffer[at + 1:at + 5], "big")
            if end - at < size:
                break
            self._frames.append((buffer[at], bytes(buffer[at + 5:at + size])))
            if self._wanted is not None and buffer[at] == 0x5A:
                self._wanted -= 1
            at += size
        del buffer[:at]
        self._check()

    def _check(self):
        if self._done is not None and not self._done.done() and (self._frames if self._wanted is None else self._wanted <= 0):
            self._done.set_result(None)

    async def collect(self, syncs=None):
        """All messages up to the so-manieth ReadyForQuery; without a number, what there is once there is some."""
        self._wanted = None if syncs is None else syncs - sum(kind == 0x5A for kind, _ in self._frames)
        self._done = asyncio.get_running_loop().create_future()
        self._check()
        try:
            await self._done
        finally:
            self._done = None
        frames, self._frames = self._frames, []
        return frames


class CrossingClient:
    """`tally` is shared by all clients of the loop: how much is left to do, what was counted, what went wrong."""

    def __init__(self, number, port, seed, tally, kinds):
        self._number, self._port, self._tally = number, port, tally
        self._chance = random.Random(seed)
        self._composer = Composer(number, seed, kinds)
        self._wire = None
        self.progress_at = time.monotonic()

    async def live(self):
        while self._tally["left"] > 0 and not self._tally["problems"]:
            if self._wire is None:
                await self._connect()
            await self._one_batch()
            self.progress_at = time.monotonic()
        self._hang_up()

    async def _one_batch(self):
        fate = self._chance.random()
        if fate < self._tally["cancel_share"]:
            await self._cancelled_batch()
        elif fate > 1 - self._tally["kill_share"]:
            await self._fatal_batch()
        else:
            batch = self._composer.compose()
            self._wire.transport.write(batch.data)
            self._judge(batch, await self._wire.collect(batch.syncs))

    def _judge(self, batch, frames):
        self._tally["left"] -= batch.statements
        self._tally["statements"] += batch.statements
        complaint = batch.complaint(frames, self._number)
        if complaint:
            self._tally["problems"].append(complaint)
        return complaint

    async def _cancelled_batch(self):
        """The cancel request has been taken to its end before the next batch: a later 57014 is nobody's wish."""
        batch = self._composer.to_be_cancelled()
        self._wire.transport.write(batch.data)
        asked = asyncio.ensure_future(self._cancel(self._chance.uniform(0, 0.006)))
        frames = await self._wire.collect(batch.syncs)
        await asked
        self._judge(batch, frames)
        self._tally["cancels"] += 1
        if any(kind == 0x45 and b"C57014\0" in body for kind, body in frames):
            self._tally["cancelled"] += 1
            self._hang_up()   # which names and settings there are now is hard to tell

    async def _cancel(self, delay):
        await asyncio.sleep(delay)
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(messages.cancel_request(*self._key))
        await reader.read()
        writer.close()

    async def _fatal_batch(self):
        """Goes in its midst, mostly without a word, leaving answers to nobody."""
        batch = self._composer.compose()
        data = batch.data
        if self._chance.random() < 0.3:
            data = data[:self._chance.randrange(len(data) + 1)]
        self._wire.transport.write(data)
        await asyncio.sleep(self._chance.choice((0, 0, 0.001, 0.003)))
        self._tally["kills"] += 1
        self._tally["left"] -= 1
        if self._chance.random() < 0.5:
            self._wire.transport.abort()
            self._wire = None
        else:
            self._hang_up()

    def _hang_up(self):
        if self._wire is not None:
            self._wire.transport.close()
            self._wire = None

    async def _connect(self):
        _, self._wire = await asyncio.get_running_loop().create_connection(Wire, "127.0.0.1", self._port)
        self._composer.new_session()
        # The tag is in the reported settings from the start.
        name = f"t{self._number}x0t"
        self._wire.transport.write(messages.startup({"user": "lambda", "database": "app", "application_name": name}))
        scram, secured = ScramClient(PASSWORD), False
        while not secured:
            for kind, body in await self._wire.collect():
                secured = self._answer(scram, kind, body) or secured

    def _answer(self, scram, kind, body):
        """One message of a login. Returns whether it was the last."""
        if kind == 0x45:
            raise ConnectionError(f"login refused: {body!r}")
        if kind == 0x4B:
            self._key = struct.unpack("!i", body[:4])[0], body[4:]
        if kind == 0x52:
            code = struct.unpack("!i", body[:4])[0]
            if code == 10:
                first = scram.first().encode()
                self._say(messages.cstring("SCRAM-SHA-256") + struct.pack("!i", len(first)) + first)
            elif code == 11:
                self._say(scram.final(body[4:].decode()).encode())
            elif code == 12:
                scram.verify(body[4:].decode())
        return kind == 0x5A

    def _say(self, body):
        self._wire.transport.write(messages.message("p", body))


async def _watch(clients, tally, patience):
    """Ends the run when a client is stuck."""
    while tally["left"] > 0 and not tally["problems"]:
        await asyncio.sleep(0.5)
        stuck = [client for client in clients if time.monotonic() - client.progress_at > patience]
        if stuck:
            tally["problems"].append(f"{len(stuck)} clients without an answer for {patience} s")


async def _run(port, first, clients, statements, seed, kinds, cancel_share, kill_share, patience):
    tally = {"left": statements, "statements": 0, "cancels": 0, "cancelled": 0, "kills": 0, "problems": [],
             "cancel_share": cancel_share, "kill_share": kill_share}
    crowd = [CrossingClient(first + number, port, seed * 1000 + first + number, tally, kinds) for number in range(clients)]
    lives = [asyncio.ensure_future(client.live()) for client in crowd]
    watch = asyncio.ensure_future(_watch(crowd, tally, patience))
    done, _ = await asyncio.wait([*lives, watch], return_when=asyncio.FIRST_EXCEPTION)
    if watch in done or not tally["problems"]:
        await asyncio.wait(lives, timeout=patience)
    for life in [*lives, watch]:
        if not life.done():
            life.cancel()
    outcomes = await asyncio.gather(*lives, watch, return_exceptions=True)
    tally["problems"] += [f"a client ended: {outcome!r}" for outcome in outcomes
                          if isinstance(outcome, Exception)]
    return tally


def run_clients(**orders):
    """A worker's whole life: the event loop with its clients. Returns the tally."""
    return asyncio.run(_run(**orders))
