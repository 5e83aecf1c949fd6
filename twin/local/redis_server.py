"""A private Redis: a folder, port and password come in, its configuration and command go out."""

from __future__ import annotations

import shutil
from pathlib import Path

from twin.core.errors import Unavailable


def find_redis() -> str:
    """The server's program. Raises Unavailable with what to install."""
    for name in ("redis-server", "valkey-server"):
        if program := shutil.which(name):
            return program
    raise Unavailable(
        "redis-server is not on this machine; install it (Debian, Ubuntu: apt install redis-server)"
    )


def config(folder: Path, port: int, password: str, *, durable: bool = True) -> str:
    """Configuration text: loopback only, a password, queued tasks survive kill -9."""
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        f"dir {folder}",
        "daemonize no",
        "databases 4",
        # Celery's queue is not a cache: refuse a write rather than drop a task.
        "maxmemory-policy noeviction",
    ]
    if durable:
        lines += ["appendonly yes", "appendfsync everysec", "save 300 1"]
    else:
        lines += ["appendonly no", 'save ""']
    return "\n".join(lines) + "\n"


def url(port: int, password: str, database: int = 0) -> str:
    """Address for REDIS_URL."""
    return f"redis://:{password}@127.0.0.1:{port}/{database}"
