"""Runs under a real worker: done and published, canceled, killed, redelivered, out of disk."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import time
import zipfile
from datetime import timedelta

import numpy as np
import psutil
import pytest
import shapely
from django.test import Client
from django.utils import timezone

from layers.models import Building, Parcel, Road, Ward
from simulation import actions, reaper, storage
from simulation.forms import StormForm
from simulation.results import open_results
from simulation.scenarios import Impact, Run
from simulation.tasks import run_simulation
from tests.simulation.storms import (
    NORTH,
    WEST,
    geos,
    grid_of,
    lonlat,
    publish_terrain,
    valley,
)
from tests.simulation.workers import PROJECT, wait_for, wait_until, working
from twin.core.products import RasterProduct
from twin.core.users import set_user

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = COLS = 60
MIDDLE = WEST + 300
STORM = {
    "title": "Mưa lớn",
    "cell_m": 10,
    "duration_s": 3600,
    "output_interval_s": 600,
    "rain": {"kind": "design", "total_mm": 80, "duration_s": 1800, "pattern": "chicago"},
    "edges": "closed",
}
ENDLESS = STORM | {
    "title": "Endless",
    "duration_s": 10 * 86400,
    "output_interval_s": 86400,
    "rain": {"kind": "uniform", "total_mm": 1000, "duration_s": 9 * 86400},
}


@pytest.fixture
def twin(tmp_path, settings):
    """A valley with a street along and one across, a bridge, a house, two parcels and a ward."""
    settings.TWIN_DATA = tmp_path
    settings.TWIN_RESULTS = str(tmp_path / "results")
    publish_terrain(tmp_path, valley(ROWS, COLS), grid_of(ROWS, COLS))
    along = shapely.LineString([(MIDDLE + 5, NORTH - 50), (MIDDLE + 5, NORTH - 590)])
    Road.objects.create(name="Đường Hùng Vương", geom=geos(along, "line"))
    across = shapely.LineString([(WEST + 20, NORTH - 520), (WEST + 580, NORTH - 520)])
    Road.objects.create(name="Cầu", bridge=True, geom=geos(across, "line"))
    for x, name in ((MIDDLE - 40, "house in the valley"), (WEST + 20, "house on the hill")):
        y = NORTH - (525 if x > WEST + 100 else 100)
        lot = shapely.box(x, y - 25, x + 30, y + 25)
        Parcel.objects.create(
            former_commune="Phường 1", map_sheet=1, parcel_number=int(x), geom=geos(lot, "area")
        )
        Building.objects.create(name=name, geom=geos(shapely.buffer(lot, -5), "area"))
    whole = shapely.box(WEST - 50, NORTH - 650, WEST + 650, NORTH + 50)
    Ward.objects.create(name="Phường 1", former=True, geom=geos(whole, "area"))
    set_user("hoa", "a good password", roles=["flood_officer"])
    return tmp_path


def ask(form: dict) -> Run:
    return actions.request_run(form=StormForm(**form), requested_by="hoa")


def runners() -> list[psutil.Process]:
    """Headless runs on this machine that compute one of our folders."""
    root = str(storage.scratch_root())
    found = psutil.process_iter(["cmdline"])
    return [process for process in found if root in " ".join(process.info["cmdline"] or [])]


def test_a_storm_runs_to_its_end_and_is_published_whole(twin, services):
    client = Client()
    client.login(username="hoa", password="a good password")
    with working(services, twin) as worker:
        answer = client.post("/api/runs", json.dumps(STORM), "application/json")
        run_id = answer.json()["id"]
        run = wait_for(run_id, "done", "failed", worker=worker)
    assert run.status == "done", run.error
    told = client.get(f"/api/runs/{run_id}").json()
    assert told["progress"] == 1 and told["error"] is None

    # One raindrop's way: form -> rates -> case -> kernel -> summary; nothing left the closed model.
    fallen = 80e-3 * ROWS * COLS * 100
    assert told["summary"]["rain_m3"] == pytest.approx(fallen, rel=1e-6)
    assert told["summary"]["stored_m3"] == pytest.approx(fallen, rel=1e-5)
    assert abs(told["summary"]["mass_error_rel"]) <= 1e-6

    with open_results(run.results) as dataset:
        depth = dataset["max_depth"].values
        assert dataset.sizes["time"] == 7
        last = dataset["depth"].isel(time=-1).values
    assert depth.shape == (ROWS, COLS) and depth.max() > 0.5

    kinds = {product["kind"]: product for product in told["products"]}
    assert kinds.keys() == {"max_depth", "depth_frames"}
    assert kinds["depth_frames"]["frames"]["times_s"] == [600 * k for k in range(7)]
    assert all(not product.public for product in RasterProduct.objects.filter(run_id=run_id))

    row, col = np.unravel_index(last.argmax(), last.shape)
    lon, lat = lonlat(WEST + 10 * col + 5, NORTH - 10 * row - 5)
    point = client.get(f"/api/runs/{run_id}/point?lon={lon}&lat={lat}").json()
    assert point["inside"] and point["times_s"][-1] == 3600
    assert point["depth_m"][-1] == pytest.approx(last.max(), abs=1e-3)
    assert point["level_m"][-1] == pytest.approx(point["bed_m"] + last.max(), abs=2e-3)
    assert point["vertical_datum"] == "Hon Dau 1972"
    assert client.get(f"/api/runs/{run_id}/point?lon=0&lat=0").json()["inside"] is False

    check_impacts(client, run, depth)
    check_case(client, run, twin, depth)
    assert list(storage.scratch_names()) == []

    client.delete(f"/api/runs/{run_id}")
    assert not RasterProduct.objects.filter(run_id=run_id).exists()
    assert not (twin / "results" / "runs" / run_id).exists()


def check_impacts(client: Client, run: Run, depth: np.ndarray) -> None:
    """The street's wet length by class is that of the column it runs along."""
    table = client.get(f"/api/runs/{run.id}/impacts").json()
    assert [level["from_m"] for level in table["classes"]] == [0.1, 0.3, 0.5, 1.0, 2.0]
    edges = [0.1, 0.3, 0.5, 1.0, 2.0, np.inf]
    # The street starts and ends in the middle of nothing: 50 m to 590 m from the northern edge.
    column = depth[5:59, 30]
    expected = {k: 10.0 * ((column >= edges[k]) & (column < edges[k + 1])).sum() for k in range(5)}
    found = {row["class"]: row["length_m"] for row in table["rows"] if row["layer"] == "roads"}
    assert found == {k: pytest.approx(v, abs=0.5) for k, v in expected.items() if v}
    assert sum(row["count"] for row in table["rows"] if row["layer"] == "roads") == 1
    for layer in ("buildings", "parcels"):
        assert sum(row["count"] for row in table["rows"] if row["layer"] == layer) == 1
    assert {row["ward"] for row in table["rows"]} == {"Phường 1"} and table["wards"] == "former"
    assert "Cầu" not in {f["name"] for f in features(client, run, "roads")}
    [house] = features(client, run, "buildings")
    assert house["name"] == "house in the valley" and house["arrival_s"] > 0
    text = client.get(f"/api/runs/{run.id}/impacts.csv?lang=vi").content
    assert text.startswith(b"\xef\xbb\xbf")
    lines = text.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Phường, xã;Lớp;Độ sâu từ (m)")
    assert len(lines) == 1 + len(table["rows"]) and lines[1].startswith("Phường 1;")
    rows = list(csv.DictReader(lines, delimiter=";"))
    deepest = {row["Độ sâu từ (m)"] for row in rows}
    assert deepest <= {"0,1", "0,3", "0,5", "1", "2"} and any("," in edge for edge in deepest)
    english = client.get(f"/api/runs/{run.id}/impacts.csv?lang=en").content
    assert english.startswith(b"\xef\xbb\xbf")
    in_english = list(csv.DictReader(english.decode("utf-8-sig").splitlines()))
    assert {row["Depth from (m)"] for row in in_english} == {e.replace(",", ".") for e in deepest}


