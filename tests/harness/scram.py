"""SCRAM-SHA-256 (RFC 5802, 7677), both sides, for peers that log in by hand."""

import base64
import hashlib
import hmac
import os


def _hmac(key, text):
    return hmac.new(key, text, hashlib.sha256).digest()


def _b64(data):
    return base64.b64encode(data).decode()


def _xor(left, right):
    return bytes(a ^ b for a, b in zip(left, right))


def _attributes(text):
    return dict(part.split("=", 1) for part in text.split(","))


class ScramClient:
    """first() -> server's answer -> final(answer) -> server's last word -> verify(word)."""

    def __init__(self, password):
        self._password = password.encode()
        self._bare = f"n=,r={_b64(os.urandom(18))}"

    def first(self):
        return "n,," + self._bare

    def final(self, server_first):
        attributes = _attributes(server_first)
        salted = hashlib.pbkdf2_hmac("sha256", self._password, base64.b64decode(attributes["s"]), int(attributes["i"]))
        bare = f"c={_b64(b'n,,')},r={attributes['r']}"
        exchange = f"{self._bare},{server_first},{bare}".encode()
        client_key = _hmac(salted, b"Client Key")
        signature = _hmac(hashlib.sha256(client_key).digest(), exchange)
        self._expected = _b64(_hmac(_hmac(salted, b"Server Key"), exchange))
        return f"{bare},p={_b64(_xor(client_key, signature))}"

    def verify(self, server_final):
        assert _attributes(server_final)["v"] == self._expected, "the server does not know the password"


class ScramServer:
    """first(client's first) -> client's final -> final(it): the last word, or None for a wrong password."""

    def __init__(self, password, iterations=4096):
        self._salt = os.urandom(16)
        self._iterations = iterations
        self._salted = hashlib.pbkdf2_hmac("sha256", password.encode(), self._salt, iterations)

    def first(self, client_first):
        self._bare = client_first.split(",", 2)[2]
        nonce = _attributes(self._bare)["r"] + _b64(os.urandom(18))
        self._first = f"r={nonce},s={_b64(self._salt)},i={self._iterations}"
        return self._first

    def final(self, client_final):
        bare, proof = client_final.rsplit(",p=", 1)
        exchange = f"{self._bare},{self._first},{bare}".encode()
        client_key = _hmac(self._salted, b"Client Key")
        stored_key = hashlib.sha256(client_key).digest()
        if hashlib.sha256(_xor(base64.b64decode(proof), _hmac(stored_key, exchange))).digest() != stored_key:
            return None
        return "v=" + _b64(_hmac(_hmac(self._salted, b"Server Key"), exchange))
