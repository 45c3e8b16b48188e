"""What must not hold up the end: clients that keep talking, and logins that never finish."""

import threading

from harness import messages
from harness.raw_client import RawClient
from harness.wait import wait_until


def test_a_client_that_keeps_sending_does_not_hold_up_a_second_sigterm(pool, cluster):
    cluster.execute("DROP TABLE IF EXISTS break_stream", "CREATE TABLE break_stream (line text)", "GRANT ALL ON break_stream TO PUBLIC")
    daemon = pool(1)
    client = RawClient(daemon.port)
    assert client.login() is None
    client.send(messages.query("COPY break_stream FROM STDIN"))
    client.read_until("G")

    def stream():
        try:
            while True:
                client.send(messages.message("d", b"some line\n" * 10))
        except OSError:
            pass   # it ends when the daemon does

    sender = threading.Thread(target=stream)
    sender.start()
    daemon.terminate()
    wait_until(lambda: "event=drain_began" in daemon.log(), "the drain")
    daemon.terminate()
    code = daemon.wait()
    sender.join()
    assert code == 0, daemon.log()[-2000:]


def test_a_client_that_was_sent_away_and_keeps_sending_loses_its_seat(pool):
    daemon = pool(1)
    client = RawClient(daemon.port)
    assert client.login() is None
    client.send(b"!" * 100)   # no message: FATAL 08P01
    ended = threading.Event()

    def stream():
        try:
            while True:
                client.send(b"!" * 1000)
        except OSError:
            ended.set()

    threading.Thread(target=stream, daemon=True).start()
    assert ended.wait(15), "it is still served"


def test_a_login_that_never_finishes_does_not_hold_up_a_second_sigterm(pool):
    daemon = pool(1, {"timeouts": {"client_login_timeout": "60s"}})
    client = RawClient(daemon.port)
    assert client.login() is None
    client.query("SELECT 1")
    stuck = RawClient(daemon.port)
    stuck.send(messages.startup({"user": "lambda", "database": "app"}))
    assert stuck.read_message().type == "R"
    daemon.terminate()
    wait_until(lambda: "event=drain_began" in daemon.log(), "the drain")
    daemon.terminate()
    assert daemon.wait() == 0, daemon.log()[-2000:]


def test_a_client_that_never_reads_is_not_answered_without_limit(pool):
    daemon = pool(1)
    client = RawClient(daemon.port)
    assert client.login() is None
    before = daemon.memory("VmRSS")
    client.sock.settimeout(3)
    chunk = messages.sync() * 200_000
    try:
        for _ in range(100):
            client.sock.sendall(chunk)
    except TimeoutError:
        pass   # that is the right answer: it is not read any more
    grown = daemon.memory("VmRSS") - before
    client.close()
    assert grown < 20 * 1024 * 1024, f"{grown >> 20} MiB for one client"
