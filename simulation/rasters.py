"""Rasters and shapes on a model grid: files or geometries come in, arrays (rows, cols) go out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from rasterio import features
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT

from twin.core.grid import Grid

FINER = 4  # sub-cells along a side when the covered share of a cell is measured


def read_on(path: str, grid: Grid) -> np.ndarray:
    """A raster's first band on the grid, float32, NaN where it holds no data.

    Means where the grid's cells are larger than the raster's, else bilinear; the raster's own
    values where the cells are the same. GDAL reads only the window, from overviews if it can.
    """
    with rasterio.open(path) as source:
        own = abs(source.transform.a) if source.crs == rasterio.CRS.from_user_input(grid.crs) else 0
        growing = not own or grid.cell_size[0] > 1.5 * own
        with WarpedVRT(
            source,
            crs=grid.crs,
            transform=grid.affine(),
            width=grid.shape[1],
            height=grid.shape[0],
            resampling=Resampling.average if growing else Resampling.bilinear,
            src_nodata=source.nodata,
            nodata=np.nan,
            dtype="float32",
        ) as warped:
            return warped.read(1)


def write_on(path: Path, values: np.ndarray, grid: Grid) -> None:
    """Write an array on the grid as a GeoTIFF; NaN is the nodata of floating-point values."""
    floating = values.dtype.kind == "f"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=grid.shape[1],
        height=grid.shape[0],
        count=1,
        dtype=values.dtype,
        crs=grid.crs,
        transform=grid.affine(),
        nodata=np.nan if floating else None,
        compress="deflate",
        predictor=3 if floating else 1,
        tiled=True,
    ) as file:
        file.write(values, 1)


def covered(shapes: Iterable[Any], grid: Grid) -> np.ndarray:
    """Which cells the polygons cover by more than half, bool (rows, cols)."""
    rows, cols = grid.shape
    shapes = list(shapes)
    if not shapes:
        return np.zeros((rows, cols), bool)
    fine = features.rasterize(
        ((shape, 1) for shape in shapes),
        out_shape=(rows * FINER, cols * FINER),
        transform=grid.affine() @ rasterio.Affine.scale(1 / FINER),
        dtype="uint8",
    )
    share = fine.reshape(rows, FINER, cols, FINER).mean(axis=(1, 3))
    return share > 0.5


def touched(shapes: Iterable[Any], grid: Grid) -> np.ndarray:
    """Which cells the shapes touch at all, bool (rows, cols)."""
    shapes = list(shapes)
    if not shapes:
        return np.zeros(grid.shape, bool)
    return features.rasterize(
        ((shape, 1) for shape in shapes),
        out_shape=grid.shape,
        transform=grid.affine(),
        all_touched=True,
        dtype="uint8",
    ).astype(bool)


def from_wkb(rows: Sequence[Sequence[Any]]) -> np.ndarray:
    """Geometries of query rows whose first column is WKB; empty ones dropped."""
    shapes = shapely.from_wkb([bytes(row[0]) for row in rows])
    return shapes[~shapely.is_empty(shapes)] if len(shapes) else shapes
