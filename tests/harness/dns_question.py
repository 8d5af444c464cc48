"""One question to a name server, to see whether it is there."""

import contextlib
import socket
import struct

from harness.small_dns import encode_name

SOA = 6
WAIT_SECONDS = 0.5
CODE_MASK = 15


def answers(port, name):
    """Whether 127.0.0.1:`port` answers without error for `name`'s SOA."""
    question = struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + encode_name(name) + struct.pack(">HH", SOA, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel, contextlib.suppress(OSError):
        channel.settimeout(WAIT_SECONDS)
        channel.sendto(question, ("127.0.0.1", port))
        return channel.recv(4096)[3] & CODE_MASK == 0
    return False
