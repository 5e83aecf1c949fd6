"""A private PostgreSQL cluster: a folder and a port come in, a server that holds a twin goes out.

`build()` makes the whole cluster beside its final place and renames it there at the end, so a
folder that exists is a whole cluster: an interrupted initdb leaves only a `.new` folder, which
the next start removes.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from twin.core.errors import Unavailable
from twin.local import roles
from twin.local.account import Account, popen_as, tethered

SUPERUSER = "twin_admin"
BINARY_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/lib/postgresql*/bin")
HOW_TO_INSTALL = "install it (Debian, Ubuntu: apt install postgresql postgis postgresql-postgis)"

# A city's tiles are many short queries: JIT costs them more than it saves.
SETTINGS: Mapping[str, str] = {
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_connections": "100",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    # After a kill, one sync of the disk instead of one for each of a thousand files.
    "recovery_init_sync_method": "syncfs",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    "cluster_name": "song-sinh",
}
# For throw-away clusters only: a power cut may ruin them.
UNSAFE_SETTINGS: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
}


def installed() -> dict[int, Path]:
    """PostgreSQL majors on this machine -> the folder of their programs, newest first."""
    found: dict[int, Path] = {}
    folders = [path for pattern in BINARY_FOLDERS for path in Path("/").glob(pattern[1:])]
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        if not (folder / "initdb").exists() or not (folder / "postgres").exists():
            continue
        answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True)
        if match := re.search(r"\) (\d+)", answer.stdout):
            found.setdefault(int(match[1]), folder)
    return dict(sorted(found.items(), reverse=True))


def has_postgis(binaries: Path) -> bool:
    """Whether the PostgreSQL of these programs can CREATE EXTENSION postgis."""
    pg_config = binaries / "pg_config"
    if pg_config.exists():
        answer = subprocess.run([pg_config, "--sharedir"], capture_output=True, text=True)
        share = Path(answer.stdout.strip())
    else:
        share = Path("/usr/share/postgresql") / binaries.parent.name
    return (share / "extension" / "postgis.control").exists()


def find_binaries(major: int | None = None) -> Path:
    """The programs for a new cluster (newest major with PostGIS), or of one major.

    Raises Unavailable with what to install.
    """
    majors = installed()
    if major is not None:
        if major not in majors:
            have = ", ".join(map(str, majors)) or "none"
            raise Unavailable(
                f"the cluster in the data folder is PostgreSQL {major}, installed: {have}; "
                f"install PostgreSQL {major} with PostGIS (apt install postgresql-{major}-"
                f"postgis-3), or `twin backup` with it and `twin restore` into a new TWIN_DATA",
                code="postgres_major",
            )
        candidates = [majors[major]]
    else:
        candidates = list(majors.values())
    if not candidates:
        raise Unavailable(f"PostgreSQL is not on this machine; {HOW_TO_INSTALL}", code="no_server")
    for folder in candidates:
        if has_postgis(folder):
            return folder
    raise Unavailable(
        f"PostgreSQL in {candidates[0]} has no PostGIS; {HOW_TO_INSTALL}", code="no_postgis"
    )


@dataclass(frozen=True)
class Cluster:
    """One private cluster; `sockets` None means TCP on the loopback only."""

    folder: Path
    port: int
    password: str = field(repr=False)
    binaries: Path
    sockets: Path | None = None
    account: Account | None = None

    def command(self) -> list[str]:
        """The server in the foreground, for a supervisor."""
        return [str(self.binaries / "postgres"), "-D", str(self.folder)]

    def connect(self, database: str = "postgres", *, timeout: int = 10) -> psycopg.Connection:
        """Autocommit connection of the superuser."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=SUPERUSER,
            password=self.password,
            dbname=database,
            connect_timeout=timeout,
            autocommit=True,
        )

    def initdb(self) -> None:
        """Make the bare cluster: UTF-8, checksums, SCRAM for every way in."""
        secret = self.folder.with_suffix(".pw")
        secret.touch(mode=0o600)
        secret.write_text(self.password + "\n")
        if self.account:
            os.chown(secret, self.account.uid, self.account.gid)
        command = [self.binaries / "initdb", "-D", self.folder, "-U", SUPERUSER]
        command += ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256"]
        command += [f"--pwfile={secret}", "--data-checksums", "--no-sync"]
        try:
            self._run(command, "initdb")
        finally:
            secret.unlink()

    def configure(self, extra: Mapping[str, str] | None = None) -> None:
        """Write twin.conf beside postgresql.conf (which stays the installer's, included once)."""
        values = {
            **SETTINGS,
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.sockets or ""),
            **(extra or {}),
        }
        text = "".join(f"{key} = '{value}'\n" for key, value in values.items())
        _write_owned(self.folder / "twin.conf", text, self.account)
        main = self.folder / "postgresql.conf"
        if "include = 'twin.conf'" not in main.read_text("utf-8"):
            _write_owned(main, main.read_text("utf-8") + "\ninclude = 'twin.conf'\n", self.account)

    def start(self, log: Path) -> subprocess.Popen:
        """Start the server as our child (it stops if we die) and wait until it answers."""
        with log.open("ab") as output:
            process = subprocess.Popen(
                tethered(self.command(), "INT"),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                **popen_as(self.account),
            )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            try:
                self.connect().close()
            except psycopg.OperationalError:
                time.sleep(0.03)
            else:
                return process
        process.kill()
        raise Unavailable(f"PostgreSQL did not start; the end of {log}:\n{tail(log)}")

    def reset_password(self) -> None:
        """Set the superuser's password in a stopped cluster whose secrets file was lost."""
        statement = f"ALTER ROLE {SUPERUSER} PASSWORD '{self.password}';\n"
        command = [self.binaries / "postgres", "--single", "-D", self.folder, "postgres"]
        self._run(command, "setting a new password", statement)

    def provision(self, passwords: Mapping[str, str], *, createdb: bool = False) -> None:
        """Roles, template and the empty database of a fresh server."""
        with self.connect() as server:
            roles.create_roles(server, passwords, createdb=createdb)
            roles.create_template(server, self.connect)
            roles.create_database(server, roles.DATABASE)

    def _run(self, command: list, what: str, given: str = "") -> None:
        done = subprocess.run(
            command,
            input=given,
            capture_output=True,
            text=True,
            cwd="/",
            **popen_as(self.account),
        )
        if done.returncode != 0:
            raise Unavailable(f"{what} failed: {done.stderr.strip() or done.stdout.strip()}")


