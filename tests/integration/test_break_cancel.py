"""A cancel that was acknowledged (its connection is closed) must not hit what is sent after that."""

import socket
import threading

from harness import messages
from harness.raw_client import RawClient, shape


def test_a_cancel_hits_nothing_that_is_sent_after_its_end(pool):
    """PostgreSQL has signalled before it closes the cancel's connection; PQcancel waits for that end."""
    daemon = pool(4, {"listen": {"io_threads": 2}})
    hit = []

    def work():
        client = RawClient(daemon.port)
        assert client.login() is None
        for _ in range(300):
            with socket.create_connection(("127.0.0.1", daemon.port)) as cancel:
                cancel.sendall(messages.cancel_request(client.pid, client.key))
                assert cancel.recv(1) == b""
            if shape(client.query("SELECT pg_sleep(0.003)")) != "TDCZ":
                hit.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not hit, f"{len(hit)} statements of 1200 were cancelled"
