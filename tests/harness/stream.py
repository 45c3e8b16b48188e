"""A blocking socket that reads whole protocol messages."""

import struct

from .messages import Message

TIMEOUT = 30.0


class Closed(Exception):
    """The peer closed the connection."""


class MessageStream:
    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(TIMEOUT)
        self._buffer = b""

    def send(self, data):
        self.sock.sendall(data)

    def send_bytewise(self, data):
        """Each byte in a system call of its own; with TCP_NODELAY mostly in a segment of its own, too."""
        for at in range(len(data)):
            self.sock.sendall(data[at:at + 1])

    def read_exactly(self, size):
        while len(self._buffer) < size:
            try:
                chunk = self.sock.recv(65536)
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                raise Closed(f"closed after {self._buffer!r}")
            self._buffer += chunk
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data

    def read_message(self):
        head = self.read_exactly(5)
        return Message(chr(head[0]), self.read_exactly(struct.unpack("!i", head[1:])[0] - 4))

    def read_packet(self):
        """(code, rest) of what comes before a login."""
        size = struct.unpack("!i", self.read_exactly(4))[0]
        body = self.read_exactly(size - 4)
        return struct.unpack("!i", body[:4])[0], body[4:]

    def read_until(self, *types):
        """All messages up to and including the first of these types."""
        messages = [self.read_message()]
        while messages[-1].type not in types:
            messages.append(self.read_message())
        return messages

    def read_to_end(self):
        """Everything until the peer closes."""
        messages = []
        try:
            while True:
                messages.append(self.read_message())
        except Closed:
            return messages

    def is_quiet(self, seconds):
        """True when nothing arrives for so long: only for what must not happen."""
        if self._buffer:
            return False
        self.sock.settimeout(seconds)
        try:
            self._buffer = self.sock.recv(65536)
            return False
        except TimeoutError:
            return True
        finally:
            self.sock.settimeout(TIMEOUT)

    def close(self):
        self.sock.close()
