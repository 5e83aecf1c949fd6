"""A storm over Porto Alegre, from two files to a table of wet streets, without a browser.

An administrator imports the streets and a DEM in degrees; an officer logs in over HTTP, runs a
storm on a part of the city, follows it, and takes the table home.
"""

from __future__ import annotations

import csv
import http.cookiejar
import io
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
import xarray

from tests.journeys.conftest import ROOT, LocalTwin, start_twin, stop_twin
from twin.core.crs import WGS84, transformer

AREA = [-51.215, -30.06, -51.185, -30.035]
CRS = "EPSG:32722"
PASSWORD = "a good password"


class Officer:
    """A browser's manners without its window: cookies and the CSRF header."""

    def __init__(self, url: str):
        self.url = url
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(cookies)
        self.csrf = ""

    def ask(self, path: str, body: Any = None) -> bytes:
        """GET, or POST where there is a body; HTTPError with the answer's words otherwise."""
        request = urllib.request.Request(self.url + path)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
            request.add_header("X-CSRFToken", self.csrf)
        with self.opener.open(request, timeout=60) as answer:
            return answer.read()

    def json(self, path: str, body: Any = None) -> Any:
        return json.loads(self.ask(path, body))

    def log_in(self, name: str) -> None:
        self.csrf = self.json("/api/session")["csrf"]
        login = {"username": name, "password": PASSWORD}
        self.csrf = self.json("/api/session", login)["csrf"]

    def wait_for(self, run_id: str, patience: float = 240) -> dict:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            run = self.json(f"/api/runs/{run_id}")
            if run["status"] not in ("queued", "running"):
                return run
            time.sleep(0.5)
        raise AssertionError(f"still {run['status']} ({run['message']}) after {patience:.0f} s")


@pytest.fixture(scope="module")
def porto_alegre(shared_data):
    twin = start_twin("twin-poa-")
    try:
        files = shared_data / "city/porto_alegre"
        twin.command("import", "osm", str(files / "poa_osm.pbf"))
        dem = str(files / "poa_elevation.tif")
        assert "metric" in refused(twin, "import", "dem", dem)
        twin.command("import", "dem", dem, "--crs", CRS, "--vertical-datum", "EGM96")
        add_user(twin, "ana", "flood_officer")
        yield twin
    finally:
        stop_twin(twin)


def refused(twin: LocalTwin, *words: str) -> str:
    done = twin_command(twin, *words)
    assert done.returncode == 2
    return done.stderr


def add_user(twin: LocalTwin, name: str, role: str) -> None:
    words = ("user", "add", name, "--role", role, "--password-stdin")
    assert twin_command(twin, *words, say=PASSWORD).returncode == 0


def twin_command(twin: LocalTwin, *words: str, say: str = "") -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "twin.cli", *words]
    return subprocess.run(
        command, env=twin.environment, cwd=ROOT, input=say, capture_output=True, text=True
    )


@pytest.mark.slow
def test_a_storm_over_porto_alegre(porto_alegre):
    ana = Officer(porto_alegre.url)
    ana.log_in("ana")
    storm = {
        "title": "Chuva de outubro",
        "area": {"bbox": AREA},
        "cell_m": 30,
        "duration_s": 7200,
        "output_interval_s": 1200,
        "rain": {
            "kind": "design",
            "total_mm": 120,
            "duration_s": 3600,
            "pattern": "chicago",
            "peak": 0.4,
        },
        "inflows": [{"name": "arroio", "lon": -51.2, "lat": -30.05, "discharge_m3_s": 5}],
        "manning": 0.035,
        "edges": "open",
    }
    run = ana.wait_for(ana.json("/api/runs", storm)["id"])
    assert run["status"] == "done", run["error"]
    summary = run["summary"]
    assert abs(summary["mass_error_rel"]) < 1e-6
    assert summary["inflow_m3"] == pytest.approx(5 * 7200, rel=1e-4)
    assert summary["outflow_m3"] > 0

    impacts = ana.json(f"/api/runs/{run['id']}/impacts")
    roads = [row for row in impacts["rows"] if row["layer"] == "roads"]
    wet_m = sum(row["length_m"] for row in roads)
    assert sum(row["count"] for row in roads) > 20
    assert wet_m == pytest.approx(wet_length(ana, porto_alegre, run), rel=0.002)
    assert wet_m > 1000

    text = ana.ask(f"/api/runs/{run['id']}/impacts.csv?lang=en").decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text)))
    assert len(table) == len(impacts["rows"])
    in_csv = sum(float(row["Length (m)"]) for row in table if row["Layer"] == "Roads")
    assert in_csv == pytest.approx(wet_m, abs=len(roads))

    deepest = ana.json(f"/api/runs/{run['id']}/impacts/roads")["features"][0]
    assert AREA[0] - 0.05 < deepest["center"][0] < AREA[2] + 0.05
    frames = next(p["frames"] for p in run["products"] if p["kind"] == "depth_frames")
    assert frames["times_s"][-1] == 7200
    values = np.frombuffer(ana.ask(frames["url"]), "<f2")
    assert values.size == len(frames["times_s"]) * frames["width"] * frames["height"]
    assert np.nanmax(values) > 0.3
    with pytest.raises(urllib.error.HTTPError):
        Officer(porto_alegre.url).ask(f"/api/runs/{run['id']}")


def wet_length(ana: Officer, twin: LocalTwin, run: dict) -> float:
    """Length of street in water of 0.1 m and more, by shapely from the API's own features."""
    case = zipfile.ZipFile(io.BytesIO(ana.ask(f"/api/runs/{run['id']}/case.zip")))
    with rasterio.MemoryFile(case.read("case/leave_out.tif")) as file, file.open() as source:
        left_out = source.read(1) != 0
        transform = source.transform
        crs = str(source.crs)
    store = twin.data / "results" / "runs" / run["id"] / "results.zarr"
    with xarray.open_zarr(store, consolidated=False, chunks=None) as dataset:
        wet = (dataset["max_depth"].values >= 0.1) & ~left_out
    boxes = []
    for row, col in zip(*np.nonzero(wet), strict=True):
        west, north = transform @ (col, row)
        boxes.append(shapely.box(west, north + transform.e, west + transform.a, north))
    water = shapely.union_all(boxes)
    ring = run["area"]["coordinates"][0]
    bbox = ",".join(str(f(p[k] for p in ring)) for f, k in ((min, 0), (min, 1), (max, 0), (max, 1)))
    lines = []
    path = f"/api/layers/roads/items?bbox={bbox}&limit=1000"
    while path:
        page = ana.json(path)
        for feature in page["features"]:
            said = feature["properties"]
            if not (said["bridge"] or said["tunnel"] or said["level"]):
                lines.append(shapely.geometry.shape(feature["geometry"]))
        path = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    to_model = transformer(WGS84, crs)
    moved = shapely.transform(
        np.array(lines), lambda xy: np.column_stack(to_model.transform(xy[:, 0], xy[:, 1]))
    )
    return float(shapely.length(shapely.intersection(moved, water)).sum())
