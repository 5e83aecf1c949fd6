"""Who the services run as: the user that started them, or for root an unprivileged account.

PostgreSQL refuses to run as root, and a web server should. Root therefore steps down once, before
anything is made; nobody else has to change who they are.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from twin.core.errors import Unavailable

SERVICE_USER = "songsinh"


class Account(NamedTuple):
    """An unprivileged user: name, numeric user and group."""

    name: str
    uid: int
    gid: int


def lookup(name: str) -> Account | None:
    """The account of that name, or None where the system has none."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(name, entry.pw_uid, entry.pw_gid)


def borrowed_account() -> Account | None:
    """An account that exists already, for throw-away services of the tests; None if not root."""
    if os.geteuid() != 0:
        return None
    for name in (SERVICE_USER, "postgres", "nobody"):
        if account := lookup(name):
            return account
    raise Unavailable("root can't run PostgreSQL and the system has no unprivileged user")


def service_account() -> Account | None:
    """The account of the twin's services, created at the first start; None if not root.

    It is not `postgres`: that name is the superuser of the distribution's own clusters.
    """
    if os.geteuid() != 0:
        return None
    if account := lookup(SERVICE_USER):
        return account
    useradd = shutil.which("useradd") or "/usr/sbin/useradd"
    command = [useradd, "--system", "--user-group", "--no-create-home"]
    command += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", SERVICE_USER]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        detail = (getattr(error, "stderr", None) or str(error)).strip()
        raise Unavailable(
            f"can't create the user {SERVICE_USER} that the services run as ({detail}); "
            "create it yourself, or start as a user other than root"
        ) from error
    account = lookup(SERVICE_USER)
    if account is None:
        raise Unavailable(f"the user {SERVICE_USER} was created but can't be found")
    return account


def owner_account(path: Path) -> Account | None:
    """The unprivileged owner of a file, for root to act as; None for others or a file of root's."""
    status = path.stat()
    if os.geteuid() != 0 or status.st_uid == 0:
        return None
    try:
        name = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        name = str(status.st_uid)
    return Account(name, status.st_uid, status.st_gid)


def popen_as(account: Account | None) -> dict[str, Any]:
    """Arguments for subprocess that start the child as this account (none: as we are)."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def step_down(account: Account) -> None:
    """Become this account for good. Files opened before stay open."""
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)
    os.environ["USER"] = os.environ["LOGNAME"] = account.name


def tethered(command: list[str], signal: str = "TERM") -> list[str]:
    """The command so that the kernel sends it `signal` when its parent dies, however it dies.

    Without it a supervisor that is killed would leave services that hold ports and files.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", signal, *command] if setpriv else command
