"""Base maps: an orthophoto or an MBTiles file comes in, a published product goes out."""

from __future__ import annotations

import math
import shutil
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction

from layers.products import content_name, whole_file
from layers.sources.raster import Bounds, Picture, store_picture
from twin.core.errors import BadInput
from twin.core.products import RasterProduct

FOLDER = "basemaps"
FORM = 1
IMAGE_FORMATS = ("png", "jpg", "jpeg", "webp")
SQLITE_MAGIC = b"SQLite format 3\x00"


@dataclass
class StoredBasemap:
    """What `twin import raster` did."""

    id: str | None
    path: str
    title: str
    bounds: Bounds
    minzoom: int
    maxzoom: int
    unchanged: bool = False
    dry_run: bool = False
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report for machines."""
        return asdict(self)

    def __str__(self) -> str:
        west, south, east, north = self.bounds
        lines = [
            f'Base map "{self.title}", zoom {self.minzoom} to {self.maxzoom}',
            f"bounds {west:.5f}, {south:.5f}, {east:.5f}, {north:.5f}",
            *(f"note: {note}" for note in self.notes),
        ]
        if self.dry_run:
            lines.append("dry run: nothing was changed")
        elif self.unchanged:
            lines.append("unchanged: it is there already")
        else:
            lines.append(f"stored: {self.path}")
        return "\n".join(lines)


def import_basemap(
    path: Path,
    *,
    crs: str | None = None,
    title: str | None = None,
    created_by: str | None = None,
    dry_run: bool = False,
) -> StoredBasemap:
    """Store a picture (COG in EPSG:3857) or MBTiles and publish it as a base map.

    Raises BadInput where the file is neither.
    """
    if not path.is_file():
        what = "a folder, not a file" if path.is_dir() else "not a file"
        raise BadInput(f"{path} is {what}", field="file")
    with path.open("rb") as file:
        is_mbtiles = file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC
    name = content_name(path, crs, FORM)
    ending = "mbtiles" if is_mbtiles else "tif"
    with whole_file(FOLDER, f"{name}.{ending}", keep=not dry_run) as (part, place):
        if is_mbtiles:
            picture = read_mbtiles(path)
            shutil.copyfile(path, part)
        else:
            picture = store_picture(path, part, crs=crs)
        stored = StoredBasemap(
            id=None,
            path=str(place),
            title=title or path.stem,
            bounds=picture.bounds,
            minzoom=picture.minzoom,
            maxzoom=picture.maxzoom,
            dry_run=dry_run,
            notes=picture.notes,
        )
    return stored if dry_run else publish(stored, created_by)


@transaction.atomic
def publish(stored: StoredBasemap, created_by: str | None) -> StoredBasemap:
    """Offer a stored base map; nothing where it is offered under this title already."""
    known = RasterProduct.objects.filter(
        kind=RasterProduct.BASEMAP, location=stored.path, title_en=stored.title
    ).first()
    if known:
        stored.id, stored.unchanged = str(known.id), True
        return stored
    product = RasterProduct.objects.create(
        kind=RasterProduct.BASEMAP,
        name="picture",
        title_en=stored.title,
        title_vi=stored.title,
        location=stored.path,
        encoding="image",
        bounds=list(stored.bounds),
        minzoom=stored.minzoom,
        maxzoom=stored.maxzoom,
        created_by=created_by,
    )
    stored.id = str(product.id)
    return stored


def read_mbtiles(path: Path) -> Picture:
    """What an MBTiles file of pictures says of itself, or what its tiles show."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            metadata = dict(database.execute("SELECT name, value FROM metadata"))
            found = database.execute(
                "SELECT zoom_level, min(tile_column), max(tile_column), min(tile_row), "
                "max(tile_row) FROM tiles GROUP BY zoom_level ORDER BY zoom_level"
            ).fetchall()
    except sqlite3.Error as error:
        raise BadInput(f"{path.name} is not an MBTiles file: {error}", field="file") from error
    if not found:
        raise BadInput(f"{path.name} holds no tiles", field="file")
    kind = str(metadata.get("format", "png")).casefold()
    if kind not in IMAGE_FORMATS:
        raise BadInput(
            f"{path.name} holds {kind} tiles; a base map needs {', '.join(IMAGE_FORMATS)}",
            field="file",
        )
    bounds = tile_bounds(*found[-1])
    try:
        west, south, east, north = (float(part) for part in metadata["bounds"].split(","))
        bounds = (west, south, east, north)
    except (KeyError, ValueError):
        pass
    return Picture(bounds=bounds, minzoom=found[0][0], maxzoom=found[-1][0])


def tile_bounds(zoom: int, west: int, east: int, south: int, north: int) -> Bounds:
    """Bounds [deg] of a range of TMS tiles (row 0 in the south), inclusive."""

    def lon(column: int) -> float:
        return column / 2**zoom * 360 - 180

    def lat(row: int) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (2 * row / 2**zoom - 1))))

    return lon(west), lat(south), lon(east + 1), lat(north + 1)
