"""A throw-away city on loopback for benchmarks: a private cluster, its tables, servers beside it.

Everything lies in one temporary folder and ends with the `with` block.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from twin.core.errors import Unavailable
from twin.local import roles
from twin.local.account import borrowed_account, tethered
from twin.local.ports import free_port
from twin.local.postgres import Cluster, find_binaries, stop, tail

PROJECT = Path(__file__).resolve().parents[2]
LAYERS = ("parcels", "buildings")
BUILDINGS_PER_PARCEL = 0.79  # the generator is told how many buildings to make


@dataclass
class Rig:
    """A running cluster with the migrated schema; `url` connects as the owner."""

    folder: Path
    url: str
    environment: dict[str, str]
    database: subprocess.Popen
    processes: list[subprocess.Popen] = field(default_factory=list)

    def cpu_s(self) -> float:
        """CPU seconds that the servers and the database have used so far."""
        total = 0.0
        for root in (self.database, *self.processes):
            process = psutil.Process(root.pid)
            for one in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    # ended children (database connections) stay in their parent's books
                    total += sum(one.cpu_times()[:4])
        return total

    def serve(self, name: str, command: list[str], port: int, path: str, **more: str) -> None:
        """Start a server and wait until `path` answers without an error of its own."""
        log = self.folder / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                tethered([sys.executable, "-m", *command]),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=PROJECT,
                env={**self.environment, **more},
            )
        self.processes.append(process)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10):
                    return
            except urllib.error.HTTPError as error:
                raise Unavailable(
                    f"{name} answers {path} with {error.code}:\n{tail(log)}"
                ) from error
            except OSError:
                time.sleep(0.2)
        raise Unavailable(f"{name} did not start:\n{tail(log)}")

    def end_servers(self) -> None:
        """Stop what `serve` started."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()


@contextmanager
def rig() -> Iterator[Rig]:
    """A cluster with the twin's settings and an empty schema, on a free port."""
    account = borrowed_account()
    folder = Path(tempfile.mkdtemp(prefix="twin-bench-"))
    folder.chmod(0o755)
    passwords = {role: secrets.token_hex(12) for role in roles.ROLES}
    inside = folder / "cluster"
    inside.mkdir(mode=0o700)
    if account:
        os.chown(inside, account.uid, account.gid)
    cluster = Cluster(
        folder=inside,
        port=free_port(),
        password=secrets.token_hex(12),
        binaries=find_binaries(),
        account=account,
    )
    made = None
    server = None
    try:
        cluster.initdb()
        cluster.configure()
        server = cluster.start(folder / "postgres.log")
        cluster.provision(passwords)

        def url(role: str) -> str:
            login = f"{role}:{passwords[role]}"
            return f"postgresql://{login}@127.0.0.1:{cluster.port}/{roles.DATABASE}"

        kept = {k: v for k, v in os.environ.items() if not k.startswith(("TWIN_", "DJANGO_"))}
        environment = {
            **kept,
            "TWIN_DATA": str(folder),
            "TWIN_SECRET_KEY": secrets.token_hex(32),
            "DATABASE_URL": url(roles.OWNER),
            "TWIN_WEB_DATABASE_URL": url(roles.WEB),
            "REDIS_URL": "redis://127.0.0.1:1/0",  # no session is read, so none is needed
        }
        made = Rig(folder, url(roles.OWNER), environment, server)
        migrate = [sys.executable, "-m", "twin.local.prepare", "migrate"]
        done = subprocess.run(
            migrate, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=300
        )
        if done.returncode:
            raise Unavailable(f"The benchmark's database could not be made: {done.stderr[-500:]}")
        yield made
    finally:
        if made:
            made.end_servers()
        if server:
            stop(server)
        shutil.rmtree(folder, ignore_errors=True)


def fill(
    url: str, parcels: int, say: Callable[[str], None], tables: tuple[str, ...] = LAYERS
) -> Mapping[str, int]:
    """Make the synthetic city with about `parcels` parcels; rows by layer."""
    import shapely

    from twin.demo.city import generate

    say(f"making a city with {parcels:,} parcels")
    city = generate(1, buildings=max(1000, round(parcels * BUILDINGS_PER_PARCEL)))
    counts = {}
    with psycopg.connect(url) as link:
        for name in tables:
            table = city.layers[name]
            say(f"storing {len(table):,} {name}")
            columns = list(table.columns)
            copy = psycopg.sql.SQL("COPY {} (source, source_id, geom{}) FROM STDIN").format(
                psycopg.sql.Identifier(f"layers_{name}"),
                psycopg.sql.SQL("").join(
                    psycopg.sql.SQL(", {}").format(psycopg.sql.Identifier(column))
                    for column in columns
                ),
            )
            shapes = shapely.to_wkb(
                shapely.set_srid(_multi(table.geometry), 4326), hex=True, include_srid=True
            )
            values = [table.columns[column].tolist() for column in columns]
            with link.cursor().copy(copy) as rows:
                for row in zip(table.source_id.tolist(), shapes.tolist(), *values, strict=True):
                    rows.write_row(("demo", *(_null(value) for value in row)))
            counts[name] = len(table)
        link.execute("ANALYZE")
        # no login in this benchmark: the peer has none
        link.execute(
            "INSERT INTO core_layerright (layer, \"right\") SELECT layer, 'view' "
            "FROM unnest(%s::text[]) AS layer ON CONFLICT DO NOTHING",
            [list(tables)],
        )
    return counts


def _null(value: object) -> object:
    return None if isinstance(value, float) and value != value else value


def _multi(shapes):  # type: ignore[no-untyped-def]
    import numpy as np
    import shapely

    single = shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON
    out = shapes.copy()
    out[single] = np.array([shapely.MultiPolygon([shape]) for shape in shapes[single]], object)
    return out
