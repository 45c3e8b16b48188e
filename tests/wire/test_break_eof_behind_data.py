"""An end that comes in the same event as the last bytes before it: the daemon is stopped while both arrive."""

import contextlib
import signal

import pytest

from harness import messages
from harness.kernel import tcp_end
from harness.raw_client import RawClient, only_error
from harness.wait import wait_until

FIN_WAIT1, FIN_WAIT2 = 4, 5   # include/net/tcp_states.h


def logged_in(daemon):
    client = RawClient(daemon.port)
    assert client.login() is None
    return client


def is_stopped(daemon):
    with open(f"/proc/{daemon.process.pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] == "T"


@contextlib.contextmanager
def asleep(daemon):
    """What arrives within becomes one event when the daemon goes on."""
    daemon.process.send_signal(signal.SIGSTOP)
    wait_until(lambda: is_stopped(daemon), "the daemon has stopped")
    try:
        yield
    finally:
        daemon.process.send_signal(signal.SIGCONT)


def has_ended(connection):
    """The connection's last bytes and its FIN have been sent, as the kernel tells."""
    end = tcp_end(connection.getsockname()[1], connection.getpeername()[1])
    return end is not None and end.state in (FIN_WAIT1, FIN_WAIT2)


def finish(client):
    """Says no more, and stays open so that no reset follows."""
    client.sock.shutdown(1)
    wait_until(lambda: has_ended(client.sock), "the FIN is out")


@pytest.mark.parametrize("rest", [messages.flush(), messages.query("SELECT 1")[:7]], ids=["flush", "cut"])
def test_a_client_that_leaves_in_a_transaction_behind_its_last_bytes(pool, rest):
    daemon = pool(1, {"timeouts": {"query_wait_timeout": "10s"}})
    leaving, staying = logged_in(daemon), logged_in(daemon)
    leaving.query("BEGIN")
    with asleep(daemon):
        leaving.send(rest)
        finish(leaving)
    assert staying.value("SELECT 'mine'") == "mine"


def test_a_client_that_leaves_in_a_copy_behind_its_last_bytes(pool, cluster):
    cluster.execute("DROP TABLE IF EXISTS break_copy", "CREATE TABLE break_copy (line text)", "GRANT ALL ON break_copy TO PUBLIC")
    daemon = pool(1, {"timeouts": {"query_wait_timeout": "10s"}})
    leaving, staying = logged_in(daemon), logged_in(daemon)
    leaving.send(messages.query("COPY break_copy FROM STDIN"))
    leaving.read_until("G")
    with asleep(daemon):
        leaving.send(messages.message("d", b"some line\n") * 100)
        finish(leaving)
    assert staying.value("SELECT count(*) FROM break_copy") == "0"


def test_a_client_that_leaves_without_a_server_behind_its_last_bytes(pool):
    daemon = pool(1)
    leaving = logged_in(daemon)
    with asleep(daemon):
        leaving.send(messages.query("SELECT 1")[:7])
        finish(leaving)
    assert leaving.sock.recv(1) == b""


def test_a_server_that_leaves_behind_its_last_words(fake_server, proxy):
    """FATAL and the end in one event: the client hears of it, and the place is free again."""
    gone = []
    server = fake_server(on_query={"die": lambda connection, sql: gone.append(connection)})
    daemon = proxy(server, {"limits": {"pool_size": 1}})
    client = logged_in(daemon)
    client.send(messages.query("SELECT 'die'"))
    wait_until(lambda: gone, "the query has come")
    with asleep(daemon):
        gone[0].send(messages.error_response("57P01", "terminating connection due to administrator command"))
        gone[0].sock.shutdown(1)
        wait_until(lambda: has_ended(gone[0].sock), "the FIN is out")
    assert only_error(client.read_until("Z"))["C"] == "08006"
