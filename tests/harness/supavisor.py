"""A double of Supavisor in session mode: a pooler with few slots in front of a real PostgreSQL, which
refuses, bans, restarts and cancels late when a test says so. Texts and timing are those of the real one."""

import asyncio
import os
import random
import signal
import struct
import threading
import time
from dataclasses import replace

from . import messages
from .ports import free_port
from .supavisor_session import Session, Wire, fatal

OLD_REFUSAL = "MaxClientsInSessionMode: max clients reached - in Session mode max clients are limited to pool_size"
NEW_REFUSAL = "(EMAXCONNSESSION) max clients reached in session mode - max clients are limited to pool_size: {pool_size}"

# After so many failed authentications within the window an address may not dial for the time of the ban.
_BAN_AFTER = 10
_BAN_WINDOW = 150.0
_BAN_TIME = 120.0
_DEADLINE = 20.0
# A cancel that would be later than asked for by more than this is dropped.
_CANCEL_LAG = 0.02


class Supavisor:
    """Everything in the first block may be changed at any time. Diallers log in as the role; so do we to PostgreSQL."""

    BANNED = "(ECIRCUITBREAKER) too many authentication failures, new connections are temporarily blocked"

    def __init__(self, role, pool_size=20, seed=1):
        self.pool_size = pool_size        # what lies above it when it falls stays until it ends
        self.refusal_text = NEW_REFUSAL   # {pool_size} is filled in
        self.refuses_late = False         # behind AuthenticationOk; else before authentication, and there too
        self.refusal_delay = 0.0
        self.password = role.password     # of diallers
        self.wrong_password_delay = 0.5
        self.slot_release_delay = 0.0     # from the end of a connection until its slot is free
        self.cancel_delay = (0.0, 0.0)    # between these, from the end of a cancel request until PostgreSQL has it
        self.caches_welcome = True        # everybody is told the parameters of the first server

        self.dials = 0
        self.refusals = []                # times of capacity refusals, time.monotonic()
        self.authentication_failures = 0
        self.most_connections = 0         # at once, those that log in included
        self.most_logins = 0              # under way at once
        self.most_slots = 0               # of ours in use at once
        self.frontend_messages = 0        # from those logged in
        self.heartbeats = 0
        self.cancels = 0                  # delivered
        self.dropped_cancels = 0          # because we were too late
        self.failures = []                # exceptions of our own

        self.role = role
        self.port = free_port()
        self.sessions = set()             # from the startup packet on
        self._logging_in = set()
        self._slots = set()               # those of sessions; an ended one may keep its own for a while
        self._foreign = 0                 # slots of foreign clients
        self._foreign_wanted = 0
        self._welcome = None
        self._keys = {}
        self._key_number = 0
        self._failed_at = {}              # by address
        self._banned_until = {}
        self._tasks = set()
        self._random = random.Random(seed)
        self._listener = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.come_back()

    # For tests.

    def dsn(self, password=None):
        return replace(self.role, port=self.port, password=password or self.password).uri()

    @property
    def connections(self):
        return len(self.sessions)

    @property
    def slots(self):
        """Ours in use."""
        return len(self._slots)

    @property
    def available(self):
        """Slots that are not foreign."""
        return self.pool_size - self._foreign

    def take_slots(self, count):
        """Foreign clients take so many slots more; what is not free now they get as it comes free."""
        self._change_foreign(count)

    def free_slots(self, count):
        self._change_foreign(-count)

    def end_sessions(self, count=None, at_rest=False):
        """Ends so many (or all) logged-in sessions with 57P01; with at_rest only those that nobody uses just now."""
        def end():
            found = [session for session in self.sessions if session.backend
                     and (not at_rest or session.is_at_rest and session.status == "I")][:count]
            for session in found:
                session.close(fatal("57P01", "terminating connection due to administrator command"))
            return len(found)
        return self._call(end)

    def go_down(self):
        """The first half of a restart: 57P01 to all, and nobody can connect."""
        self._call(self._stop_listening)
        self.end_sessions()
        self._call(lambda: [session.close() for session in list(self.sessions)])

    def come_back(self):
        async def listen():
            self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=128)
        self._wait(listen())

    def heartbeat(self):
        """Tells every session that is at rest the application's name, as the real one does each minute. How many those were."""
        def beat():
            found = [session for session in self.sessions if session.is_at_rest]
            for session in found:
                session.wire.send(messages.parameter_status("application_name", "Supavisor"))
            self.heartbeats += len(found)
            return len(found)
        return self._call(beat)

    def ban(self, address="127.0.0.1"):
        self._banned_until[address] = time.monotonic() + _BAN_TIME

    def lift_bans(self):
        self._banned_until.clear()

    def close(self):
        """Ends everything; an exception of our own fails the test."""
        self.go_down()
        self._wait(self._finish())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=_DEADLINE)
        self._loop.close()
        assert not self.failures, self.failures

    # For sessions; in the loop's thread, as all below.

    def arrived(self, session):
        self.dials += 1
        self.sessions.add(session)
        self._logging_in.add(session)
        self.most_connections = max(self.most_connections, len(self.sessions))
        self.most_logins = max(self.most_logins, len(self._logging_in))

    def logged_in(self, session):
        self._logging_in.discard(session)

    def left(self, session):
        self.sessions.discard(session)
        self._logging_in.discard(session)
        self._keys = {key: owner for key, owner in self._keys.items() if owner is not session}
        if session not in self._slots:
            return
        if self.slot_release_delay > 0:
            self._loop.call_later(self.slot_release_delay, self._release, session)
        else:
            self._release(session)

    def has_free_slot(self):
        return len(self._slots) + self._foreign < self.pool_size

    def take_slot(self, session):
        if not self.has_free_slot():
            return False
        self._slots.add(session)
        self.most_slots = max(self.most_slots, len(self._slots))
        return True

    def capacity_text(self):
        return self.refusal_text.format(pool_size=self.pool_size)

    def count_refusal(self):
        self.refusals.append(time.monotonic())

    def count_authentication_failure(self, address):
        self.authentication_failures += 1
        now = time.monotonic()
        recent = [at for at in self._failed_at.get(address, []) if now - at < _BAN_WINDOW]
        self._failed_at[address] = [*recent, now]
        if len(recent) + 1 >= _BAN_AFTER:
            self.ban(address)

    def is_banned(self, address):
        return time.monotonic() < self._banned_until.get(address, 0.0)

    def welcome(self, parameters):
        if self._welcome is None or not self.caches_welcome:
            self._welcome = dict(parameters)
        return self._welcome

    def make_key(self, session):
        """A counter instead of PostgreSQL's process id, and four bytes."""
        self._key_number += 1
        key = struct.pack("!i", self._key_number) + self._random.randbytes(4)
        self._keys[key] = session
        return key

    def cancel(self, key):
        """The connection of the request is closed at once; PostgreSQL hears of it when the delay is over."""
        session = self._keys.get(key)
        if session is not None:
            latest = time.monotonic() + self.cancel_delay[1] + _CANCEL_LAG
            self._loop.call_later(self._random.uniform(*self.cancel_delay), self._deliver, session, latest)

    # Inside.

    def _deliver(self, session, latest):
        """By the signal that PostgreSQL's postmaster sends, so that no load makes a cancel later than it was to be."""
        if session not in self.sessions:
            return
        if time.monotonic() > latest:
            self.dropped_cancels += 1
            return
        os.kill(session.backend.pid, signal.SIGINT)
        self.cancels += 1

    async def _serve(self, reader, writer):
        # Not awaited here: the listener would end it with an error of its own when it is closed.
        self._start(Session(self, Wire(reader, writer)).run())

    def _start(self, work):
        async def guarded():
            try:
                await work
            except Exception as problem:   # noqa: BLE001 - handed to whoever closes us
                self.failures.append(problem)
        task = self._loop.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _release(self, session):
        self._slots.discard(session)
        self._settle_foreign()

    def _settle_foreign(self):
        """Foreign clients are quicker than we are: what comes free is theirs first."""
        free = self.pool_size - len(self._slots) - self._foreign
        self._foreign += max(0, min(free, self._foreign_wanted - self._foreign))

    def _change_foreign(self, count):
        def change():
            self._foreign_wanted = max(0, self._foreign_wanted + count)
            self._foreign = min(self._foreign, self._foreign_wanted)
            self._settle_foreign()
        self._call(change)

    def _stop_listening(self):
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def _finish(self):
        if self._tasks:
            _, hanging = await asyncio.wait(self._tasks, timeout=_DEADLINE)
            assert not hanging, hanging

    def _call(self, function):
        async def call():
            return function()
        return self._wait(call())

    def _wait(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=_DEADLINE)
