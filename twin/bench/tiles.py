"""Vector tiles a second, beside TiPg on the same tables in the same run.

A synthetic city of 200,000 parcels is made in a private cluster; both servers get two processes,
and the same client asks both for the same tiles, in turns. Nothing is cached on either
side: each request makes its tile.
"""

from __future__ import annotations

import http.client
import importlib.util
import json as jsonlib
import random
import statistics
import sys
import threading
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

import psycopg

from tiles.tile import EXTENT, TileId, side_m
from twin.bench.rig import Rig, fill, rig
from twin.core.errors import BadInput
from twin.local.ports import free_port

ZOOMS = range(10, 17)
LAYER = "parcels"
GRID_BELOW = 14  # the zoom from which parcels themselves are in the tiles
CLIENTS = 4
LIMIT = 1_000_000
TILES_A_ZOOM = 48
FEWEST = 8  # requests that a slow zoom gets all the same


class Served(NamedTuple):
    """What one server did at one zoom; `cpu_ms` is its and the database's work for a request,

    which a busy machine disturbs less than it does the times.
    """

    requests_s: float
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    mean_kb: float
    requests: int
    features: int

    def as_dict(self) -> dict[str, float]:
        """Rounded for reading."""
        return {name: round(value, 2) for name, value in self._asdict().items()}


def run(json: bool = False, *, parcels: int = 200_000, seconds: float = 4.0) -> dict[str, Any]:
    """Measure both servers at zooms 10 to 16. Raises BadInput where TiPg is not installed."""
    for module in ("tipg", "uvicorn", "mapbox_vector_tile"):
        if importlib.util.find_spec(module) is None:
            raise BadInput(f"This benchmark needs {module}; `make bench` installs it")

    def say(words: str) -> None:
        print(words, file=sys.stderr)

    with rig() as made:
        counts = fill(made.url, parcels, say)
        tiles = _tiles(made.url)
        servers = [_start_ours(made), _start_tipg(made, {}), _start_tipg(made, SAME)]
        ours, peer, same = _measure(made, servers, tiles, seconds, say)
    report = {
        "rows": dict(counts),
        "layer": LAYER,
        "clients": CLIENTS,
        "settings": {"song_sinh": OURS, "tipg": TIPG, "tipg_same_content": TIPG | SAME},
        "zooms": {
            str(z): {
                "tiles": len(tiles[z]),
                "song_sinh": ours[z].as_dict(),
                "tipg": peer[z].as_dict(),
                "tipg_same_content": same[z].as_dict(),
                "times_tipg": round(ours[z].requests_s / peer[z].requests_s, 1),
                "times_tipg_by_cpu": round(peer[z].cpu_ms / ours[z].cpu_ms, 1),
                "times_same_content": round(ours[z].requests_s / same[z].requests_s, 1),
            }
            for z in ZOOMS
        },
        "complete": _complete(ours, tiles, counts[LAYER]),
    }
    if not json:
        _show(report)
    else:
        print(jsonlib.dumps(report, indent=2))
    return report


OURS = {
    "server": "granian ASGI, 2 workers",
    "cache": "none: each request makes its tile",
    "low_zoom": "stored cells below z14; their counts add up to all features",
    "tile_buffer": 64,
}
TIPG = {
    "server": "uvicorn, 2 workers",
    "TIPG_TABLE_CONFIG__public_layers_parcels__geomcol": "geom_3857",
    "TIPG_MAX_FEATURES_PER_TILE": str(LIMIT),
    "TIPG_CATALOG_TTL": "0",
    "TIPG_DB_TABLES": '["public.layers_parcels"]',
}
# As it comes, TiPg sends every column and a buffer of 256; so set, it sends what our tiles hold.
SAME = {
    "TIPG_TABLE_CONFIG__public_layers_parcels__properties": '["id","parcel_number","land_use"]',
    "TIPG_TILE_BUFFER": "64",
}


def _tiles(url: str) -> dict[int, list[TileId]]:
    """Tiles in which parcels lie, by zoom: all of them, or a fixed random choice."""
    chosen = {}
    with psycopg.connect(url) as link:
        for z in ZOOMS:
            rows = link.execute(
                "SELECT DISTINCT floor((ST_X(p) + 20037508.342789244) / %(side)s)::int, "
                "floor((20037508.342789244 - ST_Y(p)) / %(side)s)::int FROM "
                "(SELECT ST_Centroid(geom_3857) AS p FROM layers_parcels) AS middle ORDER BY 1, 2",
                {"side": side_m(z)},
            ).fetchall()
            every = [TileId(z, x, y) for x, y in rows]
            chosen[z] = random.Random(z).sample(every, min(len(every), TILES_A_ZOOM))
    return chosen


class Server(NamedTuple):
    """A server under test: its port and the addresses of its tiles."""

    name: str
    port: int
    path: str


