"""pytest plugin: a real PostGIS cluster and Redis for this test process alone.

Loaded by `-p tests.services`, before the settings: addresses go into the environment at once,
the servers start when the first test wants a database (or asks for the `services` fixture), so
tests of pure arithmetic wait for nothing. They stop at the end, and the kernel stops them if
pytest is killed. Several pytest processes can run side by side.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import psutil
import pytest
import redis

from twin.local import roles
from twin.local.account import borrowed_account, popen_as, tethered
from twin.local.ports import free_port
from twin.local.postgres import UNSAFE_SETTINGS, Cluster, find_binaries, stop, tail
from twin.local.redis_server import config, find_redis
from twin.local.redis_server import url as redis_url

PREFIX = "twin-tests-"


class Services:
    """Temporary folder, addresses and (once started) the processes behind them."""

    def __init__(self) -> None:
        sweep()
        self.account = borrowed_account()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        self.folder.chmod(0o755)
        self.data = self._subfolder("data", owned=False)
        self.passwords = {role: secrets.token_hex(12) for role in roles.ROLES}
        self.redis_password = secrets.token_hex(12)
        self.superuser_password = secrets.token_hex(12)
        self.redis_port = free_port()
        self.port = free_port(taken=frozenset([self.redis_port]))
        self.processes: list[subprocess.Popen] = []
        self.cluster: Cluster | None = None

    def environment(self) -> dict[str, str]:
        """What the settings read."""
        return {
            "TWIN_DATA": str(self.data),
            "DATABASE_URL": self.database_url(roles.OWNER),
            "TWIN_WEB_DATABASE_URL": self.database_url(roles.WEB),
            "TWIN_INGEST_DATABASE_URL": self.database_url(roles.INGEST),
            "REDIS_URL": redis_url(self.redis_port, self.redis_password),
            "TWIN_SECRET_KEY": secrets.token_hex(32),
            "TWIN_TEST_TEMPLATE": roles.TEMPLATE,
        }

    def database_url(self, role: str, database: str = roles.DATABASE) -> str:
        """postgresql:// address of a database of this cluster for one role."""
        return f"postgresql://{role}:{self.passwords[role]}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start both servers once; later calls do nothing."""
        if self.processes:
            return
        self._start_redis()
        cluster = Cluster(
            folder=self._subfolder("cluster"),
            port=self.port,
            password=self.superuser_password,
            binaries=find_binaries(),
            account=self.account,
        )
        cluster.initdb()
        cluster.configure(UNSAFE_SETTINGS)
        self.processes.append(cluster.start(self.folder / "postgres.log"))
        cluster.provision(self.passwords, createdb=True)
        self.cluster = cluster

    def stop(self) -> None:
        """Stop what runs and remove the folder."""
        for process in reversed(self.processes):
            stop(process, timeout=15)
        self.processes.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start_redis(self) -> None:
        folder = self._subfolder("redis")
        settings = folder / "redis.conf"
        settings.write_text(config(folder, self.redis_port, self.redis_password, durable=False))
        log = self.folder / "redis.log"
        with log.open("wb") as output:
            self.processes.append(
                subprocess.Popen(
                    tethered([find_redis(), str(settings)]),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd=folder,
                    **popen_as(self.account),
                )
            )
        client = redis.Redis(port=self.redis_port, password=self.redis_password)
        for _ in range(200):
            with contextlib.suppress(redis.ConnectionError, redis.exceptions.BusyLoadingError):
                client.ping()
                client.close()
                return
            time.sleep(0.02)
        raise RuntimeError(f"redis-server did not start:\n{tail(log)}")

    def _subfolder(self, name: str, *, owned: bool = True) -> Path:
        path = self.folder / name
        path.mkdir(mode=0o700)
        if owned and self.account:
            os.chown(path, self.account.uid, self.account.gid)
        return path


def sweep() -> None:
    """Remove folders of test processes that were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


_services: Services | None = None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests():
    """Before pytest-django loads the settings (a wrapper runs before every plain hook)."""
    global _services
    _services = Services()
    os.environ.update(_services.environment())
    os.environ.pop("TWIN_RESULTS", None)
    return (yield)


def pytest_unconfigure() -> None:
    """At the very end, also after an error or Ctrl-C."""
    if _services:
        _services.stop()


@pytest.fixture(scope="session")
def services() -> Services:
    """The running servers: `services.cluster`, `services.database_url(role)`, `services.data`."""
    assert _services is not None
    _services.start()
    return _services
