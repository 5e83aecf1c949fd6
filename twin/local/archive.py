"""Whether a backup is whole: an open tar comes in, its manifest goes out, nothing is made.

A tar guards only its headers, and Python takes a damaged one for the end. So the last member's
end is looked for, and every content is compared with the SHA-256 that the backup noted.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from twin.core.errors import BadInput, Unavailable

FORMAT = 1
MANIFEST, DUMP, ROLES, SUMS = "manifest.json", "database.dump", "roles.json", "checksums.json"
NEWER_DUMP = "unsupported version"


class Summing:
    """A file for tarfile to read from that notes what went through."""

    def __init__(self, file: Any) -> None:
        self.file, self.sum = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read on, and add it to the sum."""
        piece = self.file.read(size)
        self.sum.update(piece)
        return piece


def check(file: Any, name: Path, binaries: Path) -> dict[str, Any]:
    """Read all of a backup. Returns its manifest.

    Raises BadInput for a file that is none, is cut short, damaged or from a later version.
    """
    if not file.seekable():
        raise BadInput(f"{name} is a pipe; write the backup into a file and name that")
    try:
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r:") as tar:
            manifest = read_manifest(tar, name)
            members = {member.name: member for member in tar}
            _check_end(tar, file, name)
            for member in members.values():
                refuse_strange(member, name)
            _check_sums(tar, members, manifest, name)
            if DUMP not in members:
                raise BadInput(f"{name} is not a whole backup: {DUMP} is missing")
            _check_dump(tar.extractfile(DUMP), binaries, name)
    except tarfile.TarError as error:
        raise BadInput(f"{name} is not a whole backup: {error}") from error
    except OSError as error:
        raise Unavailable(f"can't read {name}: {error.strerror or error}") from error
    return manifest


def read_manifest(tar: tarfile.TarFile, name: Path) -> dict[str, Any]:
    """The manifest of a backup. Raises BadInput where it is none, or of a later kind."""
    try:
        member = tar.extractfile(MANIFEST)
        manifest = json.load(member) if member else {}
    except (KeyError, ValueError):
        manifest = {}
    if not isinstance(manifest, dict) or "format" not in manifest:
        raise BadInput(f"{name} was not written by `twin backup` (it has no manifest)")
    if manifest["format"] > FORMAT:
        raise BadInput(
            f"{name} was written by version {manifest.get('version')}; update this one first"
        )
    return manifest


def refuse_strange(member: tarfile.TarInfo, name: Path) -> None:
    """Plain files below the folder of the restore, and nothing else."""
    if not member.isfile() or member.name.startswith("/") or ".." in Path(member.name).parts:
        raise BadInput(f"{name} holds {member.name!r}, which no backup of ours holds")


def _check_end(tar: tarfile.TarFile, file: Any, name: Path) -> None:
    last = tar.getmembers()[-1]
    file.seek(last.offset_data + -(-last.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE)
    if file.read(2 * tarfile.BLOCKSIZE) != bytes(2 * tarfile.BLOCKSIZE):
        raise BadInput(
            f"{name} is not a whole backup: it is cut short or damaged after {last.name}; "
            "use another backup, or copy this one again from where it was written"
        )


def _check_sums(
    tar: tarfile.TarFile, members: dict[str, tarfile.TarInfo], manifest: dict[str, Any], name: Path
) -> None:
    if not manifest.get("checksums"):  # older backups have none
        return
    noted = tar.extractfile(SUMS) if SUMS in members else None
    try:
        sums = json.load(noted) if noted else {}
    except ValueError:
        sums = {}
    if set(sums) != set(members) - {SUMS}:
        raise BadInput(f"{name} is not a whole backup: its list of files is damaged")
    for path, noted_sum in sums.items():
        content: Any = tar.extractfile(path)
        if hashlib.file_digest(content, "sha256").hexdigest() != noted_sum:
            raise BadInput(
                f"{name} is not a whole backup: {path} in it is damaged; use another backup, or "
                "copy this one again from where it was written"
            )


def _check_dump(dump: Any, binaries: Path, name: Path) -> None:
    """Let pg_restore read it to its end, into nothing."""
    command = [str(binaries / "pg_restore"), "--file=/dev/null"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        with contextlib.suppress(BrokenPipeError):  # it gave up; why is on stderr
            shutil.copyfileobj(dump, process.stdin, 1 << 20)
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        said = process.stderr.read().decode("utf-8", "replace")
    if process.returncode != 0:
        raise BadInput(f"{name} is not a whole backup: {dump_trouble(said)}")


def dump_trouble(said: str) -> str:
    """What pg_restore said about a dump, with the way out."""
    brief = "; ".join(said.strip().splitlines()[:3])
    if NEWER_DUMP in said:
        return f"a newer PostgreSQL wrote its database; install that one ({brief})"
    return f"its database can't be read ({brief}); use another backup"
