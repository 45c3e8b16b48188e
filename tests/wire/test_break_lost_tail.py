"""A message cut where a read found nothing more: what was kept of it must not be lost."""

import signal
import socket
import threading

import pytest

from harness import messages
from harness.ports import free_port
from harness.raw_client import RawClient, shape
from harness.wait import wait_until

# What a relay thread reads at once.
BUFFER = 64 * 1024 + 2 * 16 * 1024


def logged_in(daemon):
    client = RawClient(daemon.port)
    assert client.login() is None
    return client


def queued(sock):
    """Bytes of this connection that lie unread at the other end."""
    mine = f"{sock.getsockname()[1]:04X}"
    with open("/proc/net/tcp") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return sum(int(row[4].split(":")[1], 16) for row in rows if row[2].endswith(":" + mine))


def test_a_read_that_fills_the_buffer_and_ends_inside_a_header(fake_server, proxy):
    rows = messages.row_description("value")
    while len(rows) + 9 < BUFFER:
        rows += messages.data_row("x" * min(1000, max(0, BUFFER - len(rows) - 11 - 3 - 20)))
        if BUFFER - len(rows) < 1100:
            break
    # The next row's header is cut behind its third byte.
    rows += messages.data_row("y" * (BUFFER - 3 - len(rows) - 11))
    assert len(rows) == BUFFER - 3
    rest = messages.data_row("z" * 50) + messages.command_complete("SELECT 2") + messages.ready_for_query()
    asked = []
    server = fake_server(on_query={"much": lambda connection, sql: asked.append(connection)})
    daemon = proxy(server, {"limits": {"pool_size": 1}})
    client = logged_in(daemon)
    client.send(messages.query("SELECT 'much'"))
    wait_until(lambda: asked, "the query has come")
    daemon.process.send_signal(signal.SIGSTOP)
    asked[0].sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    asked[0].send(rows + rest[:3])
    wait_until(lambda: queued(asked[0].sock) == BUFFER, "all has arrived")
    daemon.process.send_signal(signal.SIGCONT)
    first = client.read_until("D")
    wait_until(lambda: queued(asked[0].sock) == 0, "all has been read")
    asked[0].send(rest[3:])
    answers = first + client.read_until("Z")
    assert shape(answers[-2:]) == "CZ" and answers[-3].values() == [b"z" * 50]


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
