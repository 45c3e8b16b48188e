"""What the kernel knows of a TCP connection on loopback, from /proc/net/tcp."""

from dataclasses import dataclass


@dataclass
class TcpEnd:
    """One end of a connection: its state as the kernel numbers it, and how many bytes lie there unread."""
    state: int
    unread: int


def tcp_end(port, peer_port):
    """The end at `port` of the connection with `peer_port`, or None when there is none. A port alone names
    no connection: outgoing ones to different places may have the same."""
    places = f":{port:04X}", f":{peer_port:04X}"
    with open("/proc/net/tcp") as file:
        for row in [line.split() for line in file.readlines()[1:]]:
            if row[1].endswith(places[0]) and row[2].endswith(places[1]):
                return TcpEnd(int(row[3], 16), int(row[4].split(":")[1], 16))
    return None
