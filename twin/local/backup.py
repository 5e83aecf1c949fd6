"""`twin backup FILE` and `twin restore FILE`: a whole twin goes into one tar and comes back.

The tar holds manifest.json, database.dump (pg_dump's custom format) and files/ (results, products,
terrain: everything of the data folder but services, secrets and caches). A restore first makes
everything new beside the old (database, folders), then changes over (restore.py, changeover.py).
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import importlib.metadata
import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.core.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from twin.local.postgres import Cluster

FORMAT = 1


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
    part = target.with_name(target.name + ".part")
    try:
        with part.open("wb") as output:
            part.chmod(0o600)  # it holds password hashes
            manifest = write_backup(output)
        part.replace(target)
    except OSError as error:
        raise Unavailable(f"can't write {target}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    size = target.stat().st_size
    if args.json:
        print(json.dumps({"file": str(target), "bytes": size, **manifest}))
    else:
        print(f"{target}: {size / 2**20:.1f} MB, {manifest['files']} files and the database")
        if os.environ.get("TWIN_RESULTS"):
            print(f"not in it: the runs in TWIN_RESULTS={os.environ['TWIN_RESULTS']}")
    return 0


def write_backup(output: Any) -> dict[str, Any]:
    """Write the tar to an open binary file. Returns the manifest."""
    from tqdm import tqdm

    from twin.local import paths

    data = paths.data_dir()
    if not data.is_dir():
        raise BadInput(f"there is no twin in {data}")
    with tempfile.TemporaryFile() as dump, database_address() as (address, binaries):
        # The database first: a run that ends meanwhile adds files that nobody asks for, which
        # is better than a row without its file.
        _dump(address, binaries, dump)
        listed = [path for path in _kept(data) if path.is_file()]
        manifest: dict[str, Any] = {
            "format": FORMAT,
            "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "version": importlib.metadata.version("song-sinh"),
            "data": str(data),
            "files": len(listed),
        }
        with tarfile.open(fileobj=output, mode="w") as tar:
            text = tempfile.TemporaryFile()  # noqa: SIM115  # closed by the tar's end
            text.write(json.dumps(manifest, indent=1).encode())
            _add(tar, "manifest.json", text)
            _add(tar, "database.dump", dump)
            for path in tqdm(listed, desc="files", unit="file", disable=len(listed) < 50):
                with contextlib.suppress(FileNotFoundError):
                    tar.add(path, f"files/{path.relative_to(data)}", recursive=False)
    return manifest


def _kept(data: Path) -> Iterator[Path]:
    from twin.local import changeover

    for top in sorted(filter(changeover.kept, data.iterdir())):
        yield from sorted(top.rglob("*")) if top.is_dir() else [top]


def _add(tar: tarfile.TarFile, name: str, file: Any) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = file.seek(0, os.SEEK_END)
    entry.mode = 0o600
    file.seek(0)
    tar.addfile(entry, file)


def _dump(address: str, binaries: Path, output: Any) -> None:
    program = str(binaries / "pg_dump")
    command = [program, "--format=custom", "--compress=3", "--no-owner", address]
    done = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Unavailable(f"pg_dump failed: {done.stderr.strip()}")


@contextlib.contextmanager
def database_address() -> Iterator[tuple[str, Path]]:
    """The owner's address and PostgreSQL's programs; a cluster that rests is started meanwhile."""
    from twin.local import paths, postgres

    named = os.environ.get("DATABASE_URL")
    if named:
        yield named, postgres.find_binaries()
        return
    with running_cluster() as cluster:
        yield paths.read_env_file()["DATABASE_URL"], cluster.binaries


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
    from twin.local import folder
    from twin.local.restore import restore

    if os.environ.get("DATABASE_URL"):
        raise BadInput(
            "DATABASE_URL names a server of yours, which this command does not replace: unpack "
            "the tar, use pg_restore on database.dump and copy files/ into the data folder"
        )
    try:
        file = os.fdopen(args.descriptor, "rb") if args.descriptor else args.file.open("rb")
    except OSError as error:
        raise BadInput(f"can't read {args.file}: {error.strerror}") from error
    with file:
        os.set_inheritable(file.fileno(), True)
        # Who the services run as may not reach the file; what is open stays readable.
        folder.continue_unprivileged(
            ["restore", "--descriptor", str(file.fileno()), str(args.file)]
        )
        manifest = restore(file, args.file)
    print(f"restored the twin of {manifest['created']} ({manifest['files']} files)")
    return 0


def read_manifest(tar: tarfile.TarFile, name: Path) -> dict[str, Any]:
    """The manifest of a backup. Raises BadInput where it is none, or of a later kind."""
    try:
        member = tar.extractfile("manifest.json")
        manifest = json.load(member) if member else {}
    except (KeyError, ValueError):
        manifest = {}
    if "format" not in manifest:
        raise BadInput(f"{name} was not written by `twin backup` (it has no manifest)")
    if manifest["format"] > FORMAT:
        raise BadInput(
            f"{name} was written by version {manifest.get('version')}; update this one first"
        )
    return manifest
