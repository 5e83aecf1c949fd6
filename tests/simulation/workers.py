"""A real Celery worker on the tests' database and Redis, as a process that can be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from django.db import connection

from simulation.scenarios import Run
from twin.local import roles

PROJECT = Path(__file__).resolve().parents[2]


def environment(services: Any, data: Path, **more: str) -> dict[str, str]:
    """What a worker or server of the tests' twin finds in its environment."""
    database = connection.settings_dict["NAME"]
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "twin.settings.test",
        "DATABASE_URL": services.database_url(roles.OWNER, database),
        # As in a running twin: the worker owns no table.
        "TWIN_WEB_DATABASE_URL": services.database_url(roles.WEB, database),
        "TWIN_ROLE": "web",
        "TWIN_DATA": str(data),
        "TWIN_RESULTS": str(settings.TWIN_RESULTS),
        "REDIS_URL": settings.REDIS_URL,
        "PYTHONPATH": str(PROJECT),
        **more,
    }


class Worker:
    """One `celery worker` with a pool of one process."""

    def __init__(self, services: Any, data: Path, name: str, **more: str):
        self.log = data / f"{name}.log"
        command = [sys.executable, "-P", "-m", "celery", "-A", "twin.celery", "worker"]
        command += ["-Q", "simulation,default", "-n", f"{name}@test", "--concurrency", "1"]
        command += ["--without-mingle", "--without-gossip", "--loglevel", "INFO"]
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=data,
                env=environment(services, data, **more),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def family(self) -> list[psutil.Process]:
        """The worker, its pool and the runs it computes."""
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        return []

    def kill(self) -> None:
        """kill -9 of the main process alone, as the kernel would."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self, patience: float = 20) -> None:
        """Ask it to end as a supervisor does."""
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
        for process in self.family():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()


@contextlib.contextmanager
def working(services: Any, data: Path, name: str = "one", **more: str) -> Iterator[Worker]:
    """A worker for the length of a block."""
    worker = Worker(services, data, name, **more)
    try:
        yield worker
    finally:
        worker.stop()


def wait_for(run_id: Any, *statuses: str, worker: Worker, patience: float = 90) -> Run:
    """The run, once it has one of the statuses."""
    return wait_until(
        lambda: Run.objects.filter(id=run_id, status__in=statuses).first(),
        lambda: (
            f"{Run.objects.get(id=run_id)} ({Run.objects.get(id=run_id).error}) after "
            f"{patience:.0f} s\n{worker.log.read_text()[-3000:]}"
        ),
        patience,
    )


def wait_until(ready: Callable[[], Any], trouble: Callable[[], str], patience: float = 30) -> Any:
    """What `ready` gives once it is true; AssertionError with words after `patience` s."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if found := ready():
            return found
        time.sleep(0.1)
    raise AssertionError(trouble())
