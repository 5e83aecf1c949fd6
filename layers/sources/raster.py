"""Rasters become cloud-optimized GeoTIFFs: a DEM on a metric grid, a picture on the web's grid.

A file comes in; a COG and what must be known about it go out. Heights are warped bilinearly (or
averaged where cells grow), nodata stays nodata, and what the file can't say is reported.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from affine import Affine
from rasterio.errors import RasterioError
from rasterio.vrt import WarpedVRT
from rasterio.warp import Resampling, calculate_default_transform, transform_bounds

from twin.core.crs import parse_crs, require_metric, utm_zone
from twin.core.errors import BadInput
from twin.core.grid import Grid

NODATA = -9999.0
# What files hold for "nothing" without saying so.
LIKELY_NODATA = (-9999.0, -32768.0, -32767.0, -3.4028234663852886e38, -99999.0)
LOWEST_M, HIGHEST_M = -500.0, 9000.0
MARGIN_DEG = 3.0
Bounds = tuple[float, float, float, float]


@dataclass
class Dem:
    """A DEM as it was stored. Bounds are west, south, east, north in degrees; heights in m."""

    crs: str
    cell_m: float
    shape: tuple[int, int]
    bounds: Bounds
    lowest_m: float
    highest_m: float
    empty_cells: int
    notes: list[str] = field(default_factory=list)


@dataclass
class Picture:
    """A base map as it was stored."""

    bounds: Bounds
    minzoom: int
    maxzoom: int
    notes: list[str] = field(default_factory=list)


def store_dem(
    path: Path,
    target: Path,
    *,
    crs: str | None = None,
    cell_m: float | None = None,
    city_crs: str | None = None,
) -> Dem:
    """Write the DEM at `path` to the COG `target` on a metric grid.

    crs: the metric CRS to store it in (for a file that names none: the CRS that it is in); without
    it the file's own where metric, else `city_crs`. cell_m: cell size, else about the file's.
    Raises BadInput where the file is no DEM or no metric CRS is known.
    """
    if cell_m is not None and not (math.isfinite(cell_m) and cell_m > 0):
        raise BadInput(f"A cell size of {cell_m:g} m is not above 0", field="cell")
    notes: list[str] = []
    with opened(path) as dataset:
        if dataset.count != 1 or dataset.dtypes[0].startswith("complex"):
            raise BadInput(
                f"{path.name} has {dataset.count} bands; a DEM has one. A picture is imported with "
                "`twin import raster`",
                field="file",
            )
        source = source_crs(dataset, crs, path, notes)
        metric = metric_crs(dataset, source, crs, city_crs, path)
        target_crs = rasterio.crs.CRS.from_wkt(parse_crs(metric).to_wkt())
        if source.to_epsg() is not None and source.to_epsg() == target_crs.to_epsg():
            source = target_crs  # the same, however the file spells it: no shift, no warp
        if target_crs.to_epsg() is None:
            notes.append("The CRS has no EPSG code; storms need one: name it with --crs EPSG:…")
        nodata = nodata_of(dataset, notes)
        grid, resampling = target_grid(dataset, source, target_crs, metric, cell_m, notes)
        note_saturation(dataset, notes)
        with WarpedVRT(
            dataset,
            src_crs=source,
            crs=target_crs,
            transform=grid.affine(),
            height=grid.shape[0],
            width=grid.shape[1],
            resampling=resampling,
            src_nodata=nodata,
            nodata=NODATA,
            dtype="float32",
        ) as warped:
            rasterio.shutil.copy(
                warped,
                target,
                driver="COG",
                COMPRESS="DEFLATE",
                PREDICTOR="3",
                BLOCKSIZE="256",
                OVERVIEW_RESAMPLING="AVERAGE",
                BIGTIFF="IF_SAFER",
            )
    lowest, highest, empty = heights(target)
    if not math.isfinite(lowest):
        raise BadInput(f"{path.name} holds no heights", field="file")
    if lowest < LOWEST_M or highest > HIGHEST_M:
        raise BadInput(
            f"{path.name} holds heights from {lowest:g} to {highest:g} m; mark what is no height "
            "as nodata (gdal_edit.py -a_nodata VALUE)",
            field="file",
        )
    return Dem(
        crs=metric,
        cell_m=grid.cell_size[0],
        shape=grid.shape,
        bounds=transform_bounds(target_crs, "EPSG:4326", *grid.bounds, densify_pts=21),
        lowest_m=lowest,
        highest_m=highest,
        empty_cells=empty,
        notes=notes,
    )


def store_picture(path: Path, target: Path, *, crs: str | None = None) -> Picture:
    """Write the picture at `path` to the COG `target` on the web map's grid (EPSG:3857).

    Raises BadInput where it is no 8-bit picture or lies nowhere.
    """
    notes: list[str] = []
    with opened(path) as dataset:
        if any(dtype != "uint8" for dtype in dataset.dtypes) or dataset.count > 4:
            raise BadInput(
                f"{path.name} holds {dataset.count} bands of {dataset.dtypes[0]}; a base map is "
                "an 8-bit picture (gdal_translate -ot Byte -scale). A DEM is imported with "
                "`twin import dem`",
                field="file",
            )
        source = source_crs(dataset, crs, path, notes)
        with WarpedVRT(dataset, src_crs=source, crs=source) as named:
            colors = {"COMPRESS": "JPEG", "QUALITY": "85"} if dataset.count >= 3 else {}
            rasterio.shutil.copy(
                named if dataset.crs is None else dataset,
                target,
                driver="COG",
                TILING_SCHEME="GoogleMapsCompatible",
                RESAMPLING="BILINEAR",
                OVERVIEW_RESAMPLING="AVERAGE",
                BIGTIFF="IF_SAFER",
                **(colors or {"COMPRESS": "DEFLATE"}),
            )
        bounds = transform_bounds(source, "EPSG:4326", *dataset.bounds, densify_pts=21)
    with rasterio.open(target) as stored:
        maxzoom = round(math.log2(2 * math.pi * 6378137 / 256 / stored.res[0]))
    return Picture(bounds=bounds, minzoom=max(0, maxzoom - 10), maxzoom=maxzoom, notes=notes)


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The dataset of a raster file; what GDAL can't read is BadInput."""
    if path.is_dir():
        raise BadInput(f"{path} is a folder, not a file", field="file")
    if not path.is_file():
        raise BadInput(f"{path} is not a file", field="file")
    log = logging.getLogger("rasterio")  # tells at INFO what is raised here as well
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        with rasterio.open(path) as dataset:
            yield dataset
    except (RasterioError, rasterio._err.CPLE_BaseError) as error:
        raise BadInput(
            f"{path.name} can't be read as a raster: {raster_words(error)}", field="file"
        ) from error
    finally:
        log.setLevel(level)


