"""Published rasters: a file or URL with its place, zooms and meaning, ready to be served as tiles.

Imports write terrain and base maps here, runs write depth; the tiles app reads them all. It lies in
the core because layers and tiles do not know each other.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class RasterProduct(models.Model):
    """One published raster. Rows are never changed: a new raster is a new row with a new id."""

    TERRAIN, BASEMAP, MAX_DEPTH, DEPTH_FRAMES = "terrain", "basemap", "max_depth", "depth_frames"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.TextField(help_text="terrain, basemap, max_depth, depth_frames")
    name = models.TextField(default="", help_text="variable, such as flow_depth")
    unit = models.TextField(default="", blank=True)
    title_en = models.TextField(default="")
    title_vi = models.TextField(default="")
    location = models.TextField(help_text="path or fsspec URL of a COG, MBTiles or array file")
    encoding = models.TextField(help_text="terrarium, image or float16")
    bounds = ArrayField(models.FloatField(), size=4, help_text="west, south, east, north [deg]")
    minzoom = models.SmallIntegerField(default=0)
    maxzoom = models.SmallIntegerField(default=16)
    vertical_datum = models.TextField(default="", blank=True)
    frames = models.JSONField(
        null=True, help_text="width, height, bounds_3857, times_s and bytes of the frames"
    )
    run_id = models.TextField(null=True, db_index=True)
    public = models.BooleanField(default=True, db_default=True)
    created_at = models.DateTimeField(db_default=Now(), db_index=True)
    created_by = models.TextField(null=True)

    class Meta:
        db_table = "core_rasterproduct"

    def __str__(self) -> str:
        return self.title_en or f"{self.kind} {self.id}"

    @property
    def tiles(self) -> str | None:
        """The address of the tiles, with {z}/{x}/{y} left in it; None for bare frames."""
        if self.encoding == "float16":
            return None
        return f"/tiles/products/{self.id}/{{z}}/{{x}}/{{y}}.png?v=1"

    def as_dict(self) -> dict[str, Any]:
        """The product as the API sends it."""
        frames = None
        if self.frames:
            frames = {"url": f"/tiles/products/{self.id}/frames", **self.frames}
        title = {"en": self.title_en, "vi": self.title_vi}
        return {
            "id": str(self.id),
            "kind": self.kind,
            "title": title,
            "variable": {"name": self.name, "unit": self.unit, "title": title},
            "bounds": self.bounds,
            "encoding": self.encoding,
            "tiles": self.tiles,
            "frames": frames,
            "minzoom": self.minzoom,
            "maxzoom": self.maxzoom,
            "vertical_datum": self.vertical_datum or None,
        }


def visible_products(user: Any) -> models.QuerySet[RasterProduct]:
    """The products that `user` may see: public ones, and all of them after a login."""
    products = RasterProduct.objects.all()
    return products if user.is_authenticated else products.filter(public=True)


def current_terrain(user: Any) -> RasterProduct | None:
    """The newest terrain that `user` may see."""
    found = visible_products(user).filter(kind=RasterProduct.TERRAIN)
    return found.order_by("-created_at", "-id").first()


def terrain_dict(terrain: RasterProduct | None) -> dict[str, Any] | None:
    """The terrain as /api/city sends it; its `?v=` changes with every new terrain."""
    if terrain is None:
        return None
    return {
        "id": str(terrain.id),
        "tiles": f"/tiles/terrain/{{z}}/{{x}}/{{y}}.png?v={terrain.id.hex[:12]}",
        "minzoom": terrain.minzoom,
        "maxzoom": terrain.maxzoom,
        "bounds": terrain.bounds,
        "encoding": terrain.encoding,
        "vertical_datum": terrain.vertical_datum or None,
    }


def basemaps(user: Any) -> list[dict[str, Any]]:
    """The base maps that `user` may see, newest first, as /api/city sends them."""
    found = visible_products(user).filter(kind=RasterProduct.BASEMAP)
    return [product.as_dict() for product in found.order_by("-created_at")]
