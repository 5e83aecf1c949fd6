"""Loopback ports: is this one free, which one shall we remember."""

from __future__ import annotations

import random
import socket

# Below the kernel's ephemeral range (32768 and up), so an outgoing connection never takes one.
FIRST, LAST = 20000, 32000


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now (connections in TIME_WAIT don't count)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port(preferred: int | None = None, taken: frozenset[int] = frozenset()) -> int:
    """The preferred loopback port if it is free, else another free one that is not in `taken`."""
    if preferred and preferred not in taken and is_free(preferred):
        return preferred
    for _ in range(1000):
        port = random.randint(FIRST, LAST)
        if port not in taken and is_free(port):
            return port
    raise OSError(f"no free loopback port between {FIRST} and {LAST}")
