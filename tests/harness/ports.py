"""TCP ports on loopback, for processes that are started later and told where to listen.

Test runs go on beside each other (pytest's workers, other checkouts), so each process takes whole blocks
of ports: whoever holds the first port of a block bound owns the block, until its process ends. The blocks
lie below the ports that Linux gives to outgoing connections, so that none of those is in the way either."""

import random
import socket

_LOWEST, _END, _BLOCK = 12000, 32000, 100

_locks = []         # bound to the first ports of our blocks
_candidates = []    # ports of our blocks that were not given out yet


def _bound(port):
    """A socket bound to the port, or None when something is or recently was there."""
    bound = socket.socket()
    try:
        bound.bind(("127.0.0.1", port))
    except OSError:
        bound.close()
        return None
    return bound


def _take_block():
    firsts = list(range(_LOWEST, _END, _BLOCK))
    random.shuffle(firsts)
    for first in firsts:
        lock = _bound(first)
        if lock:
            _locks.append(lock)
            _candidates.extend(range(first + 1, first + _BLOCK))
            return
    raise RuntimeError(f"all ports from {_LOWEST} to {_END} are taken")


def free_port():
    """A port nobody listens on and which no test process that still runs has given out before."""
    while True:
        if not _candidates:
            _take_block()
        port = _candidates.pop(0)
        probe = _bound(port)
        if probe:
            probe.close()
            return port
