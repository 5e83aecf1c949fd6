"""The clock, output, cancelling and the whole way from a case file to a folder of results."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.driver import Canceled, next_step, output_times, run
from simulation.flood.case import load_case
from simulation.flood.model import Flood
from simulation.flood.terrain import load_inputs
from simulation.protocol import Simulation, find
from simulation.results import Folder, open_results
from simulation.run import run_case
from twin.core.errors import BadInput, NotFound

ROOT = Path(__file__).resolve().parents[2]
SUMMARY = {
    "steps", "wall_s", "cpu_s", "cell_updates", "mass_error_rel", "initial_m3", "rain_m3",
    "inflow_m3", "outflow_m3", "stored_m3", "max_depth_m", "solver", "precision", "backend",
    "threads",
}  # fmt: skip

CASE = """
[grid]
dem = "dem.tif"
[run]
duration = "{duration}"
output_interval = 40
threads = 1
[rain]
rate = 100
[[boundary]]
edge = "south"
kind = "open"
[[gauge]]
name = "bridge"
x = 590055
y = 1859945
"""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    import rasterio
    from affine import Affine

    bed = np.add.outer(np.arange(20.0, 0, -1), np.abs(np.arange(-15.0, 15.0))) / 10
    bed[0, 0] = -9999
    with rasterio.open(
        tmp_path / "dem.tif",
        "w",
        driver="GTiff",
        width=30,
        height=20,
        count=1,
        dtype="float32",
        crs="EPSG:9212",
        transform=Affine(10, 0, 590000, 0, -10, 1860000),
        nodata=-9999,
    ) as file:
        file.write(bed.astype(np.float32), 1)
    path = tmp_path / "case.toml"
    path.write_text(CASE.format(duration="100s"))
    return path


@given(st.floats(0.1, 1e6), st.floats(0.01, 1e5))
def test_snapshots_start_at_0_and_end_with_the_run(duration, interval):
    if duration / interval > 1e4:
        return
    times = output_times(duration, interval)
    assert times[0] == 0
    assert times[-1] == duration
    gaps = np.diff(times)
    assert (gaps > 0).all()
    assert gaps.max() <= interval * (1 + 1e-9)


@given(st.floats(0, 100), st.floats(0.001, 100), st.floats(0.001, 10))
def test_steps_end_on_time_and_leave_no_sliver(now, rest, stable):
    due = now + rest
    step = next_step(now, due, stable)
    assert 0 < step <= stable or step == due - now
    left = due - now - step
    assert left == 0 or left >= 0.5 * step


def test_a_run_leaves_what_was_promised(case, tmp_path):
    import rasterio
    import xarray

    out = tmp_path / "out"
    reports = []
    summary = run_case(str(case), str(out), progress=lambda f, m: reports.append((f, m)))

    assert set(summary) == SUMMARY
    assert json.loads((out / "summary.json").read_text()) == summary
    assert sorted(p.name for p in out.iterdir()) == [
        "gauges.csv", "max_depth.tif", "results.zarr", "summary.json",
    ]  # fmt: skip
    assert reports[-1][0] == 1.0
    assert [f for f, _ in reports] == sorted(f for f, _ in reports)
    assert summary["rain_m3"] == pytest.approx(599 * 100 * 0.1 * 100 / 3600, rel=1e-6)
    assert abs(summary["mass_error_rel"]) <= 1e-6

    with xarray.open_zarr(out / "results.zarr", chunks=None) as found:
        assert found["time"].values.tolist() == [0, 40, 80, 100]
        assert found["depth"].dims == ("time", "y", "x")
        assert found["depth"].dtype == np.float32
        assert found["depth"].attrs["units"] == "m"
        assert found["depth"].attrs["standard_name"] == "flood_water_thickness"
        assert found["depth"].attrs["grid_mapping"] == "spatial_ref"
        assert found.attrs["Conventions"].startswith("CF-")
        assert "9212" in found["spatial_ref"].attrs["spatial_ref"]
        assert found["y"].values[0] == 1859995
        depth = found["depth"].values
        assert np.isnan(depth[:, 0, 0]).all()
        assert np.nansum(depth[0]) == 0
        highest = found["max_depth"].values
        assert np.nanmax(highest) == pytest.approx(np.nanmax(depth), rel=0.02)
        assert (highest[1:] >= depth.max(axis=0)[1:]).all()
        assert found["bed"].values[1, 1] == pytest.approx(1.9 + 1.4)
        bridge = found["gauge_depth"].values[:, 0]
        assert bridge == pytest.approx(depth[:, 5, 5])

    with rasterio.open(out / "max_depth.tif") as tif:
        assert tif.crs.to_epsg() == 9212
        band = tif.read(1, masked=True)
        assert band.mask[0, 0]
        np.testing.assert_array_equal(band.filled(np.nan), highest)

    rows = list(csv.DictReader((out / "gauges.csv").open()))
    assert list(rows[0]) == ["time_s", "name", "depth_m", "level_m", "speed_m_s"]
    assert [float(row["time_s"]) for row in rows] == [0, 40, 80, 100]
    bed = 1.5 + 1.0
    for row, depth_m in zip(rows, bridge, strict=True):
        assert float(row["depth_m"]) == pytest.approx(depth_m, rel=1e-4)
        assert float(row["level_m"]) == pytest.approx(bed + depth_m, rel=1e-4)


def test_results_go_to_any_file_system(case):
    url = "memory://storms/one"
    summary = run_case(str(case), url)
    with open_results(url) as found:
        assert found.sizes["time"] == 4
        assert float(found["max_depth"].max()) == pytest.approx(summary["max_depth_m"], rel=0.02)


def test_an_unknown_file_system_is_named():
    with pytest.raises(BadInput, match="nosuch://"):
        Folder("nosuch://bucket/run")


def test_a_canceled_run_leaves_no_result_even_over_an_older_one(case, tmp_path):
    out = tmp_path / "out"
    run_case(str(case), str(out))
    loaded = load_case(case)
    asked = iter([False] * 5 + [True] * 100)
    with pytest.raises(Canceled) as caught:
        run(
            Flood(),
            load_inputs(loaded),
            loaded.params,
            str(out),
            cancelled=lambda: next(asked),
        )
    assert caught.value.exit_code == 3
    assert not (out / "summary.json").exists()
    assert not list(out.glob("results.zarr*"))
    with pytest.raises(NotFound):
        open_results(str(out))


def test_sigterm_cancels_the_child_with_exit_code_3(case, tmp_path):
    case.write_text(CASE.format(duration="60d"))
    out = tmp_path / "out"
    child = subprocess.Popen(
        [sys.executable, "-m", "simulation.run", str(case), "--out", str(out), "--progress-json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = [json.loads(child.stdout.readline()) for _ in range(3)]
    child.send_signal(signal.SIGTERM)
    _, errors = child.communicate(timeout=60)

    assert child.returncode == 3
    assert "canceled" in errors
    assert len(errors.strip().splitlines()) == 1
    assert lines[1]["fraction"] < lines[2]["fraction"] < 1
    assert lines[2]["t"] > 0
    assert not (out / "results.zarr").exists()


def test_a_killed_child_leaves_nothing_that_looks_whole(case, tmp_path):
    case.write_text(CASE.format(duration="60d"))
    out = tmp_path / "out"
    child = subprocess.Popen(
        [sys.executable, "-m", "simulation.run", str(case), "--out", str(out), "--progress-json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 60
    while not (out / "results.zarr.partial").exists() and time.monotonic() < end:
        child.stdout.readline()
    child.kill()
    child.communicate()

    assert (out / "results.zarr.partial").exists()
    assert not (out / "results.zarr").exists()
    with pytest.raises(NotFound):
        open_results(str(out))
    # The next run starts clean.
    case.write_text(CASE.format(duration="100s"))
    run_case(str(case), str(out))
    assert not (out / "results.zarr.partial").exists()


NO_DJANGO = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("django", "psycopg", "celery", "redis"):
            raise ImportError(name + " must not be imported here")
sys.meta_path.insert(0, Blocker())
"""


def test_twin_flood_run_needs_no_django(case, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(NO_DJANGO)
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)

    def twin(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "twin.cli", *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    blocked = subprocess.run(
        [sys.executable, "-c", "import django"], env=environment, capture_output=True, check=False
    )
    assert blocked.returncode != 0, "the blocker must block"

    done = twin("flood", "run", str(case), "--out", "out", "--json", "--threads", "1")
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == SUMMARY

    case.write_text(case.read_text().replace("dem.tif", "gone.tif"))
    refused = twin("flood", "run", str(case), "--out", "out")
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: ")
    assert "gone.tif" in refused.stderr


def test_simulations_are_found_by_name():
    assert isinstance(find("flood"), Simulation)
    with pytest.raises(NotFound, match="flood"):
        find("fire")
