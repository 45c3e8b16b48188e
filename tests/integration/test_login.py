"""Logins: who is let in, what the others read, protocol versions, the unix socket, the welcome."""

import struct
import tempfile

import psycopg
import pytest

from harness import messages
from harness.raw_client import RawClient
from harness.wait import wait_until


def refused(daemon, **options):
    client = RawClient(daemon.port)
    answer = client.login(**options)
    assert answer is not None and answer.type == "E", answer
    assert client.read_to_end() == []
    fields = answer.fields()
    assert fields["S"] == fields["V"] == "FATAL"
    return fields


def test_wrong_password_and_unknown_user_read_the_same(pool):
    daemon = pool(1)
    wrong = refused(daemon, password="wrong")
    unknown = refused(daemon, user="nobody", password="wrong")
    assert wrong["C"] == unknown["C"] == "28P01"
    assert wrong["M"] == 'password authentication failed for user "lambda"'
    assert unknown["M"] == 'password authentication failed for user "nobody"'
    assert set(wrong) == set(unknown)


def test_unknown_database(pool):
    fields = refused(pool(1), database="nowhere")
    assert fields["C"] == "3D000" and fields["M"] == 'database "nowhere" does not exist'


def test_a_database_that_is_not_the_users(pool, role):
    daemon = pool(1, {"databases": {"other": {"dsn": role.uri()}}, "users": {"lambda": {"databases": ["other"]}}})
    assert refused(daemon)["C"] in ("42501", "28000")
    assert RawClient(daemon.port).login(database="other") is None


def test_no_user_in_the_packet(pool):
    daemon = pool(1)
    client = RawClient(daemon.port)
    client.send(messages.startup({"database": "app"}))
    assert client.read_to_end()[0].fields()["C"] == "28000"


def test_max_client_conn(pool):
    daemon = pool(1, {"limits": {"max_client_conn": 3}})
    clients = [RawClient(daemon.port) for _ in range(3)]
    for client in clients:
        assert client.login() is None
    fields = refused(daemon)
    assert fields["C"] == "53300" and "reason=max_client_conn" in fields["D"] and fields["H"]
    clients.pop().terminate()

    def fits():
        client = RawClient(daemon.port)
        return client.login() is None
    wait_until(fits, "the seat of the client that left is free")


def test_max_user_client_connections(pool):
    daemon = pool(1, {"users": {"lambda": {"limits": {"max_user_client_connections": 2}}, "other": {"password": "x"}}})
    clients = [RawClient(daemon.port) for _ in range(2)]
    for client in clients:
        assert client.login() is None
    fields = refused(daemon)
    assert fields["C"] == "53300" and "reason=max_user_client_connections" in fields["D"]
    assert RawClient(daemon.port).login(user="other", password="x") is None


def test_a_verifier_in_place_of_the_password(pool, cluster, role):
    verifier = cluster.rows("SELECT rolpassword FROM pg_authid WHERE rolname = %s", role.name)[0][0]
    daemon = pool(1, {"users": {"kept": {"password": verifier}}})
    assert RawClient(daemon.port).login(user="kept", password=role.password) is None
    assert refused(daemon, user="kept", password="wrong")["C"] == "28P01"


def test_a_login_takes_no_server(pool, cluster, role):
    daemon = pool(1)
    with psycopg.connect(daemon.dsn(), autocommit=True) as holder:
        holder.execute("BEGIN")
        holder.execute("SELECT 1")
        clients = [RawClient(daemon.port) for _ in range(20)]
        for client in clients:
            assert client.login() is None
            assert client.parameters["server_version"].startswith("1")
            assert client.parameters["client_encoding"] == "UTF8" and len(client.key) == 4
        assert daemon.health()[1]["waiting"] == 0
        holder.execute("COMMIT")
    assert cluster.logins(role) == 1


def test_the_welcome_has_what_the_server_said(pool, role):
    daemon = pool(1)
    direct = RawClient(role.port)
    assert direct.login(role.name, role.database, role.password) is None
    client = RawClient(daemon.port)
    assert client.login() is None
    same = {"server_version", "server_encoding", "client_encoding", "DateStyle", "IntervalStyle", "TimeZone",
            "integer_datetimes", "standard_conforming_strings"}
    assert {name: client.parameters[name] for name in same} == {name: direct.parameters[name] for name in same}


# Protocol versions.

def negotiation(body):
    newest, count = struct.unpack("!ii", body[:8])
    return newest, [name.decode() for name in body[8:].split(b"\0")[:count]]


@pytest.mark.parametrize("minor", [0, 2])
def test_known_minor_versions_need_no_negotiation(pool, minor):
    client = RawClient(pool(1).port)
    assert client.login(minor=minor) is None
    assert client.negotiated == []
    assert len(client.key) == (32 if minor == 2 else 4)


def test_a_newer_minor_version_is_negotiated_down_once(pool):
    client = RawClient(pool(1).port)
    assert client.login(minor=9999, **{"_pq_.test_protocol_negotiation": ""}) is None
    # The manual says "newest minor version"; PostgreSQL sends, and libpq wants, major and minor in one number.
    assert [negotiation(body) for body in client.negotiated] == [((3 << 16) | 2, ["_pq_.test_protocol_negotiation"])]
    assert client.value("SELECT 1") == "1"


def test_options_alone_are_negotiated_too(pool):
    client = RawClient(pool(1).port)
    assert client.login(**{"_pq_.one": "1", "_pq_.two": "2"}) is None
    assert len(client.negotiated) == 1
    assert sorted(negotiation(client.negotiated[0])[1]) == ["_pq_.one", "_pq_.two"]


@pytest.mark.parametrize("major", [2, 4])
def test_other_major_versions_are_refused(pool, major):
    client = RawClient(pool(1).port)
    client.send(messages.startup({"user": "lambda"}, major=major))
    fields = client.read_to_end()[0].fields()
    assert fields["C"] == "0A000" and f"{major}.0" in fields["M"]


def test_gss_then_tls_then_startup(pool):
    client = RawClient(pool(1).port)
    client.send(messages.packet(messages.GSSENC_REQUEST))
    assert client.read_exactly(1) == b"N"
    assert client.request_tls() == b"N"
    assert client.login() is None


@pytest.mark.parametrize("request_code", [messages.SSL_REQUEST, messages.GSSENC_REQUEST])
def test_a_second_preamble_of_a_kind_is_refused(pool, request_code):
    client = RawClient(pool(1).port)
    client.send(messages.packet(request_code))
    assert client.read_exactly(1) == b"N"
    client.send(messages.packet(request_code))
    ending = client.read_to_end()
    assert len(ending) == 1 and ending[0].fields()["S"] == "FATAL"


def test_the_unix_socket(pool):
    with tempfile.TemporaryDirectory(prefix="pgweir-socket-") as directory:
        daemon = pool(1, {"listen": {"unix_socket_dir": directory}})
        with psycopg.connect(daemon.dsn(host=directory)) as client:
            assert client.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(daemon.dsn(host=directory, password="wrong"))


def test_replication_is_refused_with_advice(pool):
    fields = refused(pool(1), replication="true")
    assert fields["C"] == "0A000" and fields["H"]