def raster_words(error: BaseException) -> str:
    """What GDAL said, after words for what it most often means."""
    while "See previous exception" in str(error) and error.__cause__:
        error = error.__cause__
    words = (str(error).splitlines() or [type(error).__name__])[0]
    if "not recognized as being in a supported file format" in words:
        return "it is no GeoTIFF or other raster; features are imported with `twin import layer`"
    if any(sign in words for sign in ("IReadBlock", "TIFFRead", "Cannot read")):
        return f"it is damaged or breaks off; get it again ({words})"
    return words


def source_crs(dataset: Any, given: str | None, path: Path, notes: list[str]) -> Any:
    """The CRS that the raster is in: its own, or the one named for a file without."""
    if dataset.crs is not None:
        return rasterio.crs.CRS.from_user_input(dataset.crs)
    if dataset.transform == Affine.identity():
        raise BadInput(f"{path.name} says neither where it lies nor its cell size", field="file")
    if given is None:
        raise BadInput(
            f"{path.name} does not say its coordinate reference system; name it with --crs, "
            "such as --crs EPSG:9210",
            field="crs",
        )
    notes.append(f"The file names no CRS; it was read as {given}")
    return rasterio.crs.CRS.from_wkt(parse_crs(given).to_wkt())


def metric_crs(
    dataset: Any, source: Any, given: str | None, city_crs: str | None, path: Path
) -> str:
    """The metric CRS to store in, checked against the place where the DEM lies."""
    west, south, east, north = transform_bounds(
        source, "EPSG:4326", *dataset.bounds, densify_pts=21
    )
    lon, lat = (west + east) / 2, (south + north) / 2
    if given is None and source.is_projected and source.linear_units in ("metre", "meter"):
        epsg = source.to_epsg()
        return f"EPSG:{epsg}" if epsg else str(source.to_wkt())
    name = given or city_crs
    if not name:
        raise BadInput(
            f"{path.name} is in {'degrees' if source.is_geographic else source.linear_units}, and "
            "floods are computed in meters; name a metric CRS, such as "
            f"--crs {utm_zone(lon, lat)} (UTM) or the city's own",
            field="crs",
        )
    crs = require_metric(name)
    area = crs.area_of_use
    if area and not (
        area.west - MARGIN_DEG <= lon <= area.east + MARGIN_DEG
        and area.south - MARGIN_DEG <= lat <= area.north + MARGIN_DEG
    ):
        raise BadInput(
            f"{name} ({crs.name}) is not made for {path.name}, which lies at "
            f"{lon:.3f}, {lat:.3f}; name a CRS such as --crs {utm_zone(lon, lat)}",
            field="crs",
        )
    return name


