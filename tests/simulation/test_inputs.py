"""From form to case: the grid of an area, buildings as blocks, rivers at baseflow, exact files."""

from __future__ import annotations

import json
import tomllib

import numpy as np
import pytest
import rasterio
import shapely

from layers.models import Building, Road, WaterBody
from simulation import inputs
from simulation.baseflow import enter
from simulation.case_files import BLOCK, WATER, write_case
from simulation.flood.case import load_case
from simulation.flood.terrain import load_inputs
from simulation.forms import StormForm
from simulation.rasters import read_on, write_on
from simulation.results import Folder, open_results
from simulation.run import run_case
from simulation.storage import store
from tests.simulation.storms import NORTH, WEST, geos, grid_of, lonlat, publish_terrain, valley
from twin.core.errors import BadInput

pytestmark = pytest.mark.django_db

ROWS, COLS = 40, 50


@pytest.fixture
def bed(tmp_path, settings):
    settings.TWIN_DATA = tmp_path
    bed = valley(ROWS, COLS)
    publish_terrain(tmp_path, bed, grid_of(ROWS, COLS))
    return bed


def form(**changes) -> StormForm:
    return StormForm(**({"title": "test", "rain": {"total_mm": 50, "duration_s": 3600}} | changes))


def case_of(form: StormForm, folder):
    terrain = inputs.current_terrain()
    grid = inputs.model_grid(form, terrain)
    folder.mkdir()
    write_case(form, grid, terrain, folder)
    return grid, load_inputs(load_case(folder / "CASE.toml"))


def left_out(folder) -> np.ndarray:
    with rasterio.open(folder / "leave_out.tif") as source:
        return source.read(1)


def box(west: float, south: float, east: float, north: float) -> list[float]:
    """A box in meters from the terrain's north-western corner, in degrees."""
    corners = [lonlat(WEST + x, NORTH - y) for x in (west, east) for y in (south, north)]
    lons, lats = zip(*corners, strict=True)
    return [min(lons), min(lats), max(lons), max(lats)]


def test_cells_as_large_as_the_terrains_are_the_terrains_own(bed, tmp_path):
    grid, model = case_of(form(), tmp_path / "case")
    assert grid == grid_of(ROWS, COLS)
    np.testing.assert_array_equal(model.bed, bed.astype(np.float32))


def test_an_area_takes_whole_cells_and_what_lies_beyond_the_terrain_is_cut(bed, tmp_path):
    area = {"bbox": box(103, 152, 10_000, 48)}
    grid, model = case_of(form(area=area), tmp_path / "case")
    # A box in degrees is turned a little against the grid: it may touch one more cell.
    assert grid.bounds[2] == WEST + 10 * COLS
    assert WEST + 90 <= grid.bounds[0] <= WEST + 100
    row, col = round((NORTH - grid.bounds[3]) / 10), round((grid.bounds[0] - WEST) / 10)
    rows, cols = grid.shape
    np.testing.assert_array_equal(
        model.bed, bed[row : row + rows, col : col + cols].astype(np.float32)
    )


