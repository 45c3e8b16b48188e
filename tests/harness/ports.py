"""Free TCP ports on loopback."""

import socket

_given_out = set()


def free_port():
    """A port nobody listens on and which this process has not given out before."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _given_out:
            _given_out.add(port)
            return port
