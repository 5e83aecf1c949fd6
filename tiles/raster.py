"""A raster product and a tile come in, an image goes out.

Numbers (terrain, depth) leave as Terrarium PNG, to be colored and interpolated by the client;
pictures as JPEG, or PNG where they have holes. Reading runs in a few threads that keep their files
open: GDAL's handles must not be shared between threads.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import sqlite3
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import rasterio
from django.conf import settings
from PIL import Image
from rasterio.enums import ColorInterp, Resampling
from rasterio.errors import RasterioIOError
from rasterio.vrt import WarpedVRT
from rasterio.warp import calculate_default_transform

from tiles.tile import TileId, side_m
from twin.core.errors import Unavailable
from twin.core.products import RasterProduct

SIZE = 256  # pixels along a tile's side
OPEN_FILES = 16  # in each thread
THREADS = 2
MAGIC = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}
Picture = tuple[bytes, str]  # content and its type

_readers = ThreadPoolExecutor(THREADS, thread_name_prefix="raster")
_own = threading.local()


async def raster_tile(product: RasterProduct, tile: TileId) -> Picture:
    """The tile of a product. Raises Unavailable where its file is gone."""
    return await asyncio.get_running_loop().run_in_executor(_readers, draw_tile, product, tile)


def draw_tile(product: RasterProduct, tile: TileId) -> Picture:
    """The tile of a product, in the thread that calls."""
    try:
        if product.location.endswith(".mbtiles"):
            return _stored_tile(local_file(product), tile)
        if product.encoding == "image":
            return picture_of(*_read_picture(local_file(product), tile))
        values = _read_values(local_file(product), tile)
    except (RasterioIOError, sqlite3.Error, FileNotFoundError) as error:
        raise Unavailable(
            f"The file of {product} can't be read ({error}); import or run it again"
        ) from error
    # the sea is at 0; a depth that nobody computed is not
    empty = "sea" if product.kind == RasterProduct.TERRAIN else "clear"
    return png(terrarium(values, clear=empty == "clear")), "image/png"


def terrarium(values: np.ndarray, *, clear: bool) -> np.ndarray:
    """Heights or depths [m] (rows, cols) as bytes (rows, cols, 3 or 4), exact to 1/512 m.

    value = red * 256 + green + blue / 256 - 32768. NaN becomes 0, and with `clear` transparent.
    """
    known = np.isfinite(values)
    steps = np.rint((np.where(known, values, 0.0) + 32768.0) * 256.0)
    whole = np.clip(steps, 0, (1 << 24) - 1).astype(np.uint32)
    bands = [whole >> 16, (whole >> 8) & 255, whole & 255]
    if clear:
        bands.append(np.where(known, 255, 0))
    return np.stack(bands, axis=-1).astype(np.uint8)


def decode_terrarium(pixels: np.ndarray) -> np.ndarray:
    """The values [m] in Terrarium bytes (rows, cols, 3 or more)."""
    red, green, blue = (pixels[..., band].astype(np.float64) for band in range(3))
    return red * 256 + green + blue / 256 - 32768


def png(pixels: np.ndarray) -> bytes:
    """A PNG of (rows, cols, 3 or 4) bytes."""
    return _saved(Image.fromarray(pixels), "PNG", compress_level=4)


def picture_of(pixels: np.ndarray, mask: np.ndarray) -> Picture:
    """The smallest faithful image of (rows, cols, 3) colors and a mask (rows, cols), 255 inside."""
    if mask.all():
        return _saved(Image.fromarray(pixels), "JPEG", quality=85), "image/jpeg"
    return png(np.dstack([pixels, mask])), "image/png"


def _saved(image: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def local_file(product: RasterProduct, suffix: str = "") -> str:
    """A path on this machine of a product's file; files in object stores are fetched once."""
    url = product.location + suffix
    system, path = fsspec.core.url_to_fs(url)
    if "file" in np.atleast_1d(system.protocol):
        return path
    kept = Path(settings.TWIN_DATA) / "cache" / "products" / f"{product.id}{Path(path).suffix}"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_name(f".{kept.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            system.get_file(path, str(part))
            part.rename(kept)
        finally:
            part.unlink(missing_ok=True)
    return str(kept)


def _kept_open(key: tuple[Any, ...], open_it: Any) -> Any:
    """An open file of this thread, the least used closed when there are too many."""
    files: OrderedDict[tuple[Any, ...], Any] = _own.__dict__.setdefault("files", OrderedDict())
    if key not in files:
        files[key] = open_it()
        if len(files) > OPEN_FILES:
            with contextlib.suppress(Exception):
                files.popitem(last=False)[1].close()
    files.move_to_end(key)
    return files[key]


def _source(path: str, tile: TileId) -> tuple[Any, bool]:
    """The dataset to read for a tile, at the overview that fits, and whether it is still finer."""
    full = _kept_open((path, None), lambda: rasterio.open(path))
    levels = full.overviews(1)
    own = _kept_open((path, "cell"), lambda: _Cell(full)).size
    finer = side_m(tile.z) / SIZE / own
    fitting = [level for level, factor in enumerate(levels) if factor <= finer * 1.01]
    if not fitting:
        return full, finer > 2
    level = fitting[-1]
    source = _kept_open((path, level), lambda: rasterio.open(path, overview_level=level))
    return source, finer / levels[level] > 2


class _Cell:
    """The size of a dataset's cells in EPSG:3857 [m]."""

    def __init__(self, source: Any):
        self.size = calculate_default_transform(
            source.crs, "EPSG:3857", source.width, source.height, *source.bounds
        )[0].a

    def close(self) -> None:
        """Nothing is open."""


def _warped(source: Any, tile: TileId, resampling: Resampling, **options: Any) -> WarpedVRT:
    west, _, _, north = tile.bounds_3857
    pixel = side_m(tile.z) / SIZE
    return WarpedVRT(
        source,
        crs="EPSG:3857",
        transform=rasterio.Affine(pixel, 0, west, 0, -pixel, north),
        width=SIZE,
        height=SIZE,
        resampling=resampling,
        **options,
    )


def _read_values(path: str, tile: TileId) -> np.ndarray:
    """The first band on the tile's pixels, float64, NaN where there is nothing."""
    source, finer = _source(path, tile)
    resampling = Resampling.average if finer else Resampling.bilinear
    with _warped(
        source,
        tile,
        resampling,
        src_nodata=source.nodata,
        nodata=np.nan,
        dtype="float32",
    ) as warped:
        return warped.read(1).astype(np.float64)


def _read_picture(path: str, tile: TileId) -> tuple[np.ndarray, np.ndarray]:
    """Colors (rows, cols, 3) and mask (rows, cols) on the tile's pixels."""
    source, finer = _source(path, tile)
    palette = source.colorinterp[0] == ColorInterp.palette
    if palette:
        resampling = Resampling.nearest
    else:
        resampling = Resampling.average if finer else Resampling.bilinear
    alpha = ColorInterp.alpha in source.colorinterp
    with _warped(source, tile, resampling, add_alpha=not alpha) as warped:
        bands = warped.read()
    mask = bands[-1]
    if palette:
        table = np.zeros((256, 3), np.uint8)
        for value, color in source.colormap(1).items():
            table[value] = color[:3]
        return table[bands[0]], mask
    colors = bands[:3] if bands.shape[0] >= 4 else np.repeat(bands[:1], 3, axis=0)
    return np.ascontiguousarray(np.moveaxis(colors, 0, -1)), mask


def _stored_tile(path: str, tile: TileId) -> Picture:
    """A tile as it lies in an MBTiles file, whose rows count from the south."""
    if not Path(path).is_file():
        raise FileNotFoundError(path)
    base = _kept_open(
        (path,), lambda: sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    )
    row = base.execute(
        "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
        (tile.z, tile.x, (1 << tile.z) - 1 - tile.y),
    ).fetchone()
    if row is None:
        return png(np.zeros((SIZE, SIZE, 4), np.uint8)), "image/png"
    content = bytes(row[0])
    kind = next((kind for start, kind in MAGIC.items() if content.startswith(start)), "image/png")
    return content, kind