def test_larger_cells_hold_the_mean_of_the_terrain(bed, tmp_path):
    grid, model = case_of(form(cell_m=20), tmp_path / "case")
    assert grid.shape == (ROWS // 2, COLS // 2)
    means = bed.reshape(ROWS // 2, 2, COLS // 2, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(model.bed, means, atol=1e-3)


def test_rain_and_inflows_reach_the_case_exactly(bed, tmp_path):
    lon, lat = lonlat(WEST + 255, NORTH - 55)
    rain = {"kind": "series", "series": [[0, 30.1], [600, 7.7], [1200, 0]]}
    inflow = {"name": 'Hiếu "a"', "lon": lon, "lat": lat, "series": [[0, 0], [7200, 12.5]]}
    steady = {"name": "b", "lon": lon, "lat": lat, "discharge_m3_s": 3}
    asked = form(rain=rain, inflows=[inflow, steady], edges="closed", manning=0.05)
    _, model = case_of(asked, tmp_path / "case")
    case = model.case
    assert case.rain.total(0, 7200) * 1000 == pytest.approx((30.1 + 7.7) / 6, rel=1e-12)
    assert [found.name for found in case.inflows] == ['Hiếu "a"', "b"]
    assert case.inflows[0].discharge.total(0, 7200) == pytest.approx(45_000)
    assert case.inflows[1].discharge.at(100) == 3
    assert case.inflows[0].line[0] == pytest.approx((WEST + 255, NORTH - 55), abs=0.01)
    assert case.manning == 0.05 and {b.kind for b in case.boundaries} == {"closed"}
    assert (case.params.duration, case.params.output_interval) == (7200, 300)


def test_buildings_stand_as_blocks_but_never_close_a_street(bed, tmp_path):
    house = shapely.box(WEST + 100, NORTH - 150, WEST + 140, NORTH - 100)
    Building.objects.create(geom=geos(house, "area"))
    corner = shapely.box(WEST + 200, NORTH - 104, WEST + 204, NORTH - 100)  # 16 % of a cell
    Building.objects.create(geom=geos(corner, "area"))
    street = shapely.LineString([(WEST, NORTH - 125), (WEST + 500, NORTH - 125)])
    Road.objects.create(geom=geos(street, "line"))
    bridge = shapely.LineString([(WEST + 115, NORTH), (WEST + 115, NORTH - 400)])
    Road.objects.create(geom=geos(bridge, "line"), bridge=True)
    _, model = case_of(form(), tmp_path / "case")
    raised = model.bed - bed.astype(np.float32)
    expected = np.zeros((ROWS, COLS))
    expected[10:15, 10:14] = 5.0
    expected[12] = 0.0
    np.testing.assert_allclose(raised, expected, atol=1e-5)
    np.testing.assert_array_equal(left_out(tmp_path / "case") == BLOCK, expected > 0)
    for asked in (form(buildings="ignore"), form(cell_m=20)):
        name = f"case-{asked.cell_m:g}-{asked.buildings}"
        case_of(asked, tmp_path / name)
        assert not left_out(tmp_path / name).any()
    case_of(form(cell_m=20, buildings="raise"), tmp_path / "raised")
    assert left_out(tmp_path / "raised").any()


def test_permanent_water_is_left_out_and_carries_no_blocks(bed, tmp_path):
    pond = shapely.box(WEST + 300, NORTH - 350, WEST + 360, NORTH - 300)
    WaterBody.objects.create(geom=geos(pond, "area"), kind="pond")
    Building.objects.create(geom=geos(pond, "area"))
    case_of(form(), tmp_path / "case")
    found = left_out(tmp_path / "case")
    assert (found == WATER).sum() == 30 and (found == BLOCK).sum() == 0


def river(folder, bed: np.ndarray) -> None:
    """A river along row 20 from west to east, 5 cells wide, with 1 m of water."""
    (folder / "terrain").mkdir()
    level = np.full((ROWS, COLS), np.nan, np.float32)
    level[18:23] = bed[18:23] + 1.0
    write_on(folder / "terrain" / "water_level.tif", level, grid_of(ROWS, COLS))
    line = [lonlat(WEST + x, NORTH - 205) for x in (-500, 100, 300, 900)]
    said = {
        "level": "water_level.tif",
        "rivers": [{"name": "Hiếu", "discharge_m3_s": 40.0, "line": line}],
    }
    (folder / "terrain" / "baseflow.json").write_text(json.dumps(said))


def test_a_river_carries_its_baseflow_before_the_storm(bed, tmp_path):
    river(tmp_path, bed)
    _, model = case_of(form(), tmp_path / "case")
    assert (model.depth > 0).sum() == 5 * COLS
    np.testing.assert_allclose(model.depth[18:23], 1.0, atol=1e-4)
    [entry] = model.case.inflows
    assert entry.name == "Hiếu (baseflow)" and entry.discharge.at(0) == 40
    (x0, y0), (x1, y1) = entry.line
    assert x0 == pytest.approx(x1, abs=1) and x0 < WEST + 30  # across, at the western edge
    assert abs(y0 - y1) == pytest.approx(45, abs=6)
    inlet, outlet, *edges = model.case.boundaries
    assert len(edges) == 4 and inlet.slope < 1e-9 < outlet.slope
    for crossing, x in ((inlet, WEST + 5), (outlet, WEST + 10 * COLS - 5)):
        assert {round(px) for px, _ in crossing.line} == {x}
        assert sorted(round(NORTH - py) for _, py in crossing.line) == [185, 195, 205, 215, 225]
    assert (left_out(tmp_path / "case") == WATER).sum() == 5 * COLS
    _, dry = case_of(form(baseflow=False), tmp_path / "dry")
    assert not dry.case.inflows and not dry.depth.any()


def test_a_river_keeps_its_level_until_it_rains(tmp_path, settings):
    """A uniform channel at normal depth: an hour later as much leaves as enters."""
    settings.TWIN_DATA = tmp_path
    slope, depth, width, manning = 5e-4, 1.5, 5, 0.035
    i, j = np.mgrid[:ROWS, :COLS]
    bed = 5 - slope * 10 * j + np.where(np.abs(i - 20) <= 2, 0.0, 6.0)
    publish_terrain(tmp_path, bed, grid_of(ROWS, COLS))
    (tmp_path / "terrain").mkdir()
    level = np.where(np.abs(i - 20) <= 2, bed + depth, np.nan).astype(np.float32)
    write_on(tmp_path / "terrain" / "level.tif", level, grid_of(ROWS, COLS))
    discharge = width * 10 * depth ** (5 / 3) * slope**0.5 / manning
    line = [lonlat(WEST + x, NORTH - 205) for x in (-500, 900)]
    rivers = [{"name": "Hiếu", "discharge_m3_s": discharge, "line": line}]
    said = json.dumps({"level": "level.tif", "rivers": rivers})
    (tmp_path / "terrain" / "baseflow.json").write_text(said)
    rain = {"total_mm": 0.001, "duration_s": 600}
    asked = form(duration_s=3600, output_interval_s=3600, rain=rain, manning=manning)
    case_of(asked, tmp_path / "case")
    summary = run_case(str(tmp_path / "case" / "CASE.toml"), str(tmp_path / "out"))
    assert summary["outflow_m3"] == pytest.approx(summary["inflow_m3"], rel=0.05)
    with open_results(str(tmp_path / "out")) as dataset:
        first = dataset["depth"].isel(time=0).values
        last = dataset["depth"].isel(time=-1).values[18:23, 5:]
    assert summary["initial_m3"] == pytest.approx(depth * width * COLS * 100, rel=1e-3)
    assert summary["initial_m3"] == pytest.approx(np.nansum(first) * 100, rel=1e-6)
    came = summary["initial_m3"] + summary["rain_m3"] + summary["inflow_m3"]
    assert came - summary["outflow_m3"] == pytest.approx(summary["stored_m3"], abs=1e-6 * came)
    np.testing.assert_allclose(last, depth, rtol=0.07)


def test_a_river_outside_the_area_stays_outside(bed, tmp_path):
    level = np.ones((ROWS, COLS))
    course = np.array([lonlat(WEST + x, NORTH + 500) for x in (0, 500)])
    assert enter("far", 1.0, course, grid_of(ROWS, COLS), level) is None


def test_a_broken_baseflow_file_is_named(bed, tmp_path):
    river(tmp_path, bed)
    (tmp_path / "terrain" / "baseflow.json").write_text('{"level": "water_level.tif"}')
    with pytest.raises(BadInput, match=r"baseflow\.json is no baseflow file"):
        case_of(form(), tmp_path / "case")


def test_an_area_without_data_is_refused(tmp_path, settings):
    settings.TWIN_DATA = tmp_path
    bed = valley(ROWS, COLS)
    bed[:, 25:] = np.nan
    publish_terrain(tmp_path, bed, grid_of(ROWS, COLS))
    with pytest.raises(BadInput, match="holds no data in this area"):
        case_of(form(area={"bbox": box(350, 200, 450, 100)}), tmp_path / "case")


def test_a_title_cannot_break_the_case_file(bed, tmp_path):
    case_of(form(title='x"\n[grid] = 1'), tmp_path / "case")
    said = tomllib.loads((tmp_path / "case" / "CASE.toml").read_text())
    assert said["grid"]["vertical_datum"] == "Hon Dau 1972"


def test_a_raster_in_another_crs_and_without_nodata_ends_where_it_ends(tmp_path):
    """Beyond a raster there is nothing, not sea level."""
    grid = grid_of(ROWS, COLS)
    path = tmp_path / "dem.tif"
    west, south, east, north = inputs.transform_bounds(
        str(grid.crs), "EPSG:4326", grid.bounds[0], grid.bounds[1], WEST + 250, grid.bounds[3]
    )
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=30,
        height=40,
        count=1,
        dtype="uint8",
        crs="EPSG:4326",
        transform=rasterio.transform.from_bounds(west, south, east, north, 30, 40),
    ) as file:
        file.write(np.full((40, 30), 7, np.uint8), 1)
    values = read_on(str(path), grid)
    assert np.isnan(values[:, 27:]).all()
    assert (values[2:-2, 2:22] == 7).all()


def test_results_go_to_any_file_system(tmp_path):
    folder = tmp_path / "results"
    (folder / "results.zarr").mkdir(parents=True)
    (folder / "results.zarr" / "zarr.json").write_text("{}")
    (folder / "summary.json").write_text("{}")
    store(folder, "memory://bucket/runs/1")
    assert Folder("memory://bucket/runs/1").read("results.zarr/zarr.json") == b"{}"
    store(folder, f"file://{tmp_path}/elsewhere/runs/1")
    assert (tmp_path / "elsewhere/runs/1/results.zarr/zarr.json").read_text() == "{}"
    assert not folder.exists() and not list((tmp_path / "elsewhere/runs").glob(".*"))