def features(client: Client, run: Run, layer: str) -> list[dict]:
    return client.get(f"/api/runs/{run.id}/impacts/{layer}").json()["features"]


def check_case(client: Client, run: Run, folder, depth: np.ndarray) -> None:
    """The downloaded case gives the same water on a machine that knows no twin."""
    packed = client.get(f"/api/runs/{run.id}/case.zip")
    zipfile.ZipFile(io.BytesIO(packed.content)).extractall(folder / "again")
    command = [sys.executable, "-m", "simulation.run", str(folder / "again" / "case" / "CASE.toml")]
    out = folder / "again" / "out"
    subprocess.run([*command, "--out", str(out)], check=True, cwd=PROJECT, timeout=120)
    with open_results(str(out)) as again:
        np.testing.assert_array_equal(again["max_depth"].values, depth)


def test_cancel_kill_and_the_next_worker(twin, services):
    with working(services, twin) as worker:
        run = ask(ENDLESS)
        wait_for(run.id, "running", worker=worker)
        wait_until(runners, lambda: worker.log.read_text())
        actions.cancel_run(run_id=run.id, canceled_by="hoa")
        wait_until(lambda: not runners(), lambda: "the canceled run still computes", 10)
        run.refresh_from_db()
        assert (run.status, run.message["en"]) == ("canceled", "Canceled by hoa")

        # The same worker takes the next run; now the machine kills it.
        run = ask(ENDLESS)
        wait_for(run.id, "running", worker=worker)
        wait_until(runners, lambda: worker.log.read_text())
        family = worker.family()
        worker.kill()
        _, alive = psutil.wait_procs(family, timeout=5)
        assert not alive and not runners()
    Run.objects.filter(id=run.id).update(heartbeat_at=timezone.now() - timedelta(minutes=1))
    with working(services, twin, "two") as second:  # it reaps as it starts
        failed = wait_for(run.id, "failed", worker=second)
        assert failed.error["en"] == "The worker that computed this run stopped; run it again"
        assert not RasterProduct.objects.exclude(kind="terrain").exists()
        assert not Impact.objects.exists()
        assert failed.results is None and failed.summary is None
        # Redis gives the message of the dead worker to another one: nothing happens.
        run_simulation.apply_async([str(run.id)])
        after = wait_for(ask(STORM).id, "done", "failed", worker=second)
        assert after.status == "done", after.error
        assert Run.objects.get(id=run.id).status == "failed"
        Run.objects.filter(id=run.id).update(finished_at=timezone.now() - timedelta(minutes=2))
        reaper.sweep()
        assert list(storage.scratch_names()) == []


