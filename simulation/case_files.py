"""Writes a run's folder: a storm form and its grid come in, CASE.toml with its inputs goes out.

`twin flood run CASE.toml` repeats the run exactly, on a machine without the twin. Beside the inputs
lies `leave_out.tif`, which the flood doesn't read: 1 where a building was raised, 2 on permanent
water; the impacts leave both out.

Buildings stand as blocks where streets are resolved (cells of at most 10 m): a cell covered by
more than half is raised by 5 m, unless a street runs through it. Blocks give flood extents as
good as holes or drag laws (Schubert and Sanders 2012, doi:10.1016/j.advwatres.2012.02.012) and
lose no rain: what falls on a roof runs off it. In larger cells blocks would close the streets.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
from django.conf import settings
from psycopg import sql as psql

from simulation.baseflow import Baseflow, read_baseflow
from simulation.forms import Series, StormForm
from simulation.inputs import Terrain, outline
from simulation.rasters import covered, from_wkb, read_on, touched, write_on
from twin.core import sql
from twin.core.crs import WGS84, transformer
from twin.core.errors import BadInput
from twin.core.features import layer_named
from twin.core.grid import Grid

CASE = "CASE.toml"
LEAVE_OUT = "leave_out.tif"
BLOCK, WATER = 1, 2
BLOCK_M = 5.0
COARSEST_BLOCKS_M = 10.0
STREETS = "NOT f.tunnel AND NOT f.bridge AND coalesce(f.level, 0) = 0"


def write_case(form: StormForm, grid: Grid, terrain: Terrain, folder: Path) -> None:
    """Write CASE.toml and all that it names into an empty folder; raises BadInput."""
    bed = read_on(terrain.location, grid)
    if np.isnan(bed).all():
        raise BadInput(
            "The terrain holds no data in this area; choose another",
            vi="Địa hình không có số liệu trong phạm vi này; hãy chọn phạm vi khác",
            field="area",
        )
    baseflow = None
    if form.baseflow:
        baseflow = read_baseflow(Path(settings.TWIN_DATA) / "terrain", grid, bed)
    water = covered(shapes("water_bodies", grid, terrain), grid)
    if baseflow:
        water |= ~np.isnan(baseflow.level)
        write_on(folder / "initial_level.tif", baseflow.level.astype(np.float32), grid)
    blocks = _blocks(form, grid, terrain) & ~water
    write_on(folder / "dem.tif", np.where(blocks, bed + np.float32(BLOCK_M), bed), grid)
    leave_out = np.zeros(grid.shape, np.uint8)
    leave_out[blocks], leave_out[water] = BLOCK, WATER
    write_on(folder / LEAVE_OUT, leave_out, grid)
    (folder / CASE).write_text(_toml(form, grid, terrain, baseflow, folder), "utf-8")


def shapes(layer: str, grid: Grid, terrain: Terrain, condition: str = "TRUE") -> np.ndarray:
    """Shapely geometries of a layer's features on the grid, in the grid's CRS."""
    query = sql.compose(
        "simulation",
        "shapes",
        table=sql.ident(layer_named(layer).table),
        condition=psql.SQL(condition),  # type: ignore[arg-type]  # one of this module's constants
    )
    area = json.dumps({"type": "Polygon", "coordinates": [outline(grid)]})
    return from_wkb(sql.execute(query, [terrain.epsg, area]))


def _blocks(form: StormForm, grid: Grid, terrain: Terrain) -> np.ndarray:
    wanted = form.buildings
    if wanted == "ignore" or (wanted == "auto" and form.cell_m > COARSEST_BLOCKS_M):
        return np.zeros(grid.shape, bool)
    streets = touched(shapes("roads", grid, terrain, STREETS), grid)
    return covered(shapes("buildings", grid, terrain), grid) & ~streets


def _toml(
    form: StormForm, grid: Grid, terrain: Terrain, baseflow: Baseflow | None, folder: Path
) -> str:
    lines = [
        f"# {form.title}".replace("\n", " "),
        "[grid]",
        'dem = "dem.tif"',
        f"crs = {_text(str(grid.crs))}",
    ]
    if terrain.vertical_datum:
        lines.append(f"vertical_datum = {_text(terrain.vertical_datum)}")
    lines += [
        "",
        "[run]",
        f"duration = {form.duration_s!r}",
        f"output_interval = {form.output_interval_s!r}",
        "",
        "[roughness]",
        f"manning = {form.manning!r}",
    ]
    rates = form.rain.rates()
    if any(rate for _, rate in rates):
        _write_series(folder / "rain.csv", "mm_per_h", _until(rates, form.duration_s))
        lines += ["", "[rain]", 'series = "rain.csv"']
    if baseflow:
        lines += ["", "[initial]", 'level = "initial_level.tif"']
    lines += _inflows(form, grid, baseflow, folder)
    if form.edges == "open":
        for crossing in baseflow.crossings if baseflow else []:  # the first to name a cell owns it
            points = [*crossing.points, crossing.points[-1]][: max(2, len(crossing.points))]
            line = ", ".join(f"[{x:.3f}, {y:.3f}]" for x, y in points)
            lines += ["", "[[boundary]]", f"line = [{line}]", 'kind = "open"']
            lines.append(f"slope = {crossing.slope!r}")
    for edge in ("north", "south", "east", "west"):
        lines += ["", "[[boundary]]", f'edge = "{edge}"', f'kind = "{form.edges}"']
    return "\n".join(lines) + "\n"


def _inflows(form: StormForm, grid: Grid, baseflow: Baseflow | None, folder: Path) -> list[str]:
    lines = []
    for k, inflow in enumerate(form.inflows, 1):
        x, y = transformer(WGS84, str(grid.crs)).transform(inflow.lon, inflow.lat)
        lines += ["", "[[inflow]]", f"name = {_text(inflow.name)}", f"x = {x:.3f}", f"y = {y:.3f}"]
        if inflow.series:
            name = f"inflow_{k}.csv"
            _write_series(folder / name, "m3_per_s", _until(inflow.series, form.duration_s))
            lines.append(f'series = "{name}"')
        else:
            lines.append(f"discharge = {inflow.discharge_m3_s!r}")
    for entry in baseflow.entries if baseflow else []:
        lines += ["", "[[inflow]]", f"name = {_text(entry.name + ' (baseflow)')}"]
        if len(entry.points) == 1:
            [(x, y)] = entry.points
            lines += [f"x = {x:.3f}", f"y = {y:.3f}"]
        else:
            points = ", ".join(f"[{x:.3f}, {y:.3f}]" for x, y in entry.points)
            lines.append(f"line = [{points}]")
        lines.append(f"discharge = {entry.discharge_m3_s!r}")
    return lines


def _until(series: Series, end: float) -> Series:
    """The series up to the end of the run, which a case's series must reach."""
    return series if series[-1][0] >= end else [*series, (end, series[-1][1])]


def _write_series(path: Path, column: str, series: Series) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["time_s", column])
        writer.writerows([f"{time!r}", f"{value!r}"] for time, value in series)


def _text(value: str) -> str:
    """A TOML string: JSON's quoting is a part of TOML's."""
    return json.dumps(value, ensure_ascii=False)
