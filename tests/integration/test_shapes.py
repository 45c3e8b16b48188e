"""Messages of any size, cut anywhere."""

import psycopg
import pytest

from harness import messages
from harness.daemon import sanitized
from harness.raw_client import RawClient, shape


@pytest.fixture
def client(pool):
    client = RawClient(pool(1).port)
    assert client.login() is None
    yield client
    client.terminate()


CONVERSATION = (messages.query("SELECT 1") + messages.extended("SELECT $1::text", [b"two"]) + messages.sync()
                + messages.query("SELECT 1/0") + messages.query("BEGIN") + messages.query("SELECT 3") + messages.query("COMMIT"))
ANSWER = ["TDCZ", "12TDCZ", "EZ", "CZ", "TDCZ", "CZ"]


def read_answer(client):
    return [shape(client.read_until("Z")) for _ in ANSWER]


def test_one_byte_at_a_time(client):
    client.send_bytewise(CONVERSATION)
    assert read_answer(client) == ANSWER


def test_a_cut_at_every_byte(client):
    for at in range(1, len(CONVERSATION)):
        client.send(CONVERSATION[:at])
        client.send(CONVERSATION[at:])
        assert read_answer(client) == ANSWER, f"cut at {at}"


def test_a_login_one_byte_at_a_time(pool):
    daemon = pool(1)
    client = RawClient(daemon.port)
    client.send_bytewise(messages.packet(messages.GSSENC_REQUEST))
    assert client.read_exactly(1) == b"N"
    client.send_bytewise(messages.startup({"user": "lambda", "database": "app"}))
    client.send, whole = client.send_bytewise, client.send
    assert client.authenticate() is None
    client.send = whole
    assert client.value("SELECT 1") == "1"


def test_a_huge_literal(pool, size):
    daemon = pool(1)
    length = size(2, 20, 20) * 1_000_000
    with psycopg.connect(daemon.dsn(), autocommit=True) as client:
        assert client.execute(f"SELECT length('{'x' * length}')").fetchone() == (length,)
        assert client.execute("SELECT length(%s)", ("y" * length,)).fetchone() == (length,)
    if not sanitized():
        assert daemon.memory() < 64 << 20


def test_a_huge_value(pool, size):
    daemon = pool(1)
    length = size(2, 50, 200) * 1_000_000
    with psycopg.connect(daemon.dsn(), autocommit=True) as client:
        assert len(client.execute(f"SELECT repeat('z', {length})").fetchone()[0]) == length
        assert client.execute("SELECT 1").fetchone() == (1,)
    if not sanitized():
        assert daemon.memory() < 64 << 20


@pytest.mark.parametrize("length", [4085, 4096, 8180, 8192, 16384, 65520, 65531, 65536, 65541, 131072])
def test_sizes_about_the_buffers(client, length):
    for near in range(length - 3, length + 4):
        assert len(client.value(f"SELECT '{'q' * near}'")) == near


def test_many_tiny_rows(client):
    answers = client.query("SELECT '' FROM generate_series(1, 200000)")
    assert len(answers) == 200003


def test_a_reader_that_waits_gets_everything(client):
    """The result is larger than all socket buffers; the client reads only after the next statement is under way."""
    client.send(messages.query("SELECT repeat('w', 100000) FROM generate_series(1, 300)") + messages.query("SELECT 'after'"))
    answers = client.read_until("Z")
    assert sum(len(answer.body) for answer in answers if answer.type == "D") > 300 * 100000
    assert client.read_until("Z")[1].values() == [b"after"]


@pytest.mark.parametrize("bad", [b"Q\0\0\0\3", b"Q\xff\xff\xff\xff", b"Q\x7f\xff\xff\xff", b"\0\0\0\0\4", b"?\0\0\0\4"],
                         ids=["length 3", "negative length", "length bomb", "no type", "unknown type"])
def test_a_broken_message_ends_the_client_and_nobody_else(pool, cluster, role, bad):
    daemon = pool(1)
    bystander, culprit = RawClient(daemon.port), RawClient(daemon.port)
    assert bystander.login() is None and culprit.login() is None
    assert bystander.value("SELECT 1") == "1"
    culprit.send(messages.query("BEGIN") + bad)
    ending = culprit.read_to_end()
    assert ending and ending[-1].type == "E" and ending[-1].fields()["C"] in ("08P01", "54000"), ending
    assert bystander.value("SELECT 2") == "2"
    assert cluster.logins(role) == 1
