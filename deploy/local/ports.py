"""Ports that nobody listens on, for programs that shall disturb nothing on this machine."""

from __future__ import annotations

import random
import socket

FIRST, LAST = 20000, 32000
"""Below the range from which Linux and macOS take the ports of outgoing connections: none is taken by accident
between our look and the program's start."""

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Say whether a program could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def is_open(port: int, host: str = LOOPBACK) -> bool:
    """Say whether somebody accepts connections on this port."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def free_port(taken: set[int] | None = None) -> int:
    """Return a free port that is not among `taken`; raises OSError when two hundred tries found none."""
    for _ in range(200):
        port = random.randrange(FIRST, LAST)  # noqa: S311 - chance keeps two stacks apart, it guards no secret
        if port not in (taken or ()) and is_free(port):
            return port
    raise OSError(f"no free port between {FIRST} and {LAST} on {LOOPBACK}")
