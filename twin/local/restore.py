"""Make a backup's twin beside the running one: an open tar comes in, its manifest goes out.

Database and files are made new, checked and brought up to date; only then `changeover` puts them
in place. Until then an error, a full disk or a kill leaves the old twin as it was.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from twin.core.errors import BadInput, TwinError, Unavailable
from twin.local import (
    archive,
    changeover,
    database_users,
    folder,
    memory,
    newcomer,
    paths,
    postgres,
    prepare,
    roles,
    stack,
)
from twin.local.backup import running_cluster
from twin.local.supervision import log_file

OURS = ("core", "layers", "tiles", "simulation", "vision")
# Columns with paths into the data folder, which may lie elsewhere on this machine.
PATH_COLUMNS = (("core_rasterproduct", "location"),)


def restore(file: Any, name: Path) -> tuple[dict[str, Any], list[str]]:
    """Replace this data folder's twin by the backup in an open file, which `archive` found whole.

    Returns its manifest and lines about its database users. Raises BadInput for a file that is no
    whole backup, Unavailable where the machine is at fault; a folder that held no twin is then as
    it was.
    """
    with newcomer.removed_on_failure():
        return _restore(file, name)


def _restore(file: Any, name: Path) -> tuple[dict[str, Any], list[str]]:
    folder.prepare()
    data = paths.data_dir()
    if not (data / "postgres").exists():
        stack.ready_cluster(memory.recall(), lambda line: print(line, file=sys.stderr))
    if not changeover.note_file().exists():
        for left in data.glob("restore-*"):
            shutil.rmtree(left)
    fresh = data / f"restore-{secrets.token_hex(4)}"
    try:
        file.seek(0)
        try:
            with tarfile.open(fileobj=file, mode="r:") as tar:
                manifest = archive.read_manifest(tar, name)
                _unpack(tar, fresh, name)
        except tarfile.TarError as error:
            raise BadInput(f"{name} is not a whole backup: {error}") from error
        with running_cluster() as cluster:
            changeover.finish(cluster)  # an earlier restore that was killed
            lines = _fill_database(cluster, fresh, manifest, name)
            _change_over(cluster, fresh)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable(
                f"the disk of {data} is full, nothing was changed; make room, or set TWIN_DATA "
                "to another disk",
                code="disk_full",
            ) from error
        raise Unavailable(f"the restore stopped: {str(error).strip()}") from error
    except psycopg.Error as error:
        raise Unavailable(f"the restore stopped: {str(error).strip()}") from error
    finally:
        if not changeover.note_file().exists():
            shutil.rmtree(fresh, ignore_errors=True)
    return manifest, lines


def _unpack(tar: tarfile.TarFile, fresh: Path, name: Path) -> None:
    """Plain files only, and only below `fresh`, whatever the tar says about owners and paths."""
    for member in tar:
        archive.refuse_strange(member, name)
        target = fresh / member.name
        target.parent.mkdir(parents=True, exist_ok=True)
        source = tar.extractfile(member)
        assert source is not None
        with target.open("wb") as output:
            target.chmod(member.mode & 0o750 | 0o600)
            shutil.copyfileobj(source, output, 1 << 20)


def _change_over(cluster: postgres.Cluster, fresh: Path) -> None:
    supervisor = stack.remembered_supervisor()
    users = ("web", "worker") if supervisor.pid() else ()
    for service in users:
        supervisor.stop(service)
    changeover.write_note(fresh.name, _database_name(fresh))
    changeover.finish(cluster)
    for service in users:
        supervisor.start(service)


def _database_name(fresh: Path) -> str:
    return fresh.name.replace("-", "_")


def _fill_database(
    cluster: postgres.Cluster, fresh: Path, manifest: dict[str, Any], name: Path
) -> list[str]:
    """Make the database and the users that its rights name. Returns lines about the users."""
    database = _database_name(fresh)
    users = _users(fresh / archive.ROLES)
    with cluster.connect() as server:
        left_over = "SELECT datname FROM pg_database WHERE datname LIKE 'restore\\_%'"
        for (left,) in server.execute(left_over).fetchall():
            changeover.drop_database(server, left)
        made = database_users.make_missing(server, users)
        try:
            roles.create_database(server, database)
            with cluster.connect(database) as inside:
                roles.prepare_database(inside)
                # The dump carries the systems that its own PostGIS did not know; a newer one may.
                inside.execute("DELETE FROM spatial_ref_sys WHERE srid BETWEEN 9205 AND 9218")
            _pg_restore(cluster, database, fresh / archive.DUMP, name)
            with cluster.connect(database) as inside:
                _refuse_later_migrations(inside, manifest, name)
                _move_paths(inside, manifest["data"])
            _migrate(database)
        except BaseException:
            changeover.drop_database(server, database)
            database_users.drop(server, made)
            raise
    return database_users.told(users, made)


def _users(listed: Path) -> list[dict[str, Any]]:
    # Older backups do not have it.
    return json.loads(listed.read_text("utf-8")) if listed.exists() else []


def _pg_restore(cluster: postgres.Cluster, database: str, dump: Path, name: Path) -> None:
    if not dump.exists():
        raise BadInput(f"{name} is not a whole backup: {archive.DUMP} is missing")
    program = cluster.binaries / "pg_restore"
    done = subprocess.run([program, "--list", dump], capture_output=True, text=True)
    # Rights on tables to come belong to whoever set them, for whom the owner may not speak.
    later = [line for line in done.stdout.splitlines() if " DEFAULT ACL " in line]
    rest = [line for line in done.stdout.splitlines() if " DEFAULT ACL " not in line]
    command: list[Any] = [program, "--single-transaction", "--exit-on-error", "--no-owner"]
    command += ["--no-comments", "-h", "127.0.0.1", "-p", str(cluster.port)]
    command += ["-U", postgres.SUPERUSER, "-d", database]
    environment = {**os.environ, "PGPASSWORD": cluster.password}
    for entries, more in ((rest, [f"--role={roles.OWNER}"]), (later, [])):
        if not entries:
            continue
        chosen = dump.with_suffix(".list")
        chosen.write_text("\n".join(entries) + "\n")
        words = [*command, *more, f"--use-list={chosen}", dump]
        done = subprocess.run(words, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise _refused(done.stderr, name)


def _refused(said: str, name: Path) -> TwinError:
    """What pg_restore refuses, with the way out."""
    before = f"the database in {name} can't be restored, nothing was changed: "
    if role := re.search(r'role "([^"]+)" does not exist', said):
        return BadInput(
            f"{before}it gives rights to the database user {role[1]}, whom neither this cluster "
            f"has nor the backup describes; start a twin here (`twin up`), make the user as the "
            f'superuser (CREATE ROLE "{role[1]}" NOLOGIN) and restore again'
        )
    if os.strerror(errno.ENOSPC) in said:
        return Unavailable(
            f"{before}the disk of {paths.data_dir()} is full; make room, or set TWIN_DATA to "
            "another disk",
            code="disk_full",
        )
    if extension := re.search(r'extension "([^"]+)" is not available', said):
        return Unavailable(f"{before}PostgreSQL here has no {extension[1]}; install it")
    brief = "; ".join(said.strip().splitlines()[:3])
    return BadInput(
        f"{before}{brief}. If that names something made by hand in the old database, remove it "
        "there and back up again; else take an older backup"
    )


def _refuse_later_migrations(
    inside: psycopg.Connection, manifest: dict[str, Any], name: Path
) -> None:
    for app, migration in inside.execute("SELECT app, name FROM django_migrations").fetchall():
        home = prepare.PROJECT / ("twin/core" if app == "core" else app)
        if app in OURS and not (home / "migrations" / f"{migration}.py").exists():
            raise BadInput(
                f"{name} comes from a later version ({manifest.get('version')}) whose database "
                f"has {app}.{migration}; update this one first"
            )


def _move_paths(inside: psycopg.Connection, before: str) -> None:
    now = str(paths.data_dir())
    for table, column in PATH_COLUMNS:
        known = inside.execute("SELECT to_regclass(%s)", [table]).fetchone()
        if now == before or not known or known[0] is None:
            continue
        inside.execute(
            sql.SQL(
                "UPDATE {table} SET {column} = %(now)s || substr({column}, length(%(old)s) + 1) "
                "WHERE starts_with({column}, %(old)s || '/')"
            ).format(table=sql.Identifier(table), column=sql.Identifier(column)),
            {"now": now, "old": before},
        )


def _migrate(database: str) -> None:
    values = paths.read_env_file()
    environment = {
        **os.environ,
        **values,
        "DATABASE_URL": values["DATABASE_URL"].rpartition("/")[0] + "/" + database,
        "TWIN_DATA": str(paths.data_dir()),
        "PYTHONPATH": str(prepare.PROJECT),
    }
    command = [sys.executable, "-P", "-m", "twin.local.prepare", "migrate"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        log_file("prepare").write_text(done.stderr)
        raise Unavailable(
            f"bringing the restored database up to date failed, nothing was changed; the end of "
            f"{log_file('prepare')}:\n{done.stderr[-800:]}"
        )
