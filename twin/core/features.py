"""The bases of everything on the map: Feature (kept, versioned) and Event (append-only).

A model deriving one of them with a `layer = Layer(...)` enters; `layers()` gives every layer of the
twin, declared or made at run time, bound to its table and fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, ClassVar, TypeVar

from django.apps import apps
from django.contrib.gis.db import models
from django.contrib.gis.db.models.functions import Transform
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import GistIndex
from django.db.models.functions import Now

from twin.core.declare import Field, FieldType, GeometryType, Layer, Text
from twin.core.errors import NotFound

FieldT = TypeVar("FieldT", bound=models.Field)

COMMON_COLUMNS = (
    "id",
    "source",
    "source_id",
    "version",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
)


def attribute(
    field: FieldT,
    en: str,
    vi: str,
    *,
    unit: str | None = None,
    help: Text | None = None,
    choices: Mapping[str, Text] | None = None,
) -> FieldT:
    """Give a model field its titles, unit and choices; unknown (null) unless it says otherwise."""
    field.verbose_name = en
    field.help_text = " ".join(filter(None, [help.en if help else "", f"[{unit}]" if unit else ""]))
    if choices:
        field.choices = [(value, text.en) for value, text in choices.items()]
    field.twin = {"title": Text(en, vi), "unit": unit, "help": help, "choices": choices}  # type: ignore[attr-defined]
    return field


def text(en: str, vi: str, **options: Any) -> models.TextField:
    """An optional text attribute."""
    return attribute(models.TextField(null=True, blank=True), en, vi, **options)


def number(en: str, vi: str, unit: str | None = None, **options: Any) -> models.FloatField:
    """An optional real attribute with its unit."""
    return attribute(models.FloatField(null=True, blank=True), en, vi, unit=unit, **options)


def integer(en: str, vi: str, unit: str | None = None, **options: Any) -> models.IntegerField:
    """An optional whole-number attribute with its unit."""
    return attribute(models.IntegerField(null=True, blank=True), en, vi, unit=unit, **options)


def boolean(en: str, vi: str, **options: Any) -> models.BooleanField:
    """An optional yes-or-no attribute."""
    return attribute(models.BooleanField(null=True, blank=True), en, vi, **options)


def flag(en: str, vi: str, **options: Any) -> models.BooleanField:
    """A yes-or-no attribute that is no unless said."""
    return attribute(models.BooleanField(default=False, db_default=False), en, vi, **options)


class Feature(models.Model):
    """A kept thing of the city. Versions, stamps and history are the database's work (triggers),

    because GIS staff also edit through QGIS and WFS-T, past Django. `geom` is in EPSG:4326;
    `geom_3857` is generated and stored, so it is stale on an instance after `save()`.
    """

    layer: ClassVar[Layer]

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    source = models.TextField(db_default="twin", editable=False)
    source_id = models.TextField(null=True, blank=True, editable=False)
    geom = models.GeometryField(srid=4326)
    geom_3857 = models.GeneratedField(
        expression=Transform("geom", 3857),
        output_field=models.GeometryField(srid=3857, spatial_index=False),
        db_persist=True,
    )
    version = models.IntegerField(db_default=1, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.TextField(null=True, editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_by = models.TextField(null=True, editable=False)

    class Meta:
        abstract = True
        indexes = [GistIndex(fields=["geom_3857"], name="%(class)s_3857")]
        constraints = [
            models.UniqueConstraint(fields=["source", "source_id"], name="%(class)s_source"),
            models.CheckConstraint(condition=models.Q(geom__isvalid=True), name="%(class)s_valid"),
        ]

    def __str__(self) -> str:
        label = self.layer.labels
        return str((label and getattr(self, label, None)) or self.source_id or self.pk)


class PointFeature(Feature):
    """A feature at a point."""

    geom = models.PointField(srid=4326)

    class Meta(Feature.Meta):
        abstract = True


class LineFeature(Feature):
    """A feature along one or more lines."""

    geom = models.MultiLineStringField(srid=4326)

    class Meta(Feature.Meta):
        abstract = True


class AreaFeature(Feature):
    """A feature that covers one or more polygons."""

    geom = models.MultiPolygonField(srid=4326)

    class Meta(Feature.Meta):
        abstract = True


class Event(models.Model):
    """Something that happened at `ts`: append-only, key (id, ts), in time partitions, no history.

    The table is made by SQL (`twin_create_events`), as Django knows no partitions; `id` alone is
    unique because one sequence numbers all partitions.
    """

    id = models.BigAutoField(primary_key=True)
    ts = models.DateTimeField()

    class Meta:
        abstract = True
        managed = False


GEOMETRY_TYPES: dict[str, GeometryType] = {
    "POINT": "Point",
    "MULTILINESTRING": "MultiLineString",
    "MULTIPOLYGON": "MultiPolygon",
}


def field_type(field: models.Field) -> FieldType:
    """The layer field type of a model field."""
    types: tuple[tuple[type, FieldType], ...] = (
        (models.BooleanField, "boolean"),
        (models.IntegerField, "integer"),
        (models.FloatField, "number"),
        (models.DecimalField, "number"),
        (models.DateTimeField, "datetime"),
        (models.DateField, "date"),
    )
    return next((name for kind, name in types if isinstance(field, kind)), "text")


def bind(model: type[Feature]) -> Layer:
    """The layer of a model with name, table, geometry and fields filled in."""
    fields = []
    for field in model._meta.concrete_fields:
        said = getattr(field, "twin", None)
        if said is None:
            continue
        fields.append(
            Field(
                name=str(field.column),
                type=field_type(field),
                required=not field.null and not field.has_default(),
                **said,
            )
        )
    table = model._meta.db_table
    geometry = GEOMETRY_TYPES[model._meta.get_field("geom").geom_type]  # type: ignore[union-attr]
    return replace(
        model.layer,
        name=table.removeprefix("layers_"),
        table=table,
        geometry=geometry,
        fields=tuple(fields),
        model=model,
    )


@cache
def declared_layers() -> dict[str, Layer]:
    """The layers written in theme files, by name."""
    bound = (
        bind(model)
        for model in apps.get_models()
        if issubclass(model, Feature) and "layer" in vars(model)
    )
    return {layer.name: layer for layer in bound}


def layers() -> dict[str, Layer]:
    """Every layer of the twin by name: declared ones, then those made at run time."""
    from twin.core.custom import custom_layers

    return {**declared_layers(), **custom_layers()}


def layer_named(name: str) -> Layer:
    """The layer of that name; NotFound with the nearest names otherwise."""
    declared = declared_layers()
    if name in declared:
        return declared[name]
    known = layers()
    if name in known:
        return known[name]
    import difflib

    close = difflib.get_close_matches(name, known, n=3)
    listed = ", ".join(close)
    raise NotFound(
        f'There is no layer "{name}"' + (f"; did you mean {listed}?" if close else ""),
        vi=f"Không có lớp “{name}”" + (f"; có phải {listed}?" if close else ""),
        code="no_such_layer",
    )
