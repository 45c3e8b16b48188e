"""A client that speaks the protocol by hand, and may do what no driver does."""

import socket
import ssl
import struct

from . import messages
from .daemon import PASSWORD
from .scram import ScramClient
from .stream import MessageStream


class RawClient(MessageStream):
    """Connected, not logged in. What the server says at login is kept."""

    def __init__(self, port, address="127.0.0.1"):
        sock = socket.create_connection((address, port), timeout=30)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(sock)
        self.parameters = {}
        self.pid = None
        self.key = None
        self.negotiated = []   # bodies of NegotiateProtocolVersion

    def request_tls(self):
        """Sends SSLRequest. Returns the answering byte."""
        self.send(messages.packet(messages.SSL_REQUEST))
        return self.read_exactly(1)

    def start_tls(self, alpn=None):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if alpn:
            context.set_alpn_protocols(alpn)
        self.sock = context.wrap_socket(self.sock)

    def login(self, user="lambda", database="app", password=PASSWORD, minor=0, **parameters):
        """Startup and authentication. Returns the first message that is not part of a successful login, or None."""
        self.send(messages.startup({"user": user, "database": database, **parameters}, minor))
        return self.authenticate(password)

    def authenticate(self, password=PASSWORD):
        scram = ScramClient(password)
        while True:
            answer = self.read_message()
            if answer.type == "R":
                reply = self._answer(scram, struct.unpack("!i", answer.body[:4])[0], answer.body[4:])
                if reply is not None:
                    self.send(messages.message("p", reply))
            elif answer.type == "S":
                self.parameters.update([answer.pair()])
            elif answer.type == "K":
                self.pid, self.key = struct.unpack("!i", answer.body[:4])[0], answer.body[4:]
            elif answer.type == "v":
                self.negotiated.append(answer.body)
            elif answer.type == "Z":
                return None
            else:
                return answer

    @staticmethod
    def _answer(scram, code, body):
        if code == 10:
            assert b"SCRAM-SHA-256\0" in body, body
            first = scram.first().encode()
            return messages.cstring("SCRAM-SHA-256") + struct.pack("!i", len(first)) + first
        if code == 11:
            return scram.final(body.decode()).encode()
        if code == 12:
            scram.verify(body.decode())
        else:
            assert code == 0, f"unexpected authentication request {code}"
        return None

    def query(self, sql):
        """Sends a Query; returns everything up to ReadyForQuery."""
        self.send(messages.query(sql))
        return self.read_until("Z")

    def value(self, sql):
        """The one value a query returns, as text."""
        rows = [part for part in self.query(sql) if part.type == "D"]
        assert len(rows) == 1, rows
        return rows[0].values()[0].decode()

    def terminate(self):
        self.send(messages.message("X"))
        self.close()


def shape(answers):
    """The types of messages, as one word."""
    return "".join(answer.type for answer in answers)


def only_error(answers):
    """The fields of the one ErrorResponse among the messages."""
    errors = [answer for answer in answers if answer.type == "E"]
    assert len(errors) == 1, answers
    return errors[0].fields()
