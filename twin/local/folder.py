"""The data folder and who owns it: an environment comes in, a folder ready for services goes out.

Root makes the folder, gives it to an unprivileged account and becomes that account by starting
the same command again; from then on no line of `twin up` knows that it began as root.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from twin.core.errors import Conflict, Unavailable
from twin.local import paths
from twin.local.account import Account, owner_account, popen_as, service_account, step_down

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ("twin", "layers", "tiles", "simulation", "vision")
NEEDED_BYTES = 500 * 1024 * 1024


def prepare() -> None:
    """Make the data folder with its parts; raises Unavailable where it can't be used."""
    data, runtime = paths.data_dir(), paths.runtime_dir()
    refuse_read_only(data)
    try:
        data.mkdir(mode=0o750, parents=True, exist_ok=True)
        for name in ("logs", "redis", "results", "static", "cache"):
            (data / name).mkdir(mode=0o750, exist_ok=True)
        runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = data / ".probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise _unusable(data, error) from error
    if runtime.stat().st_uid != os.geteuid():
        raise Unavailable(f"{runtime} belongs to another user; remove it or set another TWIN_DATA")
    free = shutil.disk_usage(data).free
    if free < NEEDED_BYTES:
        raise Unavailable(
            f"the disk of {data} has {free // 2**20} MB left and a start needs "
            f"{NEEDED_BYTES // 2**20} MB; make room, or set TWIN_DATA to a larger disk",
            code="disk_full",
        )


def refuse_read_only(data: Path) -> None:
    """Respect a folder that its owner closed: root's mkdir would not notice."""
    nearest = next(path for path in (data, *data.parents) if path.exists())
    mode = stat.S_IMODE(nearest.stat().st_mode)
    if not mode & stat.S_IWUSR:
        raise Unavailable(
            f"can't write to the data folder {data}: {nearest} is read-only (mode {mode:04o}); "
            "choose another TWIN_DATA",
            code="data_not_writable",
        )


def _unusable(data: Path, error: OSError) -> Unavailable:
    who = pwd.getpwuid(os.geteuid()).pw_name
    if error.errno == errno.ENOSPC:
        return Unavailable(
            f"the disk of {data} is full; make room, or set TWIN_DATA to another disk",
            code="disk_full",
        )
    return Unavailable(
        f"{who} can't write to the data folder {data} ({error.strerror}); "
        "give it to that user, or set TWIN_DATA to a folder of theirs",
        code="data_not_writable",
    )


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Hold the data folder's lock while services start or stop."""
    with (paths.data_dir() / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(
                f"another `twin` command is starting or stopping {paths.data_dir()}; "
                "wait for it to end"
            ) from error
        yield


def continue_unprivileged(words: list[str]) -> None:
    """For root: hand the data folder over and run `twin WORDS` again as its owner.

    Returns only where we are not root.
    """
    if os.geteuid() != 0:
        return
    data = paths.data_dir()
    refuse_read_only(data)
    try:
        data.mkdir(mode=0o750, parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(data, error) from error
    account = owner_account(data) or service_account()
    assert account is not None
    for folder in (data, paths.runtime_dir()):
        if folder.exists():
            _give(folder, account)
    _again_as(account, words, _reachable_code(account, data))


def _give(folder: Path, account: Account) -> None:
    for base, _, names in os.walk(folder):
        for path in (Path(base), *(Path(base) / name for name in names)):
            if path.lstat().st_uid == 0:
                os.chown(path, account.uid, account.gid, follow_symlinks=False)


def _reachable_code(account: Account, data: Path) -> Path:
    """A folder with the project's packages that the account can read.

    A checkout in root's home is closed to it, so the code is copied into the data folder then.
    """
    if _can_import(account, PROJECT):
        return PROJECT
    copy = data / "app"
    fresh = data / "app.new"
    shutil.rmtree(fresh, ignore_errors=True)
    skip = shutil.ignore_patterns("node_modules", "src")
    for name in PACKAGES:
        shutil.copytree(PROJECT / name, fresh / name, ignore=skip)
    shutil.rmtree(copy, ignore_errors=True)
    fresh.rename(copy)
    _give(copy, account)
    if not _can_import(account, copy):
        raise Unavailable(
            f"the services run as {account.name}, who can't read the Python environment "
            f"{sys.prefix} ({Path(sys.executable).resolve()}); run `make setup` as root, which "
            "puts one where they can, or start as another user than root"
        )
    return copy


def _python() -> str:
    """The interpreter of this environment by a path that others can follow: `.venv` may be a link
    in root's home to an environment outside of it."""
    return str(Path(sys.prefix).resolve() / "bin" / Path(sys.executable).name)


def _can_import(account: Account, code: Path) -> bool:
    # -P: the caller's folder must not stand in for the code that is asked about.
    command = [_python(), "-P", "-c", "import django, twin.cli, twin.local.stack, layers, tiles"]
    try:
        done = subprocess.run(
            command,
            env={**os.environ, "PYTHONPATH": str(code), "PYTHONDONTWRITEBYTECODE": "1"},
            cwd="/",
            capture_output=True,
            **popen_as(account),
        )
    except OSError:
        return False
    return done.returncode == 0


def _again_as(account: Account, words: list[str], code: Path) -> NoReturn:
    data, python = paths.data_dir(), _python()  # while links in root's home can be followed
    environment = {
        **os.environ,
        "TWIN_DATA": str(data),
        "HOME": str(data),
        "PYTHONPATH": str(code),
    }
    os.chdir(data)
    os.umask(0o027)
    step_down(account)
    environment.update(USER=account.name, LOGNAME=account.name)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(python, [python, "-P", "-m", "twin.cli", *words], environment)
