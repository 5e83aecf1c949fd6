"""A finished flood comes in, what the map needs of it goes out: RasterProducts of depth.

The results stay on the run's own grid. Beside them are written the greatest depth as a
cloud-optimized GeoTIFF, and all frames as one float16 array on an EPSG:3857 grid that a browser
can hold at once.
"""

from __future__ import annotations

import gzip
import math
from typing import Any

import fsspec
import numpy as np
import rasterio
import rasterio.shutil
from rasterio.io import MemoryFile
from rasterio.warp import Resampling, calculate_default_transform, reproject, transform_bounds

from twin.core.errors import TwinError
from twin.core.products import RasterProduct

MEBIBYTE = 1 << 20
FRAMES_BYTES = 64 * MEBIBYTE
# What every browser with WebGL 2 can hold in one texture array.
LONGEST_SIDE, MOST_FRAMES = 2048, 256
MAX_DEPTH_FILE, FRAMES_FILE = "max_depth_map.tif", "depth_frames.f16"
TITLES = {
    RasterProduct.MAX_DEPTH: ("Greatest water depth", "Độ sâu ngập lớn nhất"),
    RasterProduct.DEPTH_FRAMES: ("Water depth over time", "Độ sâu ngập theo thời gian"),
}


def publish_depth(
    *,
    run_id: str,
    results: str,
    created_by: str | None = None,
    public: bool = False,
    limit_bytes: int = FRAMES_BYTES,
) -> list[RasterProduct]:
    """Publish a flood's greatest depth and its depth over time.

    results: path or URL of the folder that holds results.zarr, with variables `depth` (time, y, x)
    and `max_depth` (y, x) [m], NaN outside the model. The frames are made coarser, then fewer, to
    stay within `limit_bytes`. Returns the two products, or none for results without a coordinate
    system ("local"): they have no place on the map. Raises TwinError for results that are no flood.
    """
    import xarray

    with xarray.open_zarr(_child(results, "results.zarr"), chunks=None) as dataset:
        missing = {"depth", "max_depth", "time", "spatial_ref"} - set(dataset.variables)
        if missing:
            raise TwinError(f"{results} holds no {', '.join(sorted(missing))}; it is no flood")
        mapping = dataset["spatial_ref"].attrs
        crs = mapping.get("crs_wkt") or mapping.get("spatial_ref")
        if not crs:
            return []
        grid = _SourceGrid(crs, mapping["GeoTransform"], dataset["max_depth"].shape)
        _write(results, MAX_DEPTH_FILE, cog(dataset["max_depth"].values, grid))
        raw, frames = depth_frames(dataset["depth"], grid, limit_bytes)
    _write(results, FRAMES_FILE, raw)
    # packed once here, not at each download: dry cells are zeros
    _write(results, f"{FRAMES_FILE}.gz", gzip.compress(raw, 6, mtime=0))
    common = {
        "name": "flow_depth",
        "unit": "m",
        "bounds": list(grid.bounds),
        "minzoom": 5,
        "maxzoom": grid.maxzoom,
        "run_id": run_id,
        "public": public,
        "created_by": created_by,
    }
    made = []
    for kind, file, encoding, more in (
        (RasterProduct.MAX_DEPTH, MAX_DEPTH_FILE, "terrarium", None),
        (RasterProduct.DEPTH_FRAMES, FRAMES_FILE, "float16", frames),
    ):
        english, vietnamese = TITLES[kind]
        made.append(
            RasterProduct.objects.create(
                kind=kind,
                title_en=english,
                title_vi=vietnamese,
                location=_child(results, file),
                encoding=encoding,
                frames=more,
                **common,
            )
        )
    return made


