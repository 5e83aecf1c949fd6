"""kill -9 of PostgreSQL in the middle of an import: words for the user, nothing half there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil
import psycopg
import pytest

from tests.services import Services
from twin.local import roles
from twin.local.postgres import clear_leftovers

pytestmark = pytest.mark.slow

# `twin import` over a reader that stops where the test wants it to, in a process of its own.
IMPORT = """
import sys
import numpy as np, shapely
import layers.sources.osm
from layers.sources.batch import Batch
from twin.cli import main

def wait():
    print("waiting", flush=True)
    sys.stdin.readline()

def read(path, findings, progress):
    for part in range(20):
        ids = [f"way/{part}-{n}" for n in range(1000)]
        x = 107 + np.arange(1000) * 1e-4
        yield Batch("buildings", ids, shapely.box(x, 16.8, x + 5e-5, 16.80005), {})
        if part == 10 and sys.argv[1] == "copy":
            wait()

layers.sources.osm.read_osm = read
if sys.argv[1] == "merged":
    from twin.cli import setup_django
    setup_django()
    from layers.staging import Staging
    merge = Staging.merge
    def and_wait(self, report, **options):
        merge(self, report, **options)
        wait()
    Staging.merge = and_wait
sys.exit(main(["import", "osm", sys.executable]))  # any file: read() does not look
"""


@pytest.fixture(scope="module")
def private():
    """A twin of its own whose database may be killed."""
    services = Services()
    services.start()
    migrate = ["-c", "import sys; from twin.cli import main; sys.exit(main(sys.argv[1:]))"]
    subprocess.run(
        [sys.executable, *migrate, "manage", "migrate", "-v", "0"],
        env={**os.environ, **services.environment(), "DJANGO_SETTINGS_MODULE": SETTINGS},
        check=True,
    )
    yield services
    services.stop()


SETTINGS = "twin.settings.local"


def start_import(services: Services, stop_at: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", IMPORT, stop_at],
        env={**os.environ, **services.environment(), "DJANGO_SETTINGS_MODULE": SETTINGS},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_database(services: Services) -> None:
    server = psutil.Process(services.processes[-1].pid)
    for process in [server, *server.children(recursive=True)]:
        process.send_signal(signal.SIGKILL)
    services.processes.pop().wait()


def restart_database(services: Services) -> None:
    assert services.cluster is not None
    clear_leftovers(services.cluster.folder)
    services.processes.append(services.cluster.start(services.folder / "postgres.log"))


def count(services: Services) -> int:
    with psycopg.connect(services.database_url(roles.OWNER)) as link:
        [found] = link.execute("SELECT count(*) FROM layers_buildings").fetchone()
        [outbox] = link.execute("SELECT count(*) FROM core_outbox").fetchone()
        assert bool(found) == bool(outbox)
        return found


@pytest.mark.parametrize("stop_at", ["copy", "merged"])
def test_a_killed_database_leaves_nothing_half_there(private, stop_at):
    process = start_import(private, stop_at)
    assert process.stdout.readline() == "waiting\n"
    kill_database(private)
    _, err = process.communicate("go on\n", timeout=60)
    assert process.returncode == 1
    assert "error: The database does not answer" in err
    assert "then run the import again" in err
    assert "Traceback" not in err
    restart_database(private)
    assert count(private) == 0


def test_the_import_goes_through_when_the_database_is_back(private):
    process = start_import(private, "through")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert count(private) == 20_000