def _start_ours(made: Rig) -> Server:
    port = free_port()
    command = ["granian", "twin.asgi:application", "--interface", "asgi", "--no-ws"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "2"]
    made.serve(
        "song-sinh",
        command,
        port,
        f"/tiles/{LAYER}.json",  # waits for the first count of the cells, too
        DJANGO_SETTINGS_MODULE="twin.settings.local",
        TWIN_ROLE="web",
    )
    time.sleep(2)  # both workers drain the outbox of the import; then the version stands still
    with psycopg.connect(made.url) as link:
        [version] = link.execute(
            "SELECT version FROM core_layerversion WHERE layer = %s", [LAYER]
        ).fetchall()
    return Server("Song Sinh", port, f"/tiles/{LAYER}/{{}}.mvt?v={version[0]}")


def _start_tipg(made: Rig, more: dict[str, str]) -> Server:
    port = free_port()
    command = ["uvicorn", "tipg.main:app", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "2", "--log-level", "warning"]
    settings = {name: value for name, value in TIPG.items() if name.startswith("TIPG_")}
    made.serve("tipg", command, port, "/collections/public.layers_parcels", **settings, **more)
    name = "TiPg, same content" if more else "TiPg"
    return Server(name, port, "/collections/public.layers_parcels/tiles/WebMercatorQuad/{}")


def _measure(
    made: Rig,
    servers: list[Server],
    tiles: dict[int, list[TileId]],
    seconds: float,
    say: Any,
) -> list[dict[int, Served]]:
    """What each server does at each zoom. Zoom by zoom they take turns, so that what else the

    machine is at falls on all of them; the two that wait do nothing.
    """
    found: list[dict[int, Served]] = [{} for _ in servers]
    for z, chosen in tiles.items():
        for server, served in zip(servers, found, strict=True):
            paths = [server.path.format(f"{t.z}/{t.x}/{t.y}") for t in chosen]
            features = _count(server.port, paths)  # warms connections, plans and pages, too
            served[z] = _load(made, server.port, paths, seconds, features)
            rate, half = served[z].requests_s, served[z].p50_ms
            say(f"z{z} {server.name}: {rate:.1f} requests/s, p50 {half:.1f} ms")
    return found


def _get(port: int, paths: Iterable[str]) -> list[bytes]:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    bodies = []
    for path in paths:
        link.request("GET", path)
        response = link.getresponse()
        bodies.append(response.read())
        if response.status not in (200, 204):
            raise BadInput(f"{path} answers {response.status}: {bodies[-1][:200]!r}")
    link.close()
    return bodies


def _count(port: int, paths: list[str]) -> int:
    """Features that the tiles stand for: cells by their counts; those of two tiles count twice."""
    import mapbox_vector_tile

    total = 0
    for body in _get(port, paths):
        if not body:
            continue
        for layer in mapbox_vector_tile.decode(body).values():
            for feature in layer["features"]:
                total += int(feature["properties"].get("count", 1))
    return total


def _load(made: Rig, port: int, paths: list[str], seconds: float, features: int) -> Served:
    """Ask from several connections at once, at least FEWEST times and for `seconds`."""
    took: list[float] = []
    sizes: list[int] = []
    lock = threading.Lock()
    begin, cpu = time.perf_counter(), made.cpu_s()
    order = iter(random.Random(0).choices(paths, k=1_000_000))

    def client() -> None:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        while True:
            with lock:
                if time.perf_counter() - begin > seconds and len(took) >= FEWEST:
                    break
                path = next(order)
            start = time.perf_counter()
            link.request("GET", path)
            response = link.getresponse()
            body = response.read()
            with lock:
                took.append(time.perf_counter() - start)
                sizes.append(len(body))
        link.close()

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = time.perf_counter() - begin
    cpu = made.cpu_s() - cpu
    cuts = statistics.quantiles(took, n=20)
    return Served(
        requests_s=len(took) / whole,
        p50_ms=1000 * statistics.median(took),
        p95_ms=1000 * cuts[18],
        cpu_ms=1000 * cpu / len(took),
        mean_kb=statistics.mean(sizes) / 1024,
        requests=len(took),
        features=features,
    )


def _complete(ours: dict[int, Served], tiles: dict[int, list[TileId]], rows: int) -> dict[str, Any]:
    """Whether the cells of each zoom whose tiles were all asked for stand for every row."""
    whole = (z for z in ZOOMS if z < GRID_BELOW and len(tiles[z]) < TILES_A_ZOOM)
    counted = {str(z): ours[z].features for z in whole}
    return {
        "rows": rows,
        "counted": counted,
        "ok": bool(counted) and all(count == rows for count in counted.values()),
    }


def _show(report: dict[str, Any]) -> None:
    print(f"{report['rows']['parcels']:,} parcels; {CLIENTS} clients; extent {EXTENT}")
    print("zoom      Song Sinh req/s p50 p95 ms       TiPg req/s p50 p95 ms  times  same content")
    for z, row in report["zooms"].items():
        a, b = row["song_sinh"], row["tipg"]
        print(
            f"z{z}  {a['requests_s']:12.1f} {a['p50_ms']:7.1f} {a['p95_ms']:7.1f}"
            f"  {b['requests_s']:12.1f} {b['p50_ms']:7.1f} {b['p95_ms']:7.1f}"
            f"  {row['times_tipg']:6.1f}  {row['times_same_content']:6.1f}"
        )