class _SourceGrid:
    """CRS, transform and extent of a run's grid, and its counterpart in EPSG:3857."""

    def __init__(self, crs: str, geo_transform: str, shape: tuple[int, ...]):
        self.crs = rasterio.CRS.from_wkt(crs)
        self.transform = rasterio.Affine.from_gdal(*(float(v) for v in geo_transform.split()))
        self.rows, self.cols = shape
        self.extent = rasterio.transform.array_bounds(self.rows, self.cols, self.transform)
        self.bounds = transform_bounds(self.crs, "EPSG:4326", *self.extent, densify_pts=21)
        self.bounds_3857 = transform_bounds(self.crs, "EPSG:3857", *self.extent, densify_pts=21)
        self.cell_3857 = calculate_default_transform(
            self.crs, "EPSG:3857", self.cols, self.rows, *self.extent
        )[0].a

    @property
    def maxzoom(self) -> int:
        """The first zoom whose pixels (256 to a tile) are no larger than the cells."""
        return max(8, min(18, math.ceil(math.log2(2 * math.pi * 6378137 / 256 / self.cell_3857))))


def depth_frames(
    depth: Any, grid: _SourceGrid, limit_bytes: int = FRAMES_BYTES
) -> tuple[bytes, dict[str, Any]]:
    """All frames as little-endian float16 [m], shape (T, height, width), row 0 north, EPSG:3857.

    NaN lies outside the model, 0 where it is dry. Returns the bytes and what must be known to read
    them: width, height, bounds_3857, times_s, bytes.
    """
    times = np.asarray(depth["time"].values, dtype=float)
    kept = _kept_frames(len(times))
    west, south, east, north = grid.bounds_3857
    room = limit_bytes / (2 * len(kept))  # cells of one frame
    cell = max(
        grid.cell_3857,
        (east - west) / LONGEST_SIDE,
        (north - south) / LONGEST_SIDE,
        math.sqrt((east - west) * (north - south) / room),
    )
    width = max(1, math.ceil((east - west) / cell - 1e-6))
    height = max(1, math.ceil((north - south) / cell - 1e-6))
    while width * height > room:  # rounding up may have gone past the limit
        cell *= 1.001
        width = max(1, math.ceil((east - west) / cell - 1e-6))
        height = max(1, math.ceil((north - south) / cell - 1e-6))
    target = rasterio.Affine(cell, 0, west, 0, -cell, north)
    coarser = cell > 1.5 * grid.cell_3857
    frames = np.empty((len(kept), height, width), "<f2")
    for at, index in enumerate(kept):
        warped = np.full((height, width), np.nan, np.float32)
        reproject(
            np.asarray(depth[index].values, dtype=np.float32),
            warped,
            src_transform=grid.transform,
            src_crs=grid.crs,
            src_nodata=np.nan,
            dst_transform=target,
            dst_crs="EPSG:3857",
            dst_nodata=np.nan,
            resampling=Resampling.average if coarser else Resampling.bilinear,
        )
        frames[at] = np.maximum(warped, 0)  # NaN stays NaN
    return frames.tobytes(), {
        "width": width,
        "height": height,
        "bounds_3857": [west, north - height * cell, west + width * cell, north],
        "times_s": [float(times[index]) for index in kept],
        "bytes": frames.nbytes,
    }


def _kept_frames(count: int) -> list[int]:
    """Indices of evenly spread frames, the first and the last among them."""
    if count <= MOST_FRAMES:
        return list(range(count))
    return sorted({round(at) for at in np.linspace(0, count - 1, MOST_FRAMES)})


def cog(values: np.ndarray, grid: _SourceGrid) -> bytes:
    """A float32 cloud-optimized GeoTIFF of (rows, cols) values; NaN where there is none."""
    with MemoryFile() as plain, MemoryFile() as packed:
        with plain.open(
            driver="GTiff",
            width=grid.cols,
            height=grid.rows,
            count=1,
            dtype="float32",
            crs=grid.crs,
            transform=grid.transform,
            nodata=math.nan,
        ) as file:
            file.write(np.asarray(values, dtype=np.float32), 1)
        with plain.open() as source:
            rasterio.shutil.copy(
                source,
                packed.name,
                driver="COG",
                compress="deflate",
                predictor=3,
                overview_resampling="average",
            )
        return packed.read()


def _child(folder: str, name: str) -> str:
    return f"{str(folder).rstrip('/')}/{name}"


def _write(folder: str, name: str, content: bytes) -> None:
    with fsspec.open(_child(folder, name), "wb") as file:
        file.write(content)
