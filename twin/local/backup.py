"""`twin backup FILE` and `twin restore FILE`: a whole twin goes into one tar and comes back.

The tar holds manifest.json, database.dump (pg_dump's custom format), roles.json (people's database
users), files/ (results, products, terrain: everything of the data folder but services, secrets and
caches) and checksums.json. A restore reads all of it first (archive.py), makes everything new
beside the old (database, folders), then changes over (restore.py, changeover.py).
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import errno
import importlib.metadata
import io
import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.core.errors import BadInput, Unavailable
from twin.local.archive import DUMP, FORMAT, MANIFEST, ROLES, SUMS, Summing

if TYPE_CHECKING:
    import psycopg

    from twin.local.postgres import Cluster


def add_parser(subparsers: Any) -> None:
    """Declare both commands."""
    backup = subparsers.add_parser(
        "backup",
        help="write the database, results and products into one file",
        epilog="example: twin backup city-2026-03-01.tar",
    )
    backup.add_argument("file", type=Path, help="the tar file to write")
    backup.add_argument("--json", action="store_true", help="say what was written, for machines")
    backup.set_defaults(run=run_backup)
    restore = subparsers.add_parser(
        "restore",
        help="replace this twin by one from a backup; nothing changes unless all of it is good",
        epilog="example: twin restore city-2026-03-01.tar",
    )
    restore.add_argument("file", type=Path, help="a file that `twin backup` wrote")
    restore.add_argument("--descriptor", type=int, help=argparse.SUPPRESS)
    restore.set_defaults(run=run_restore)


def run_backup(args: argparse.Namespace) -> int:
    """Write the backup beside its final name, then rename it."""
    target: Path = args.file.absolute()
    if not target.parent.is_dir():
        raise BadInput(f"the folder {target.parent} does not exist")
    if target.exists() and not target.is_file():
        raise BadInput(f"{target} is not a plain file; name one for the backup")
    part: Path | None = None
    try:
        # 0600 from the first byte: it holds password hashes. A name of its own, so that two
        # backups at once do not write into one file.
        handle, name = tempfile.mkstemp(prefix=f"{target.name}.", suffix=".part", dir=target.parent)
        part = Path(name)
        with os.fdopen(handle, "wb") as output:
            manifest = write_backup(output, target.parent)
            output.flush()
            os.fsync(output.fileno())
        part.replace(target)
    except OSError as error:
        raise _unwritten(target, error) from error
    finally:
        if part:
            part.unlink(missing_ok=True)
    size = target.stat().st_size
    if args.json:
        print(json.dumps({"file": str(target), "bytes": size, **manifest}))
    else:
        print(f"{target}: {size / 2**20:.1f} MB, {manifest['files']} files and the database")
        if os.environ.get("TWIN_RESULTS"):
            print(f"not in it: the runs in TWIN_RESULTS={os.environ['TWIN_RESULTS']}")
    return 0


def _unwritten(target: Path, error: OSError) -> Unavailable:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable(
            f"the disk of {target.parent} is full, no backup was written; make room (a backup "
            "needs its own size and once more that of the database), or name another disk",
            code="disk_full",
        )
    return Unavailable(f"can't write {target}: {error.strerror or error}")


def write_backup(output: Any, folder: Path) -> dict[str, Any]:
    """Write the tar to an open binary file; the dump rests in `folder`. Returns the manifest."""
    from tqdm import tqdm

    from twin.local import database_users, paths

    data = paths.data_dir()
    if not data.is_dir():
        raise BadInput(f"there is no twin in {data}")
    with tempfile.TemporaryFile(dir=folder) as dump, database() as (server, address, binaries):
        # The database first: a run that ends meanwhile adds files that nobody asks for, which
        # is better than a row without its file. Its users after it, so that none is missing.
        _dump(address, binaries, dump)
        private = not os.environ.get("DATABASE_URL")
        users = database_users.read(server, private=private)
        listed = [path for path in _kept(data) if path.is_file()]
        manifest: dict[str, Any] = {
            "format": FORMAT,
            "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "version": importlib.metadata.version("song-sinh"),
            "data": str(data),
            "files": len(listed),
            "database_users": [user["name"] for user in users],
            "checksums": True,
        }
        with tarfile.open(fileobj=output, mode="w") as tar:
            sums: dict[str, str] = {}
            _add(tar, tarfile.TarInfo(MANIFEST), _text(manifest), sums)
            _add(tar, tarfile.TarInfo(DUMP), dump, sums)
            _add(tar, tarfile.TarInfo(ROLES), _text(users), sums)
            for path in tqdm(listed, desc="files", unit="file", disable=len(listed) < 50):
                with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
                    entry = tar.gettarinfo(arcname=f"files/{path.relative_to(data)}", fileobj=file)
                    # A second name of the same content is content again.
                    entry.type, entry.linkname = tarfile.REGTYPE, ""
                    _add(tar, entry, file, sums)
            _add(tar, tarfile.TarInfo(SUMS), _text(sums), {})
    return manifest


def _kept(data: Path) -> Iterator[Path]:
    from twin.local import changeover

    for top in sorted(filter(changeover.kept, data.iterdir())):
        yield from sorted(top.rglob("*")) if top.is_dir() else [top]


def _text(value: Any) -> io.BytesIO:
    return io.BytesIO(json.dumps(value, indent=1).encode())


def _add(tar: tarfile.TarFile, entry: tarfile.TarInfo, file: Any, sums: dict[str, str]) -> None:
    entry.size = file.seek(0, os.SEEK_END)
    if entry.name in (MANIFEST, DUMP, ROLES, SUMS):
        entry.mode = 0o600
    file.seek(0)
    summing = Summing(file)
    tar.addfile(entry, summing)  # type: ignore[arg-type]  # it reads, which is all that is asked
    sums[entry.name] = summing.sum.hexdigest()


def _dump(address: str, binaries: Path, output: Any) -> None:
    program = str(binaries / "pg_dump")
    command = [program, "--format=custom", "--compress=3", "--no-owner", address]
    done = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        if os.strerror(errno.ENOSPC) in done.stderr:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raise Unavailable(f"pg_dump failed: {done.stderr.strip()}")


@contextlib.contextmanager
def database() -> Iterator[tuple[psycopg.Connection, str, Path]]:
    """A connection (the superuser's where the cluster is ours), the owner's address and
    PostgreSQL's programs; a cluster that rests is started meanwhile."""
    import psycopg

    from twin.local import paths, postgres

    named = os.environ.get("DATABASE_URL")
    try:
        if named:
            with psycopg.connect(named, autocommit=True) as server:
                yield server, named, postgres.find_binaries()
            return
        with running_cluster() as cluster, cluster.connect() as server:
            yield server, paths.read_env_file()["DATABASE_URL"], cluster.binaries
    except psycopg.Error as error:
        whose = "DATABASE_URL" if named else "the twin's database"
        raise Unavailable(f"can't read {whose}: {str(error).strip()}") from error


@contextlib.contextmanager
def running_cluster() -> Iterator[Cluster]:
    """The private cluster, answering; started for us alone where the twin is down."""
    from twin.local import folder, memory, paths, postgres, stack
    from twin.local.account import owner_account
    from twin.local.supervision import log_file

    if not (paths.data_dir() / "postgres").exists():
        raise BadInput(f"there is no twin in {paths.data_dir()}; `twin up` makes one")
    if stack.remembered_supervisor().pid():
        yield stack.cluster(memory.remembered())
        return
    with folder.only_one():
        home = paths.data_dir() / "postgres"
        postgres.clear_leftovers(home)
        cluster = stack.cluster(memory.recall(), owner_account(home))
        cluster.configure()
        server = cluster.start(log_file("postgres"))
        try:
            yield cluster
        finally:
            postgres.stop(server)


def run_restore(args: argparse.Namespace) -> int:
    """Check the file, make everything anew beside the old, change over."""
    from twin.local import archive, folder, newcomer
    from twin.local.restore import restore

    if os.environ.get("DATABASE_URL"):
        raise BadInput(
            "DATABASE_URL names a server of yours, which this command does not replace: unpack "
            "the tar, make the roles of roles.json, use pg_restore on database.dump and copy "
            "files/ into the data folder"
        )
    try:
        file = os.fdopen(args.descriptor, "rb") if args.descriptor else args.file.open("rb")
    except OSError as error:
        raise BadInput(f"can't read {args.file}: {error.strerror}") from error
    with file:
        if not args.descriptor:
            archive.check(file, args.file, _programs())
        os.set_inheritable(file.fileno(), True)
        code = newcomer.wait_as_root()
        if code is not None:
            return code
        # Who the services run as may not reach the file; what is open stays readable.
        folder.continue_unprivileged(
            ["restore", "--descriptor", str(file.fileno()), str(args.file)]
        )
        manifest, lines = restore(file, args.file)
    print(
        "\n".join(
            [f"restored the twin of {manifest['created']} ({manifest['files']} files)", *lines]
        )
    )
    return 0


def _programs() -> Path:
    from twin.local import paths, postgres

    home = paths.data_dir() / "postgres"
    return postgres.find_binaries(postgres.cluster_major(home) if home.exists() else None)
