"""The terrain: a DEM comes in, a cloud-optimized GeoTIFF and its published product go out.

The newest terrain product is the twin's terrain; older ones stay, so that runs made on them can
still be explained.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction

from layers.products import content_name, whole_file
from layers.sources.raster import Dem, store_dem
from twin.core.models import CitySettings
from twin.core.products import RasterProduct

FOLDER = "terrain"
# Of the stored form: a change here makes new files of the same DEM.
FORM = 1


@dataclass
class StoredTerrain:
    """What `twin import dem` did."""

    id: str | None
    path: str
    dem: Dem
    vertical_datum: str
    unchanged: bool = False
    dry_run: bool = False
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report for machines."""
        return asdict(self)

    def __str__(self) -> str:
        dem = self.dem
        rows, cols = dem.shape
        west, south, east, north = dem.bounds
        lines = [
            f"Terrain of {rows} × {cols} cells of {dem.cell_m:g} m in {dem.crs}, "
            f"{dem.lowest_m:.1f} to {dem.highest_m:.1f} m"
            f" ({self.vertical_datum or 'vertical datum not named'})",
            f"bounds {west:.5f}, {south:.5f}, {east:.5f}, {north:.5f}; "
            f"{dem.empty_cells:,} cells without a height",
            *(f"note: {note}" for note in self.notes),
        ]
        if self.dry_run:
            lines.append("dry run: nothing was changed")
        elif self.unchanged:
            lines.append("unchanged: this is the terrain already")
        else:
            lines.append(f"stored: {self.path}")
        return "\n".join(lines)


def import_terrain(
    path: Path,
    *,
    crs: str | None = None,
    cell_m: float | None = None,
    vertical_datum: str = "",
    title: str | None = None,
    created_by: str | None = None,
    dry_run: bool = False,
) -> StoredTerrain:
    """Store a DEM and publish it as the terrain.

    crs: a metric CRS such as "EPSG:9210" (the city's where the file is not metric); cell_m: cell
    size [m]. Raises BadInput where the file is no DEM or no metric CRS is known.
    """
    city_crs = CitySettings.current().crs or None
    # A file that is absent is store_dem's to explain.
    name = content_name(path, crs, cell_m, city_crs, FORM) if path.is_file() else "absent"
    with whole_file(FOLDER, f"{name}.tif", keep=not dry_run) as (part, place):
        dem = store_dem(path, part, crs=crs, cell_m=cell_m, city_crs=city_crs)
        notes = list(dem.notes)
        if not vertical_datum:
            notes.append(
                "No vertical datum was named (--vertical-datum): levels can't be compared with "
                "gauges of another one"
            )
        stored = StoredTerrain(
            id=None,
            path=str(place),
            dem=dem,
            vertical_datum=vertical_datum,
            dry_run=dry_run,
            notes=notes,
        )
    return stored if dry_run else publish(stored, title or path.stem, created_by)


@transaction.atomic
def publish(stored: StoredTerrain, title: str, created_by: str | None) -> StoredTerrain:
    """Make a stored terrain the current one; nothing where it is so already."""
    newest = (
        RasterProduct.objects.select_for_update()
        .filter(kind=RasterProduct.TERRAIN)
        .order_by("-created_at", "-id")
        .first()
    )
    same = (stored.path, stored.vertical_datum, title)
    if newest and (newest.location, newest.vertical_datum, newest.title_en) == same:
        stored.id, stored.unchanged = str(newest.id), True
        return stored
    product = RasterProduct.objects.create(
        kind=RasterProduct.TERRAIN,
        name="surface_altitude",
        unit="m",
        title_en=title,
        title_vi=title,
        location=stored.path,
        encoding="terrarium",
        bounds=list(stored.dem.bounds),
        minzoom=min(7, maxzoom_of(stored.dem)),
        maxzoom=maxzoom_of(stored.dem),
        vertical_datum=stored.vertical_datum,
        created_by=created_by,
    )
    stored.id = str(product.id)
    return stored


def maxzoom_of(dem: Dem) -> int:
    """The first zoom whose pixels (256 to a tile) are no larger than the DEM's cells."""
    _, south, _, north = dem.bounds
    pixel_at_0 = 2 * math.pi * 6378137 / 256 * math.cos(math.radians((south + north) / 2))
    return max(5, min(16, math.ceil(math.log2(pixel_at_0 / dem.cell_m))))
