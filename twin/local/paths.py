"""Where a twin keeps its things: the environment comes in, folders and settings go out.

Pure Python, no Django: the settings, the supervisor and the tests all read the same rules here.
`$TWIN_DATA` holds everything that must survive (cluster, Redis, results, logs, `twin.env`).
Sockets need a short path (107 bytes on Linux), so the runtime folder moves away from a deep one.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT_DATA = Path("/var/lib/song-sinh")
# "/.s.PGSQL.65535.lock" and supervisor's "/supervisor.sock.<pid>" must still fit behind it.
RUNTIME_MAX_BYTES = 75

# Follow DATABASE_URL: when the environment names another server, the remembered ones are not its.
DATABASE_KEYS = ("DATABASE_URL", "TWIN_WEB_DATABASE_URL", "TWIN_INGEST_DATABASE_URL")


def data_dir() -> Path:
    """`$TWIN_DATA`, else /var/lib/song-sinh for root, else ~/.local/share/song-sinh."""
    named = os.environ.get("TWIN_DATA")
    if named:
        return Path(named).expanduser().absolute()
    # An unprivileged service can't read root's home.
    return ROOT_DATA if os.geteuid() == 0 else Path.home() / ".local" / "share" / "song-sinh"


def runtime_dir() -> Path:
    """Short folder for sockets and generated configuration; the same for every user who asks."""
    inside = data_dir() / "run"
    if len(os.fsencode(inside)) <= RUNTIME_MAX_BYTES:
        return inside
    digest = hashlib.sha256(os.fsencode(data_dir())).hexdigest()[:12]
    return Path("/tmp") / f"song-sinh-{digest}"


def env_file() -> Path:
    """The generated secrets and addresses (mode 0600)."""
    return data_dir() / "twin.env"


def parse_env(text: str) -> dict[str, str]:
    """KEY=VALUE lines; blank lines and lines that start with # are skipped."""
    values = {}
    for line in text.splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith("#"):
            values[key.strip()] = value.strip()
    return values


def read_env_file() -> dict[str, str]:
    """What `twin up` remembered; empty before the first start or where it can't be read."""
    try:
        return parse_env(env_file().read_text("utf-8"))
    except (FileNotFoundError, PermissionError):
        return {}


def read_env() -> dict[str, str]:
    """The remembered values, overruled by the process environment."""
    values = read_env_file()
    if os.environ.get("DATABASE_URL"):
        for key in DATABASE_KEYS:
            values.pop(key, None)
    return {**values, **os.environ}


def write_env(values: Mapping[str, str]) -> None:
    """Replace twin.env as a whole, readable by its owner alone; never a half-written file."""
    lines = ["# Written by `twin up`. The process environment overrules it.\n"]
    lines += [f"{key}={value}\n" for key, value in sorted(values.items())]
    write_private(env_file(), "".join(lines))


def write_private(path: Path, text: str) -> None:
    """Write a 0600 file atomically (temporary file beside it, then rename)."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def hand_over(*folders: Path) -> None:
    """Give what root wrote below these folders to the data folder's owner.

    `twin import` run by root writes files that the unprivileged services must replace later.
    Nothing happens for other users.
    """
    if os.geteuid() != 0:
        return
    owner = data_dir().stat()
    for folder in folders:
        for base, _, names in os.walk(folder):
            for path in (base, *(os.path.join(base, name) for name in names)):  # noqa: PTH118
                if os.lstat(path).st_uid != owner.st_uid:
                    os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