def build(final: Cluster, passwords: Mapping[str, str], log: Path) -> None:
    """Make the cluster whole (initdb, roles, database) and only then put it in its place."""
    rough = Cluster(
        folder=final.folder.with_name(final.folder.name + ".new"),
        port=final.port,
        password=final.password,
        binaries=final.binaries,
        account=final.account,
    )
    if rough.folder.exists():
        shutil.rmtree(rough.folder)
    rough.initdb()
    rough.configure()
    server = rough.start(log)
    try:
        rough.provision(passwords)
    finally:
        stop(server)
    subprocess.run(["sync", "-f", rough.folder], check=False)
    rough.folder.rename(final.folder)


def stop(process: subprocess.Popen, timeout: float = 30) -> None:
    """Fast shutdown (SIGINT) of a server we started; kill it if it does not listen."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def cluster_major(folder: Path) -> int:
    """The PostgreSQL major that made this cluster. Raises Unavailable where it is no cluster."""
    try:
        return int((folder / "PG_VERSION").read_text().split(".")[0])
    except (OSError, ValueError) as error:
        raise Unavailable(
            f"{folder} is not a whole PostgreSQL cluster (PG_VERSION can't be read); "
            "restore it, or move it away and start again with `twin restore FILE`"
        ) from error


def clear_leftovers(folder: Path) -> None:
    """Stop a server that outlived its supervisor, and remove a postmaster.pid without a server.

    PostgreSQL itself keeps a pid file whose number runs again, which after a restart of a
    container it usually does: small numbers, same user.
    """
    pid_file = folder / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().splitlines()[0])
        process = psutil.Process(pid)
        if process.name().startswith("postgres") and Path(process.cwd()) == folder.resolve():
            process.send_signal(signal.SIGINT)
            process.wait(60)
    except FileNotFoundError:
        return
    except (IndexError, ValueError, psutil.NoSuchProcess):
        pass
    except psutil.AccessDenied as error:
        raise Unavailable(
            f"another user's PostgreSQL (process {pid}) works in {folder}; stop it first"
        ) from error
    except psutil.TimeoutExpired as error:
        raise Unavailable(f"PostgreSQL (process {pid}) in {folder} does not stop") from error
    pid_file.unlink(missing_ok=True)


def tail(path: Path, lines: int = 12) -> str:
    """The last lines of a log, or a word that it is empty."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return "(no log)"
    return "\n".join(text.splitlines()[-lines:]) or "(the log is empty)"


def _write_owned(path: Path, text: str, account: Account | None) -> None:
    fresh = path.with_name(path.name + ".tmp")
    fresh.touch(mode=0o600)
    fresh.write_text(text, "utf-8")
    if account:
        os.chown(fresh, account.uid, account.gid)
    fresh.replace(path)
