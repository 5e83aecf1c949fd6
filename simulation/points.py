"""A place in a run's results comes in, its water over time goes out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from simulation.results import open_results
from simulation.scenarios import Run
from twin.core.crs import WGS84, transformer
from twin.core.errors import BadInput, Unavailable
from twin.core.grid import Grid
from twin.core.vietnamese import number as vn

OUTSIDE: dict[str, Any] = {
    "inside": False,
    "bed_m": None,
    "times_s": [],
    "depth_m": [],
    "level_m": [],
    "max_depth_m": None,
    "vertical_datum": None,
}


def hydrograph(run: Run, lon: float, lat: float) -> dict[str, Any]:
    """Depth and level [m] over time [s] in the cell at a place; levels in `vertical_datum`.

    Only the chunks that hold the cell are read. "inside" is false outside the model and where the
    terrain has no data.
    """
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise BadInput(
            f"{lon:.10g}, {lat:.10g} is no longitude and latitude in degrees",
            vi=f"{vn(lon, '.10g')}; {vn(lat, '.10g')} không phải kinh độ và vĩ độ tính bằng độ",
            field="lon",
        )
    assert run.grid is not None and run.results is not None
    grid = Grid(run.grid["transform"], run.grid["crs"], run.grid["shape"])
    x, y = transformer(WGS84, str(grid.crs)).transform(lon, lat)
    at = grid.cell(x, y) if math.isfinite(x) and math.isfinite(y) else None
    if at is None:
        return OUTSIDE
    row, col = at
    try:
        with open_results(run.results) as dataset:
            cell = dataset[["depth", "bed", "max_depth"]].isel(y=row, x=col).load()
    except (OSError, KeyError) as error:
        raise Unavailable(
            f'The results of "{run.title}" can\'t be read; their folder may have been removed',
            vi=f"Không đọc được kết quả của “{run.title}”; thư mục kết quả có thể đã bị xóa",
        ) from error
    bed = float(cell["bed"])
    if math.isnan(bed):
        return OUTSIDE
    depth = np.round(cell["depth"].values.astype(float), 4)
    return {
        "inside": True,
        "bed_m": round(bed, 3),
        "times_s": cell["time"].values.astype(float).tolist(),
        "depth_m": depth.tolist(),
        "level_m": np.round(bed + depth, 3).tolist(),
        "max_depth_m": round(float(cell["max_depth"]), 4),
        "vertical_datum": cell.attrs.get("vertical_datum"),
    }
