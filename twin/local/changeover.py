"""The last step of a restore: one note decides, then database and folders change names.

While `changeover.json` does not exist nothing has changed. Once it does, `finish` puts the new
twin in place, and may be repeated: `twin up` calls it too, so a restore that was killed in between
is completed by the next start.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import psycopg
import redis
from psycopg import sql

from twin.local import paths, roles
from twin.local.postgres import Cluster

# Made anew by `twin up`, or secret; all else in the data folder belongs to the city.
NOT_KEPT = frozenset(
    {"postgres", "postgres.new", "redis", "run", "logs", "static", "cache", "app", "app.new"}
    | {"twin.env", "prepared.json", "up.lock", "changeover.json"}
)


def kept(path: Path) -> bool:
    """Whether an entry of the data folder belongs to the city: in a backup, replaced by one."""
    return path.name not in NOT_KEPT and not path.name.startswith((".", "restore-"))


def note_file() -> Path:
    """Its existence means that the new twin is complete and takes over."""
    return paths.data_dir() / "changeover.json"


def write_note(folder: str, database: str) -> None:
    """From here on the new twin counts."""
    paths.write_private(note_file(), json.dumps({"folder": folder, "database": database}))


def drop_database(server: psycopg.Connection, database: str) -> None:
    """Drop a database with whoever is in it; nothing where it does not exist."""
    server.execute(
        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
    )


def finish(cluster: Cluster) -> None:
    """Put the complete new twin in place of the old one; nothing where no note says so."""
    try:
        note = json.loads(note_file().read_text())
    except FileNotFoundError:
        return
    data, old = paths.data_dir(), "replaced_by_" + note["database"]
    with cluster.connect() as server:
        names = {row[0] for row in server.execute("SELECT datname FROM pg_database")}
        if note["database"] in names:
            if roles.DATABASE in names:
                _rename(server, roles.DATABASE, old)
            _rename(server, note["database"], roles.DATABASE)
        _change_folders(data, data / note["folder"])
        _forget_cached(data)
        drop_database(server, old)
    (data / "prepared.json").unlink(missing_ok=True)
    # Until the note goes, every step above can be repeated; what is left then is only litter.
    note_file().unlink()
    shutil.rmtree(data / note["folder"], ignore_errors=True)


def _rename(server: psycopg.Connection, before: str, after: str) -> None:
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
        sql.Identifier(before), sql.Identifier(after)
    )
    for attempt in range(20):
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [before]
        )
        try:
            server.execute(rename)
            return
        except psycopg.errors.ObjectInUse:  # a QGIS that connects again at once
            if attempt == 19:
                raise
            time.sleep(0.1)


def _change_folders(data: Path, fresh: Path) -> None:
    incoming = fresh / "files"
    for part in (incoming, fresh / "old"):
        part.mkdir(exist_ok=True)
    if not (fresh / "moved-out").exists():
        for path in filter(kept, data.iterdir()):
            path.rename(fresh / "old" / path.name)
        (fresh / "moved-out").touch()
    for path in incoming.iterdir():
        path.rename(data / path.name)


def _forget_cached(data: Path) -> None:
    """Empty Redis: it holds logins and tiles of the twin that went away."""
    address = paths.read_env().get("REDIS_URL")
    try:
        if address:
            redis.Redis.from_url(address, socket_connect_timeout=2).flushdb()
    except redis.RedisError:
        if not os.environ.get("REDIS_URL"):  # ours, and it rests: its files are all there is
            shutil.rmtree(data / "redis", ignore_errors=True)
            (data / "redis").mkdir(mode=0o750)