def test_a_worker_that_is_shut_down_says_so_and_leaves_at_once(twin, services):
    with working(services, twin) as worker:
        run = ask(ENDLESS)
        wait_for(run.id, "running", worker=worker)
        wait_until(runners, lambda: worker.log.read_text())
        began = time.monotonic()
        worker.stop()
        assert time.monotonic() - began < 15
        assert worker.process.returncode == 0
    run.refresh_from_db()
    assert run.status == "failed" and "was shut down; run it again" in run.error["en"]
    assert not runners()


def test_what_stops_a_run_is_told_in_words(twin, services, monkeypatch):
    """The worker's code in this process: a full disk, too little memory, a lost terrain."""
    monkeypatch.setattr(actions, "send", lambda run_id: None)

    def failing(error: BaseException, step: str = "make_scratch") -> Run:
        def fail(*args, **kwargs):
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(storage, step, fail)
            run = ask(STORM | {"duration_s": 600, "rain": {"total_mm": 5, "duration_s": 300}})
            run_simulation(str(run.id))
        run.refresh_from_db()
        assert run.status == "failed"
        return run

    full = OSError(28, "No space left on device")
    assert "disk for results is full" in failing(full, "store").error["en"]
    no_memory = failing(MemoryError()).error
    assert "take larger cells" in no_memory["en"] and "dùng ô lớn hơn" in no_memory["vi"]
    assert "Tell the administrator" in failing(RuntimeError("?")).error["en"]
    assert not RasterProduct.objects.filter(kind="max_depth").exists()
    run = ask(STORM)
    RasterProduct.objects.filter(kind="terrain").delete()
    run_simulation(str(run.id))
    run.refresh_from_db()
    assert run.status == "failed" and "twin import dem FILE" in run.error["en"]
    assert run.error["vi"].startswith("Chưa có địa hình")
