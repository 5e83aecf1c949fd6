"""Case files: what they may say, and how every mistake is answered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.flood.case import load_case
from simulation.flood.model import Flood
from simulation.flood.series import Series, make_series, parse_duration
from simulation.flood.terrain import load_inputs
from simulation.launch import open_device
from twin.core.errors import BadInput

GOOD = """
[grid]
dem = "dem.tif"
[run]
duration = "1h"
output_interval = "10min"
"""


def write_dem(path: Path, crs: str | None = "EPSG:9212", cell: float = 10.0) -> None:
    import rasterio
    from rasterio.transform import from_origin

    origin = (590000, 1860000) if crs != "EPSG:4326" else (107.1, 16.8)
    values = np.add.outer(np.arange(20.0), np.arange(30.0))
    values[0, 0] = -9999
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=30,
        height=20,
        count=1,
        dtype="float32",
        crs=crs,
        transform=from_origin(*origin, cell, cell),
        nodata=-9999,
    ) as file:
        file.write(values.astype(np.float32), 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_dem(tmp_path / "dem.tif")
    (tmp_path / "rain.csv").write_text("time_s,mm_per_h\n0,10\n1800,60\n3600,0\n")
    (tmp_path / "short.csv").write_text("time_s,mm_per_h\n0,10\n1800,60\n")
    (tmp_path / "river.csv").write_text("time_s,m3_per_s\n0,1\n3600,5\n")
    return tmp_path


def case_file(folder: Path, text: str) -> Path:
    path = folder / "case.toml"
    path.write_text(text)
    return path


def refused(folder: Path, text: str) -> str:
    path = case_file(folder, text)
    with pytest.raises(BadInput) as caught:
        case = load_case(path)
        inputs = load_inputs(case)
        Flood().start(inputs, case.params, open_device("python"))
    assert caught.value.exit_code == 2
    return caught.value.message


def test_a_full_case_is_read(folder):
    case = load_case(
        case_file(
            folder,
            GOOD
            + """
            precision = "float64"
            threads = 1
            [roughness]
            manning = 0.05
            [rain]
            series = "rain.csv"
            [[inflow]]
            name = "river"
            x = 590105
            y = 1859905
            series = "river.csv"
            [[inflow]]
            name = "weir"
            line = [[590005, 1859905], [590105, 1859905]]
            discharge = 3
            [[boundary]]
            edge = "west"
            kind = "open"
            slope = 0.01
            [[boundary]]
            edge = "east"
            kind = "stage"
            level = 12
            [initial]
            level = 5
            [[gauge]]
            name = "bridge"
            x = 590105
            y = 1859905
            """,
        )
    )
    assert case.params.duration == 3600
    assert case.params.precision == "float64"
    assert case.manning == 0.05
    assert case.rain.total(0, 3600) == pytest.approx((10 * 0.5 + 60 * 0.5) / 1000)
    assert case.inflows[0].discharge.total(0, 3600) == pytest.approx(3 * 3600)
    assert case.boundaries[0].slope == 0.01
    inputs = load_inputs(case)
    assert inputs.grid.shape == (20, 30)
    assert np.isnan(inputs.bed[0, 0])
    assert inputs.depth[0, 1] == pytest.approx(4.0)
    state = Flood().start(inputs, case.params, open_device("python"))
    # The weir's 3 m³/s are the whole line's: shared by its 11 cells.
    shares = state.inflows.shares[:, 1]
    assert (shares > 0).sum() == 11
    assert shares.sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("[run]", "[rnu]"), ["[rnu]", "not a known table", "run"]),
        (("duration", "durration"), ["durration", "not a known key", "output_interval"]),
        (('"1h"', "-5"), ["duration = -5", "above 0"]),
        (('"1h"', '"1 week"'), ["1 week", '"5min"']),
        (('"1h"', "true"), ["duration = True"]),
        (('"10min"', '"2h"'), ["output_interval", "longer than the run"]),
        (("dem.tif", "nowhere.tif"), ["nowhere.tif", "there is no file"]),
        (("dem.tif", "rain.csv"), ["rain.csv", "no raster"]),
        (("[run]", '[run]\nprecision = "half"'), ["half", "float32"]),
        (("[run]", '[run]\nsolver = "magic"'), ["magic", "inertial"]),
        (("[run]", '[run]\nbackend = "abacus"'), ["abacus", "numba"]),
        (("[run]", "[run]\nthreads = 1.5"), ["threads = 1.5", "whole"]),
        (("[grid]", '[grid]\ncrs = "EPSG:0"'), ["EPSG:0"]),
        (("[grid]", '[grid]\ncrs = "EPSG:3405"'), ["VN-2000", "cell_m"]),
        (("[grid]", "[grid]\ncell_m = 10\nbounds = [0, 0, 100, 100]"), ["outside the DEM"]),
        (("[grid]", "[grid]\nbounds = [5, 0, 1, 1]"), ["west < east"]),
    ],
)
def test_mistakes_in_grid_and_run_are_named(folder, change, words):
    message = refused(folder, GOOD.replace(*change))
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[rain]\nseries = "short.csv"', ["short.csv", "1800 s", "3600 s", "extend"]),
        ('[rain]\nseries = "gone.csv"', ["gone.csv", "no file"]),
        ('[rain]\nseries = "river.csv"', ["mm_per_h", "m3_per_s"]),
        ('[rain]\nseries = "rain.csv"\nrate = 3', ["can't stand beside"]),
        ("[rain]\nrate = -3", ["rate = -3", "at least 0"]),
        ('[rain]\nrate = "wet"', ["'wet'", "number"]),
        ("[roughness]\nmanning = -1", ["manning = -1"]),
        ("[initial]\nlevel = 1\ndepth = 1", ["can't stand beside"]),
        ('[[gauge]]\nname = "g"\nx = 0\ny = 0', ['"g"', "outside the grid", "590000"]),
        (
            '[[gauge]]\nname = "g"\nx = 6675249.5\ny = 1',
            ["x = 6675249.5, y = 1 lies", "y 1859800 to 1860000"],
        ),
        ('[[gauge]]\nname = "g"\nx = 590005\ny = 1859995', ['"g"', "no data"]),
        ('[[gauge]]\nname = "g"\nx = 590005', ["y", "missing"]),
        ('[gauge]\nname = "g"', ["[[gauge]]"]),
        ('[[inflow]]\nname = "r"\nx = 1\ny = 1\ndischarge = 1', ['"r"', "outside the grid"]),
        ('[[inflow]]\nname = "r"\nx = 590005\ny = 1859905', ["discharge", "series"]),
        ('[[boundary]]\nedge = "up"\nkind = "open"', ["'up'", "north"]),
        ('[[boundary]]\nedge = "north"\nkind = "stage"', ["level", "series"]),
        ('[[boundary]]\nedge = "north"\nkind = "closed"\nslope = 0.1', ["slope", "open"]),
        ('[[boundary]]\nkind = "open"', ["edge or line"]),
        ('[[boundary]]\nline = [[1, 2]]\nkind = "open"', ["two points"]),
    ],
)
def test_mistakes_in_the_water_are_named(folder, text, words):
    message = refused(folder, GOOD + text)
    assert "case.toml" in message
    for word in words:
        assert word in message


def test_a_dem_in_degrees_is_refused_with_the_way_out(folder):
    write_dem(folder / "dem.tif", crs="EPSG:4326", cell=1e-4)
    message = refused(folder, GOOD)
    assert "degrees" in message
    assert 'crs = "EPSG:32648"' in message

    # The way out works.
    way_out = GOOD.replace("[grid]", '[grid]\ncrs = "EPSG:32648"\ncell_m = 10')
    inputs = load_inputs(load_case(case_file(folder, way_out)))
    assert inputs.grid.crs == "EPSG:32648"
    assert inputs.grid.cell_size == (10, 10)
    assert np.nanmax(inputs.bed) == pytest.approx(48.0, abs=1.5)


def test_a_dem_without_crs_must_be_called_local(folder):
    write_dem(folder / "dem.tif", crs=None)
    assert 'crs = "local"' in refused(folder, GOOD)
    local = GOOD.replace("[grid]", '[grid]\ncrs = "local"')
    assert load_inputs(load_case(case_file(folder, local))).grid.crs is None


def test_a_window_of_the_dem_keeps_its_cells(folder):
    window = GOOD.replace("[grid]", "[grid]\nbounds = [590100, 1859850, 590200, 1859950]")
    whole = load_inputs(load_case(case_file(folder, GOOD)))
    part = load_inputs(load_case(case_file(folder, window)))
    assert part.grid.bounds == (590100, 1859850, 590200, 1859950)
    assert part.bed == pytest.approx(whole.bed[5:15, 10:20])


@given(st.floats(0.01, 1e6), st.sampled_from([("s", 1), ("min", 60), ("h", 3600), ("d", 86400)]))
def test_durations_carry_their_unit(number, unit):
    name, seconds = unit
    text = f"{number:.4f}"
    expected = float(text) * seconds
    assert parse_duration(f"{text}{name}") == pytest.approx(expected)
    assert parse_duration(f" {text} {name} ") == pytest.approx(expected)
    assert parse_duration(expected) == expected


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_is_refused_in_words(text):
    try:
        assert parse_duration(text) > 0
    except BadInput as error:
        assert "duration" in error.message


POINTS = st.lists(st.tuples(st.integers(1, 1000), st.floats(0, 1e3)), min_size=1, max_size=8).map(
    lambda pairs: [
        (sum(gap for gap, _ in pairs[: k + 1]) - pairs[0][0], value)
        for k, (_, value) in enumerate(pairs)
    ]
)


@given(POINTS, st.booleans(), st.floats(0, 5000), st.floats(0, 5000))
def test_totals_add_up_and_lie_between_the_extremes(points, blocks, a, b):
    series = make_series(points, blocks=blocks, name="test")
    start, end = sorted((a, b))
    middle = (start + end) / 2
    total = series.total(start, end)
    assert total == pytest.approx(
        series.total(start, middle) + series.total(middle, end), rel=1e-9, abs=1e-6
    )
    values = [value for _, value in points]
    assert min(values) * (end - start) - 1e-6 <= total <= max(values) * (end - start) + 1e-6
    assert series.highest(start, end) >= series.at(middle)


def test_blocks_hold_and_lines_join():
    assert Series([0, 10], [1, 3], blocks=True).total(0, 20) == 10 + 30
    assert Series([0, 10], [1, 3]).total(0, 20) == 20 + 30
    assert Series([0, 10], [1, 3]).at(5) == 2
