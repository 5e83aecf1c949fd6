"""What the twin knows of itself: the city, layer versions, rights, runtime layers, outbox."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.contrib.gis.db import models
from django.db.models.functions import Now

from twin.core.products import RasterProduct

__all__ = [
    "CitySettings",
    "CustomLayer",
    "LayerRight",
    "LayerVersion",
    "Outbox",
    "RasterProduct",
]


class CitySettings(models.Model):
    """The city that this twin is of: one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    name_en = models.TextField(default="New city")
    name_vi = models.TextField(default="Thành phố mới")
    center = models.PointField(srid=4326, null=True, blank=True)
    bounds = models.PolygonField(srid=4326, null=True, blank=True)
    crs = models.TextField("metric CRS", default="", blank=True, help_text="EPSG:9210")
    synthetic = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "city"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_city")]

    def __str__(self) -> str:
        return self.name_en

    @classmethod
    def current(cls) -> CitySettings:
        """The row, with defaults where none is stored yet."""
        return cls.objects.filter(id=1).first() or cls(id=1)


class LayerVersion(models.Model):
    """The version of a layer: advanced after the commit that changed it."""

    layer = models.TextField(primary_key=True)
    version = models.BigIntegerField(db_default=1)
    advanced_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.layer} {self.version}"


class LayerRight(models.Model):
    """A group (or, without one, everybody) may view, edit or publish a layer."""

    RIGHTS = [("view", "view"), ("edit", "edit"), ("publish", "publish")]
    layer = models.TextField()
    group = models.ForeignKey(Group, models.CASCADE, null=True, blank=True, help_text="none: all")
    right = models.TextField(choices=RIGHTS)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["layer", "group", "right"], name="layer_right", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.group or 'everybody'} may {self.right} {self.layer}"


class CustomLayer(models.Model):
    """A layer made at run time, its declaration kept as data."""

    name = models.TextField(primary_key=True)
    title_en = models.TextField()
    title_vi = models.TextField()
    geometry = models.TextField()
    fields = models.JSONField(default=list)
    style = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.TextField(null=True)

    def __str__(self) -> str:
        return self.name


class Outbox(models.Model):
    """A change to a layer that is committed and not yet announced. Written by triggers."""

    layer = models.TextField()
    extent = models.GeometryField(srid=3857, null=True, spatial_index=False)
    rows = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "core_outbox"
        verbose_name_plural = "outbox"

    def __str__(self) -> str:
        return f"{self.layer}: {self.rows} rows"
