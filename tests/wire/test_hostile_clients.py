"""Clients that lie, stall or attack before they are logged in."""

import struct

import pytest

from harness import messages
from harness.raw_client import RawClient
from harness.stream import Closed
from harness.wait import wait_until


@pytest.fixture
def daemon(fake_server, proxy):
    return proxy(fake_server(), {"timeouts": {"client_login_timeout": "1s"}})


def is_refused(client, *sqlstates):
    """The client is told why, if it spoke the protocol at all, and then the connection ends."""
    ending = client.read_to_end()
    if sqlstates:
        assert len(ending) == 1 and ending[0].type == "E", ending
        fields = ending[0].fields()
        assert fields["S"] == "FATAL" and fields["C"] in sqlstates, fields
    return ending


def still_serves(daemon):
    client = RawClient(daemon.port)
    assert client.login() is None
    assert client.value("SELECT 1") == "1"
    client.terminate()


@pytest.mark.parametrize("garbage", [
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"\0" * 8,
    struct.pack("!i", 7) + b"abc",
    struct.pack("!i", -1) + b"abcd",
    struct.pack("!i", 0x7fffffff) + b"abcd",
    struct.pack("!i", 10_001) + b"\0\3\0\0" + b"x" * 9_993,
    b"\xff" * 64,
], ids=["http", "zeros", "length 7", "negative length", "longest length", "too long", "ones"])
def test_garbage_in_place_of_a_startup_packet(daemon, garbage):
    client = RawClient(daemon.port)
    client.send(garbage)
    ending = is_refused(client)
    assert all(part.type == "E" and part.fields()["S"] == "FATAL" for part in ending)
    still_serves(daemon)


@pytest.mark.parametrize("body", [b"user", b"user\0lambda", b"user\0lambda\0database", b"user\0lambda\0\0rest\0x\0\0"],
                         ids=["no end", "no value", "no last end", "bytes after the end"])
def test_broken_startup_parameters(daemon, body):
    client = RawClient(daemon.port)
    client.send(messages.packet(messages.PROTOCOL_3, body))
    is_refused(client, "08P01")
    still_serves(daemon)


def test_plain_text_behind_an_ssl_request_is_an_attack(daemon, fake_server, proxy, tmp_path):
    from harness.certificates import make_certificates
    certificates = make_certificates(str(tmp_path))
    with_tls = proxy(fake_server(), {"listen": {"tls": {"certificate": certificates.certificate,
                                                        "private_key": certificates.private_key}}})
    for victim in (daemon, with_tls):
        client = RawClient(victim.port)
        client.send(messages.packet(messages.SSL_REQUEST) + messages.startup({"user": "lambda", "database": "app"}))
        try:
            answer = client.read_exactly(1)
        except Closed:
            continue
        if answer in (b"N", b"S"):
            ending = client.read_to_end()
            assert not any(part.type in "RSKZ" for part in ending), ending
        else:
            assert answer == b"E"
        still_serves(victim)


def test_a_silent_client_is_cut_off(daemon):
    client = RawClient(daemon.port)
    client.read_to_end()
    still_serves(daemon)


def test_a_client_that_trickles_is_cut_off(daemon):
    """One byte before each look: activity does not extend the time for the login."""
    client = RawClient(daemon.port)
    packet = messages.startup({"user": "lambda", "database": "app", "padding": "x" * 5000})
    sent = 0
    with pytest.raises((Closed, BrokenPipeError, ConnectionResetError)):
        while sent < len(packet) - 1:
            client.send(packet[sent:sent + 1])
            sent += 1
            if not client.is_quiet(0.02):
                client.read_to_end()
                raise Closed("told why, then closed")
    still_serves(daemon)


def test_a_stall_in_the_middle_of_authentication_is_cut_off(daemon):
    client = RawClient(daemon.port)
    client.send(messages.startup({"user": "lambda", "database": "app"}))
    assert client.read_message().type == "R"
    client.read_to_end()
    still_serves(daemon)


@pytest.mark.parametrize("answer", [
    messages.message("p", b"SCRAM-SHA-1\0" + struct.pack("!i", 0)),
    messages.message("p", b"SCRAM-SHA-256\0" + struct.pack("!i", -1)),
    messages.message("p", b"SCRAM-SHA-256\0" + struct.pack("!i", 5) + b"n,,n="),
    messages.message("p", b"SCRAM-SHA-256\0" + struct.pack("!i", 0x7fffffff) + b"n,,n=,r=x"),
    messages.message("p", b"SCRAM-SHA-256\0" + struct.pack("!i", 9) + b"y,,n=,r=\xff"),
    messages.message("p", b""),
    messages.message("Q", b"SELECT 1\0"),
    b"p" + struct.pack("!i", 0x40000000),
    b"p" + struct.pack("!i", 3),
], ids=["unknown mechanism", "no data", "cut data", "length bomb", "not UTF-8", "empty", "a query", "message bomb", "length 3"])
def test_broken_sasl_messages(daemon, answer):
    client = RawClient(daemon.port)
    client.send(messages.startup({"user": "lambda", "database": "app"}))
    assert client.read_message().type == "R"
    client.send(answer)
    is_refused(client, "08P01", "28P01", "28000")
    still_serves(daemon)


@pytest.mark.parametrize("key", [b"", b"abc", b"abcd", b"x" * 32, b"x" * 256, b"x" * 300], ids=len)
def test_cancel_requests_from_nowhere(daemon, key):
    client = RawClient(daemon.port)
    client.send(messages.cancel_request(12345, key))
    assert all(part.type == "E" for part in client.read_to_end())
    still_serves(daemon)


def test_connections_that_come_and_go(daemon):
    for _ in range(200):
        RawClient(daemon.port).close()
    for _ in range(50):
        client = RawClient(daemon.port)
        client.send(messages.startup({"user": "lambda", "database": "app"}))
        client.close()
    still_serves(daemon)
    wait_until(lambda: daemon.metrics().value("pgweir_clients") == 0, "nobody is left")


def test_a_limit_on_clients_holds_for_those_who_never_finish(fake_server, proxy):
    daemon = proxy(fake_server(), {"limits": {"max_client_conn": 5}, "timeouts": {"client_login_timeout": "1s"}})
    stalled = []
    for _ in range(10):
        client = RawClient(daemon.port)
        client.send(messages.startup({"user": "lambda", "database": "app"}))
        stalled.append(client)

    def serves():
        client = RawClient(daemon.port)
        if client.login() is not None:
            return False
        client.terminate()
        return True
    wait_until(serves, "the stalled logins are cut off and their seats are free")
    assert len(stalled) == 10
