"""A message cut where a read found nothing more: what was kept of it must not be lost."""

import socket
import threading

import pytest

from harness.kernel import tcp_end
from harness.ports import free_port
from harness.raw_client import RawClient, shape
from harness.wait import wait_until


def logged_in(daemon):
    client = RawClient(daemon.port)
    assert client.login() is None
    return client


def queued(sock):
    """Bytes of this connection that lie unread at the other end."""
    other = tcp_end(sock.getpeername()[1], sock.getsockname()[1])
    return other.unread if other else 0


class Splitter:
    """Passes bytes on in pieces, each of which arrives alone: a TLS record comes in many parts."""

    def __init__(self, port, piece=3000):
        self.target, self.piece, self.port = port, piece, free_port()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            other = socket.create_connection(("127.0.0.1", self.target))
            for one in (sock, other):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._pass, args=(sock, other), daemon=True).start()
            threading.Thread(target=self._pass, args=(other, sock), daemon=True).start()

    def _pass(self, source, target):
        try:
            while data := source.recv(self.piece):
                target.sendall(data)
                wait_until(lambda: queued(target) == 0, "the piece has been read", every=0.001)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass   # either end may leave

    def close(self):
        self._listener.close()


@pytest.mark.parametrize("sslmode", ["disable", "require"])
def test_results_that_come_in_small_pieces(start_pgweir, role, sslmode):
    splitter = Splitter(role.port)
    dsn = role.uri(sslmode=sslmode).replace(f":{role.port}/", f":{splitter.port}/")
    daemon = start_pgweir({"breaker": {"open_above": "off"}, "limits": {"pool_size": 1}, "databases": {"app": {"dsn": dsn}}})
    client = logged_in(daemon)
    for size in range(1, 11):
        answers = client.query(f"SELECT repeat('x', {size}) FROM generate_series(1, 4000)")
        assert shape(answers) == "T" + "D" * 4000 + "CZ", answers[-1]
    splitter.close()
