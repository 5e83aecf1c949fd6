"""Rivers before the storm: the twin's baseflow file and a grid come in, levels and inflows go out.

`$TWIN_DATA/terrain/baseflow.json` names a raster of water levels [m, datum of the terrain] and the
rivers with their discharge [m³/s] and their course downstream (longitude, latitude). A river enters
the model where its course first enters the grid, spread over its wet width there, and leaves it
where its course last does, down the slope that its own surface has: the general slope of an open
edge would drain a flat river before the storm begins. Nothing leaves at the entry.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from simulation.rasters import read_on
from twin.core.crs import WGS84, transformer
from twin.core.errors import BadInput
from twin.core.grid import Grid

WIDEST_M = 1500.0


NO_SLOPE = 1e-12  # of an edge where the river comes in: nothing to speak of leaves there
FLATTEST = 1e-5
SLOPE_CELLS = 40  # length of the reach whose surface gives the slope at the outlet

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Entry:
    """Where a river enters: one point or a line across its wet bed, in the grid's CRS."""

    name: str
    points: Points
    discharge_m3_s: float


@dataclass(frozen=True)
class Crossing:
    """Wet cells of the grid's border, as a line through their centers, and their free slope."""

    points: Points
    slope: float


@dataclass(frozen=True)
class Baseflow:
    """Water levels (rows, cols) [m], NaN where dry, and the rivers that keep them up."""

    level: np.ndarray
    entries: list[Entry]
    crossings: list[Crossing]


def read_baseflow(folder: Path, grid: Grid, bed: np.ndarray) -> Baseflow | None:
    """The baseflow on a grid with `bed` (rows, cols) [m]; None where no river carries one there.

    Raises BadInput where the file can't be read.
    """
    file = folder / "baseflow.json"
    if not file.is_file():
        return None
    try:
        said = json.loads(file.read_text("utf-8"))
        level = read_on(str(folder / said["level"]), grid)
        rivers = [
            (str(river["name"]), float(river["discharge_m3_s"]), np.array(river["line"], float))
            for river in said["rivers"]
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(
            f"{file} is no baseflow file ({error}); make it again",
            vi=f"{file} không phải tệp dòng chảy nền ({error}); hãy tạo lại tệp này",
        ) from error
    level = np.where(level > bed, level, np.nan)
    if np.isnan(level).all():
        return None
    found = (enter(name, discharge, line, grid, level) for name, discharge, line in rivers)
    crossings = [end for _, _, line in rivers for end in cross(line, grid, level)]
    return Baseflow(level, [entry for entry in found if entry], crossings)


def enter(
    name: str, discharge: float, course: np.ndarray, grid: Grid, level: np.ndarray
) -> Entry | None:
    """Where a course (n, 2) [deg] enters the grid; None where it stays outside."""
    line, pieces = _inside(course, grid)
    if not pieces:
        return None
    cell = max(grid.cell_size)
    first = min(pieces, key=lambda piece: line.project(shapely.get_point(piece, 0)))
    at = line.project(shapely.get_point(first, 0))
    here, ahead = line.interpolate(at), line.interpolate(at + 2 * cell)
    across = np.array([here.y - ahead.y, ahead.x - here.x])
    length = float(np.hypot(*across))
    if length == 0:
        return Entry(name, [(here.x, here.y)], discharge)
    across /= length
    ends = [_bank(np.array([here.x, here.y]), side * across, grid, level) for side in (-1, 1)]
    points = [(float(px), float(py)) for px, py in ends]
    return Entry(name, points if points[0] != points[1] else points[:1], discharge)


def _bank(start: np.ndarray, direction: np.ndarray, grid: Grid, level: np.ndarray) -> np.ndarray:
    """The last wet place from `start` along `direction`."""
    stride = min(grid.cell_size) / 2
    last = start
    for k in range(1, int(WIDEST_M / stride)):
        place = start + k * stride * direction
        at = grid.cell(*place)
        if at is None or np.isnan(level[at]):
            break
        last = place
    return last


def cross(course: np.ndarray, grid: Grid, level: np.ndarray) -> list[Crossing]:
    """Where a course (n, 2) [deg] comes in over the grid's border and where it leaves."""
    line, pieces = _inside(course, grid)
    if not pieces:
        return []
    starts = [line.project(shapely.get_point(piece, 0)) for piece in pieces]
    ends = [line.project(shapely.get_point(piece, -1)) for piece in pieces]
    first, last = min(starts), max(ends)
    found = []
    if points := _border(line.interpolate(first), grid, level):
        found.append(Crossing(points, NO_SLOPE))
    if points := _border(line.interpolate(last), grid, level):
        found.append(Crossing(points, _surface_slope(line, last, grid, level)))
    return found


def _inside(course: np.ndarray, grid: Grid) -> tuple[shapely.LineString, list[shapely.LineString]]:
    """The course in the grid's CRS, and its pieces a cell and more inside the grid."""
    x, y = transformer(WGS84, str(grid.crs)).transform(course[:, 0], course[:, 1])
    line = shapely.LineString(np.column_stack([x, y]))
    cell = max(grid.cell_size)
    west, south, east, north = grid.bounds
    inside = shapely.box(west + cell, south + cell, east - cell, north - cell)
    pieces = shapely.get_parts(shapely.intersection(line, inside))
    return line, [piece for piece in pieces if piece.length > 0]


def _border(place: shapely.Point, grid: Grid, level: np.ndarray) -> Points:
    """The wet cells of the border around the one nearest to a place; none where it is far off."""
    rows, cols = grid.shape
    ring = [(0, j) for j in range(cols)] + [(i, cols - 1) for i in range(1, rows)]
    ring += [(rows - 1, j) for j in range(cols - 2, -1, -1)]
    ring += [(i, 0) for i in range(rows - 2, 0, -1)]
    cells = np.array(ring)
    x, y = grid.x[cells[:, 1]], grid.y[cells[:, 0]]
    away = np.hypot(x - place.x, y - place.y)
    wet = ~np.isnan(level[cells[:, 0], cells[:, 1]])
    nearest = int(np.argmin(np.where(wet, away, np.inf)))
    if not wet[nearest] or away[nearest] > 5 * max(grid.cell_size):
        return []
    first = last = nearest
    while wet[first - 1] and nearest - first < len(ring) // 2:
        first -= 1
    while wet[(last + 1) % len(ring)] and last - nearest < len(ring) // 2:
        last += 1
    return [(float(x[k % len(ring)]), float(y[k % len(ring)])) for k in range(first, last + 1)]


def _surface_slope(line: shapely.LineString, at: float, grid: Grid, level: np.ndarray) -> float:
    """The slope of the water surface on the reach that ends at `at` m of the course."""
    stations = at - max(grid.cell_size) * np.arange(SLOPE_CELLS)
    cells = [grid.cell(point.x, point.y) for point in line.interpolate(stations[stations >= 0])]
    known = [
        (station, level[cell])
        for station, cell in zip(stations, cells, strict=False)
        if cell is not None and not np.isnan(level[cell])
    ]
    if len(known) < 3:
        return FLATTEST
    along, surface = np.array(known).T
    return max(float(-np.polyfit(along, surface, 1)[0]), FLATTEST)
