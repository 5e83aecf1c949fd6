"""Rivers before the storm: the twin's baseflow file and a grid come in, levels and inflows go out.

`$TWIN_DATA/terrain/baseflow.json` names a raster of water levels [m, datum of the terrain] and the
rivers with their discharge [m³/s] and their course downstream (longitude, latitude). A river enters
the model where its course first enters the grid, spread over its wet width there.
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


@dataclass(frozen=True)
class Entry:
    """Where a river enters: one point or a line across its wet bed, in the grid's CRS."""

    name: str
    points: list[tuple[float, float]]
    discharge_m3_s: float


@dataclass(frozen=True)
class Baseflow:
    """Water levels (rows, cols) [m], NaN where dry, and the rivers that keep them up."""

    level: np.ndarray
    entries: list[Entry]


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
        raise BadInput(f"{file} is no baseflow file ({error}); make it again") from error
    level = np.where(level > bed, level, np.nan)
    if np.isnan(level).all():
        return None
    found = (enter(name, discharge, line, grid, level) for name, discharge, line in rivers)
    return Baseflow(level, [entry for entry in found if entry])


def enter(
    name: str, discharge: float, course: np.ndarray, grid: Grid, level: np.ndarray
) -> Entry | None:
    """Where a course (n, 2) [deg] enters the grid; None where it stays outside."""
    x, y = transformer(WGS84, str(grid.crs)).transform(course[:, 0], course[:, 1])
    line = shapely.LineString(np.column_stack([x, y]))
    cell = max(grid.cell_size)
    west, south, east, north = grid.bounds
    inside = shapely.box(west + cell, south + cell, east - cell, north - cell)
    pieces = shapely.get_parts(shapely.intersection(line, inside))
    pieces = [piece for piece in pieces if piece.length > 0]
    if not pieces:
        return None
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
