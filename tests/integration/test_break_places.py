"""Servers that stay with a client that no longer needs them, and reloads that come during a login."""

import threading

from harness import messages
from harness.raw_client import RawClient, shape
from harness.wait import wait_until


def logged_in(daemon):
    client = RawClient(daemon.port)
    assert client.login() is None
    return client


def test_a_copy_that_fails_inside_a_large_frame_gives_its_server_back(pool, cluster):
    cluster.execute("DROP TABLE IF EXISTS break_numbers", "CREATE TABLE break_numbers (n int)", "GRANT ALL ON break_numbers TO PUBLIC")
    daemon = pool(1, {"timeouts": {"query_wait_timeout": "5s"}})
    client, other = logged_in(daemon), logged_in(daemon)
    client.send(messages.query("COPY break_numbers FROM STDIN"))
    client.read_until("G")
    frame = messages.message("d", b"1\n" * 50_000)
    client.send(messages.message("d", b"no number\n" * 10) + frame[:40_000])
    assert shape(client.read_until("Z")) == "EZ"
    client.send(frame[40_000:])
    assert other.value("SELECT 'mine'") == "mine"


def test_a_server_whose_login_began_before_a_reload_does_not_serve_after_it(fake_server, start_pgweir):
    knocked, may_go_on = threading.Event(), threading.Event()

    def slow_login(connection):
        knocked.set()
        assert may_go_on.wait(20)
        old.log_in(connection)
        return True

    old = fake_server(on_login=slow_login)
    new = fake_server()
    daemon = start_pgweir({"breaker": {"open_above": "off"}, "limits": {"pool_size": 1}, "databases": {"app": {"dsn": old.dsn()}}})
    client = RawClient(daemon.port)
    reached = []
    login = threading.Thread(target=lambda: reached.append(client.login()))
    login.start()
    assert knocked.wait(20)
    daemon.reload({"databases": {"app": {"dsn": new.dsn()}}})
    wait_until(lambda: "event=reloaded" in daemon.log(), "the reload")
    may_go_on.set()
    login.join(20)
    assert reached == [None]
    client.value("SELECT 1")
    assert len(new.connections) == 1, "the server of before the reload still serves"


def test_a_password_that_was_refused_before_a_reload_does_not_stop_the_new_one(fake_server, start_pgweir):
    knocked, may_go_on = threading.Event(), threading.Event()

    def refuse_late(connection):
        knocked.set()
        assert may_go_on.wait(20)
        connection.send(messages.error_response("28P01", "password authentication failed"))
        return False

    old = fake_server(on_login=refuse_late)
    new = fake_server()
    daemon = start_pgweir({"breaker": {"open_above": "off"}, "limits": {"pool_size": 1}, "databases": {"app": {"dsn": old.dsn()}}})
    client = RawClient(daemon.port)
    reached = []
    login = threading.Thread(target=lambda: reached.append(client.login()))
    login.start()
    assert knocked.wait(20)
    daemon.reload({"databases": {"app": {"dsn": new.dsn()}}})
    wait_until(lambda: "event=reloaded" in daemon.log(), "the reload")
    may_go_on.set()
    login.join(20)
    again = RawClient(daemon.port)
    assert again.login() is None, "the new credential is not tried"