def nodata_of(dataset: Any, notes: list[str]) -> float | None:
    """The value of empty cells: as the file says, or one of the usual ones where it forgot."""
    if dataset.nodata is not None:
        return float(dataset.nodata)
    if np.dtype(dataset.dtypes[0]).kind not in "fi":
        return None
    counts = dict.fromkeys(LIKELY_NODATA, 0)
    for _, window in dataset.block_windows(1):
        values = dataset.read(1, window=window)
        for value in counts:
            counts[value] += int((values == value).sum())
    value, count = max(counts.items(), key=lambda item: item[1])
    if not count:
        return None
    notes.append(f"{count:,} cells hold {value:g}; the file does not say so: read as nodata")
    return value


def note_saturation(dataset: Any, notes: list[str]) -> None:
    """An 8-bit DEM can't hold more than 255 m."""
    if dataset.dtypes[0] != "uint8":
        return
    if dataset.nodata == 255:
        return
    full = sum(
        int((dataset.read(1, window=window) == 255).sum()) for _, window in dataset.block_windows(1)
    )
    notes.append("The heights are whole meters from 0 to 255 (8 bits)")
    if full:
        notes.append(f"{full:,} cells hold 255, the highest value of 8 bits: they may be higher")


def target_grid(
    dataset: Any, source: Any, target: Any, metric: str, cell_m: float | None, notes: list[str]
) -> tuple[Grid, Resampling]:
    """The grid to store on, and how to get there: the file's own grid wherever it can stay."""
    a, b, _, d, e, _ = tuple(dataset.transform)[:6]
    upright = b == d == 0 and a > 0 > e
    square = upright and math.isclose(a, -e, rel_tol=1e-6)
    if source == target and square and (cell_m is None or math.isclose(cell_m, a, rel_tol=1e-6)):
        return Grid(dataset.transform, metric, dataset.shape), Resampling.nearest
    transform, width, height = calculate_default_transform(
        source, target, dataset.width, dataset.height, *dataset.bounds
    )
    natural = float(transform.a)
    cell = cell_m or neat(natural)
    west, north = float(transform.c), float(transform.f)
    bounds = (west, north - height * natural, west + width * natural, north)
    grid = Grid.from_bounds(bounds, cell, metric)
    if grid.shape[0] * grid.shape[1] > 4_000_000_000:
        raise BadInput(
            f"Cells of {cell:g} m would make {grid.shape[0]:,} × {grid.shape[1]:,} of them; "
            "name a larger --cell",
            field="cell",
        )
    coarser = cell > 1.5 * natural
    how = "averaged" if coarser else "bilinear"
    notes.append(f"Warped to cells of {cell:g} m in {metric} ({how})")
    return grid, Resampling.average if coarser else Resampling.bilinear


def neat(size: float) -> float:
    """A cell size to two digits: 28.73 becomes 29, 4.981 becomes 5, 0.4987 becomes 0.5."""
    return float(f"{size:.2g}")


def heights(path: Path) -> tuple[float, float, int]:
    """Lowest and highest value of a stored DEM, and how many cells are empty."""
    lowest, highest, empty = math.inf, -math.inf, 0
    with rasterio.open(path) as stored:
        for _, window in stored.block_windows(1):
            values = stored.read(1, window=window, masked=True).compressed()
            values = values[np.isfinite(values)]
            empty += window.width * window.height - len(values)
            if len(values):
                lowest, highest = min(lowest, values.min()), max(highest, values.max())
    return float(lowest), float(highest), empty
