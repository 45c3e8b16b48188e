"""A gate between pgweir and its database: passes bytes, swallows them, or cuts all connections."""

import contextlib
import socket
import struct
import threading

from .ports import free_port

_CHUNK = 65536


class Gate:
    """Listens on `port` and connects to `target`. Use as a context."""

    def __init__(self, target):
        self.port = free_port()
        self._target = target
        self._lock = threading.Lock()
        self._sockets = set()
        self._passes = threading.Event()
        self._passes.set()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *problem):
        self._listener.close()
        self.reset()
        self._passes.set()

    def swallow(self):
        """From now on nothing arrives on either side, and nobody is told."""
        self._passes.clear()

    def let_pass(self):
        """New connections pass. Those that have lost bytes are cut: what they would go on with is not what was sent."""
        self.reset()
        self._passes.set()

    def reset(self):
        """Cuts all connections, with a RST on both sides."""
        with self._lock:
            sockets, self._sockets = self._sockets, set()
        self._cut(sockets)

    @staticmethod
    def _cut(sockets):
        for one in sockets:
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RD)   # wakes whoever reads from it
            one.close()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target), timeout=10)
                far.settimeout(None)
            except OSError:
                near.close()   # as the database that does not listen
                continue
            with self._lock:
                self._sockets |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source, sink):
        try:
            while data := source.recv(_CHUNK):
                if self._passes.is_set():
                    sink.sendall(data)
            if self._passes.is_set():
                sink.shutdown(socket.SHUT_WR)
        except OSError:
            # One end was torn off: so is the other, unless that is to go unnoticed.
            if self._passes.is_set():
                self._cut((source, sink))
