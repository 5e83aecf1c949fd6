"""A finished flood goes in, files for other programs come out: gauges.csv and max_depth.tif."""

from __future__ import annotations

import csv
import io

import numpy as np
import xarray

from simulation.results import Folder
from twin.core.grid import Grid

GAUGE_COLUMNS = ("time_s", "name", "depth_m", "level_m", "speed_m_s")
NODATA = -9999.0


def publish(
    grid: Grid, results: xarray.Dataset, out: Folder, vertical_datum: str | None = None
) -> None:
    """Write both files; without gauges the CSV holds only its header."""
    tags = {"vertical_datum": vertical_datum} if vertical_datum else {}
    out.write("gauges.csv", gauges_csv(results).encode())
    out.write("max_depth.tif", geotiff(results["max_depth"].values, grid, tags))


def gauges_csv(results: xarray.Dataset) -> str:
    """One line for each gauge at each output, in time's order."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(GAUGE_COLUMNS)
    if "gauge" in results.sizes:
        for time in results["time"].values:
            now = results.sel(time=time)
            for name in results["gauge"].values:
                at = now.sel(gauge=name)
                numbers = (float(at[f"gauge_{key}"]) for key in ("depth", "level", "speed"))
                lines.writerow([f"{time:g}", name, *(f"{number:.6g}" for number in numbers)])
    return text.getvalue()


def geotiff(values: np.ndarray, grid: Grid, tags: dict[str, str]) -> bytes:
    """A float32 GeoTIFF of (rows, cols) values; NaN becomes its nodata."""
    from rasterio.io import MemoryFile

    rows, cols = grid.shape
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            width=cols,
            height=rows,
            count=1,
            dtype="float32",
            crs=grid.crs,
            transform=grid.affine(),
            nodata=NODATA,
            compress="deflate",
            predictor=3,
            tiled=True,
        ) as file:
            file.write(np.where(np.isnan(values), NODATA, values).astype(np.float32), 1)
            file.update_tags(**tags)
        return memory.read()
