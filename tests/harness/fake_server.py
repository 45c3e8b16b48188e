"""A scripted PostgreSQL: logs clients in, answers house-keeping by itself, and hands the
statements a test is interested in to the test's own functions."""

import socket
import struct
import threading

from . import messages
from .ports import free_port
from .scram import ScramServer
from .stream import Closed, MessageStream

PARAMETERS = {
    "server_version": "15.4", "server_encoding": "UTF8", "client_encoding": "UTF8", "application_name": "",
    "is_superuser": "off", "session_authorization": "app", "DateStyle": "ISO, MDY", "IntervalStyle": "postgres",
    "TimeZone": "UTC", "integer_datetimes": "on", "standard_conforming_strings": "on",
    "default_transaction_read_only": "off", "in_hot_standby": "off",
}


def bound_values(body):
    """The parameter values of a Bind, as text."""
    at = body.index(b"\0", body.index(b"\0") + 1) + 1
    formats = struct.unpack_from("!h", body, at)[0]
    at += 2 + 2 * formats
    count, at, values = struct.unpack_from("!h", body, at)[0], at + 2, []
    for _ in range(count):
        size = struct.unpack_from("!i", body, at)[0]
        values.append(body[at + 4:at + 4 + size].decode())
        at += 4 + size
    return values


def settings_row(sql, values):
    """What PostgreSQL answers to set_config and current_setting with parameters; 1 for everything else."""
    if "set_config" in sql:
        return values[1::2]
    if "current_setting" in sql:
        return [PARAMETERS.get(name, "") for name in values]
    return ["1"]


class Connection(MessageStream):
    """One connection of the proxy to us."""

    def __init__(self, sock, number):
        super().__init__(sock)
        self.number = number       # from 1, in the order of acceptance
        self.status = "I"
        self.startup = {}
        self.queries = []          # texts of Query and Parse, in order
        self.row = ["1"]           # what the next Execute returns

    def answer(self, *replies):
        """Sends replies and ReadyForQuery."""
        self.send(b"".join(replies) + messages.ready_for_query(self.status))


class FakeServer:
    """script: what differs from a well-behaved server.
    on_login(connection): called after the startup packet, instead of the login; returns True when it logged in.
    on_query: {text in the SQL: function(connection, sql)}; the function sends the whole answer."""

    def __init__(self, on_query=None, on_login=None, on_cancel=None, password=None):
        self.on_query = on_query or {}
        self.on_login = on_login
        self.on_cancel = on_cancel
        self.password = password
        self.port = free_port()
        self.connections = []      # every one that sent a startup packet, closed ones too
        self.cancels = []          # (pid, key)
        self.open = 0
        self.failures = []         # exceptions of the scripts
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self._accepter = threading.Thread(target=self._accept, daemon=True)
        self._accepter.start()

    def dsn(self, **options):
        tail = "&".join(f"{name}={value}" for name, value in {"sslmode": "disable", **options}.items())
        return f"postgresql://app:{self.password or 'x'}@127.0.0.1:{self.port}/app?{tail}"

    def close(self):
        """Stops listening and closes every connection; a script's exception fails the test."""
        # A blocked accept ends only when the listener is shut down, not when it is closed.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop_all()
        self._accepter.join(timeout=10)
        assert not self.failures, self.failures

    def drop_all(self):
        with self._lock:
            connections = list(self.connections)
        for connection in connections:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass   # closed already

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        connection = Connection(sock, 0)
        try:
            self._converse(connection)
        except (Closed, OSError):
            pass   # the proxy may leave whenever it likes
        except Exception as error:   # noqa: BLE001 - a thread has nobody else to tell
            self.failures.append(error)
        finally:
            if connection.number:
                with self._lock:
                    self.open -= 1
            sock.close()

    def _converse(self, connection):
        code, rest = connection.read_packet()
        while code in (messages.SSL_REQUEST, messages.GSSENC_REQUEST):
            connection.send(b"N")
            code, rest = connection.read_packet()
        if code == messages.CANCEL_REQUEST:
            self.cancels.append((struct.unpack("!i", rest[:4])[0], rest[4:]))
            if self.on_cancel:
                self.on_cancel(*self.cancels[-1])
            return
        assert code == messages.PROTOCOL_3, f"protocol {code >> 16}.{code & 0xffff}"
        parts = rest.rstrip(b"\0").split(b"\0")
        connection.startup = dict(zip([part.decode() for part in parts[::2]], [part.decode() for part in parts[1::2]]))
        with self._lock:
            self.connections.append(connection)
            connection.number = len(self.connections)
            self.open += 1
        if self.on_login:
            if not self.on_login(connection):
                return
        else:
            self.log_in(connection)
        while self._answer_one(connection):
            pass

    def log_in(self, connection):
        """A successful login, with SCRAM when there is a password."""
        if self.password:
            self._authenticate(connection)
        connection.send(messages.authentication(0)
                        + b"".join(messages.parameter_status(*pair) for pair in PARAMETERS.items())
                        + messages.backend_key_data(1000 + connection.number, b"key%d" % (connection.number % 10)))
        connection.answer()

    def _authenticate(self, connection):
        scram = ScramServer(self.password)
        connection.send(messages.authentication(10, messages.cstring("SCRAM-SHA-256") + b"\0"))
        first = connection.read_message().body.split(b"\0", 1)[1][4:]
        connection.send(messages.authentication(11, scram.first(first.decode()).encode()))
        last = scram.final(connection.read_message().body.decode())
        assert last, "wrong password"
        connection.send(messages.authentication(12, last.encode()))

    def _answer_one(self, connection):
        """Reads one message and answers it. False at its end."""
        request = connection.read_message()
        if request.type == "X":
            return False
        if request.type == "Q":
            self._answer_query(connection, request.text())
        elif request.type == "P":
            connection.queries.append(request.body.split(b"\0")[1].decode())
            connection.send(messages.message("1"))
        elif request.type == "B":
            connection.row = settings_row(connection.queries[-1], bound_values(request.body))
            connection.send(messages.message("2"))
        elif request.type == "C":
            connection.send(messages.message("3"))
        elif request.type == "D":
            connection.send(messages.row_description(*["value"] * len(connection.row)))
        elif request.type == "E":
            connection.send(messages.data_row(*connection.row) + messages.command_complete("SELECT 1"))
        elif request.type == "S":
            connection.answer()
        else:
            assert request.type in "Hcfd", request
        return True

    def _answer_query(self, connection, sql):
        connection.queries.append(sql)
        for text, function in self.on_query.items():
            if text in sql:
                function(connection, sql)
                return
        word = sql.strip().rstrip(";").split(" ")[0].upper()
        if word in ("BEGIN", "START"):
            connection.status = "T"
        elif word in ("COMMIT", "ROLLBACK", "ABORT", "END"):
            connection.status = "I"
        if not sql.strip():
            connection.answer(messages.message("I"))
        elif word in ("SELECT", "SHOW"):
            connection.answer(messages.row_description("value"), messages.data_row("1"), messages.command_complete("SELECT 1"))
        else:
            connection.answer(messages.command_complete(word))
