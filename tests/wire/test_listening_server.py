"""The shared listening server when it refuses, dies, falls silent, or sends its words in pieces."""

import struct

import pytest

from harness import messages
from harness.raw_client import RawClient, only_error, shape
from harness.wait import wait_until


def logged_in(daemon):
    client = RawClient(daemon.port)
    assert client.login() is None
    return client


def notification(channel, payload, pid=42):
    return messages.message("A", struct.pack("!i", pid) + messages.cstring(channel) + messages.cstring(payload))


def test_it_is_lost_before_it_listens_and_another_takes_its_place(fake_server, proxy):
    def die_once(connection, sql):
        if len(server.connections) == 1:
            connection.sock.shutdown(2)
        else:
            connection.answer(messages.command_complete("LISTEN"))
    server = fake_server(on_query={"LISTEN": die_once})
    client = logged_in(proxy(server))
    assert shape(client.query("LISTEN jobs")) == "CZ"
    assert len(server.connections) == 2


def test_every_one_is_lost_before_it_listens(fake_server, proxy):
    server = fake_server(on_query={"LISTEN": lambda connection, sql: connection.sock.shutdown(2)})
    client = logged_in(proxy(server))
    answers = client.query("LISTEN jobs")
    assert shape(answers) == "EZ" and only_error(answers)["S"] == "ERROR", answers
    assert client.value("SELECT 1") == "1"


def test_what_it_says_to_listen_is_what_the_client_reads(fake_server, proxy):
    refusal = messages.error_response("25006", "cannot execute LISTEN during recovery", severity="ERROR")
    server = fake_server(on_query={'"bad"': lambda connection, sql: connection.answer(refusal)})
    daemon = proxy(server)
    good, bad = logged_in(daemon), logged_in(daemon)
    assert shape(good.query("LISTEN good")) == "CZ"
    answers = bad.query("LISTEN bad")
    assert shape(answers) == "EZ"
    assert only_error(answers)["C"] == "25006"
    assert shape(good.query("LISTEN better")) == "CZ"
    assert shape(bad.query("LISTEN good")) == "CZ"


def listening_server(server):
    """The connection on which channels are listened to."""
    return next(one for one in server.connections if any("LISTEN" in query for query in one.queries))


def test_its_words_may_come_in_pieces_and_many_at_once(fake_server, proxy):
    server = fake_server()
    client = logged_in(proxy(server))
    assert shape(client.query("LISTEN jobs")) == "CZ"
    words = [notification("jobs", "x" * size) for size in (0, 1, 100, 7999)]
    stray = notification("elsewhere", "nobody")
    connection = listening_server(server)
    connection.send_bytewise(stray + words[1] + words[0])
    connection.send(b"".join(words) + messages.notice("by the way") + words[3][:4000])
    connection.send(words[3][4000:])
    for word in [words[1], words[0], *words, words[3]]:
        heard = client.read_message()
        assert messages.message(heard.type, heard.body) == word


@pytest.mark.parametrize("words", [
    messages.error_response("57P01", "terminating connection due to administrator command"),
    messages.error_response("57P05", "terminating connection due to idle-session timeout"),
    messages.data_row("stray"),
    b"\0\0\0\0\0\0",
    b"",
], ids=["57P01", "57P05", "row", "nonsense", "hangup"])
def test_its_end_ends_those_who_listen(fake_server, proxy, words):
    server = fake_server()
    daemon = proxy(server)
    listener, bystander = logged_in(daemon), logged_in(daemon)
    assert shape(listener.query("LISTEN jobs")) == "CZ"
    connection = listening_server(server)
    if words:
        connection.send(words)
    else:
        connection.sock.shutdown(2)
    (ending,) = listener.read_to_end()
    assert ending.fields()["S"] == "FATAL" and ending.fields()["C"] == "57P01"
    assert bystander.value("SELECT 1") == "1"
    wait_until(lambda: server.open <= 1, "its place is free")


@pytest.mark.long
def test_one_that_does_not_answer_is_given_up(fake_server, proxy):
    """Three servers, five seconds each: in the end the client reads that none could be had."""
    server = fake_server(on_query={"LISTEN": lambda connection, sql: None})
    client = logged_in(proxy(server))
    answers = client.query("LISTEN jobs")
    assert shape(answers) == "EZ", answers
    assert len(server.connections) == 3
