"""What storm tests share: a small published terrain, users and a city on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely
from django.contrib.gis.geos import GEOSGeometry

from simulation.rasters import write_on
from twin.core.crs import WGS84, transformer
from twin.core.grid import Grid
from twin.core.products import RasterProduct

CRS = "EPSG:9212"
EPSG = 9212
WEST, NORTH = 590_000.0, 1_860_000.0


def grid_of(rows: int, cols: int, cell: float = 10.0) -> Grid:
    """A grid at Đông Hà."""
    return Grid((cell, 0, WEST, 0, -cell, NORTH), CRS, (rows, cols))


def publish_terrain(folder: Path, bed: np.ndarray, grid: Grid) -> RasterProduct:
    """Publish a bed (rows, cols) [m] as the twin's terrain."""
    file = folder / "terrain.tif"
    write_on(file, bed.astype(np.float32), grid)
    west, south, east, north = grid.bounds
    bounds = transformer(str(grid.crs), WGS84).transform_bounds(west, south, east, north)
    return RasterProduct.objects.create(
        kind=RasterProduct.TERRAIN,
        location=str(file),
        encoding="terrarium",
        bounds=list(bounds),
        vertical_datum="Hon Dau 1972",
        name="surface_altitude",
        unit="m",
    )


def valley(rows: int, cols: int) -> np.ndarray:
    """A bed that falls to the south with a ditch along its middle column and a pit at its end."""
    i, j = np.mgrid[:rows, :cols]
    bed = 20 - 0.02 * 10 * i + 0.05 * np.abs(j - cols // 2)
    bed[-rows // 4 : -2, cols // 2 - 3 : cols // 2 + 4] -= 2.0
    return bed


def geos(shape: shapely.Geometry, kind: str) -> GEOSGeometry:
    """A shape in the model's CRS as a multi-geometry in longitude and latitude."""
    to_wgs84 = transformer(CRS, WGS84)
    moved = shapely.transform(shape, lambda xy: np.column_stack(to_wgs84.transform(*xy.T)))
    parts = shapely.get_parts(moved)
    multi = shapely.multipolygons(parts) if kind == "area" else shapely.multilinestrings(parts)
    return GEOSGeometry(memoryview(multi.wkb), srid=4326)


def lonlat(x: float, y: float) -> tuple[float, float]:
    """A place in the model's CRS as longitude and latitude."""
    return transformer(CRS, WGS84).transform(x, y)
