"""Layers made at run time: a name and a schema come in, a table like the declared ones goes out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, get_args

from django.db import ProgrammingError, transaction
from psycopg import sql

from twin.core.declare import (
    LOGGED_IN,
    Access,
    Cluster,
    Field,
    GeometryType,
    Grid,
    Layer,
    Style,
    Text,
)
from twin.core.errors import BadInput, Conflict
from twin.core.features import COMMON_COLUMNS, declared_layers
from twin.core.models import CustomLayer, LayerRight, LayerVersion
from twin.core.sql import compose, execute, ident

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
COLUMN_TYPES = {
    "text": "text",
    "integer": "bigint",
    "number": "double precision",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamptz",
}
PALETTE = ("#0b5cad", "#8e24aa", "#00838f", "#c2185b", "#5d4037", "#2e7d32", "#ef6c00")


def table_name(name: str) -> str:
    """The table of a runtime layer."""
    return f"layers_custom_{name}"


def from_row(row: CustomLayer) -> Layer:
    """The layer that a stored declaration describes."""
    fields = tuple(
        Field(name=item["name"], title=Text(*item["title"]), type=item["type"])
        for item in row.fields
    )
    label = next((field.name for field in fields if field.type == "text"), None)
    point = row.geometry == "Point"
    return Layer(
        Text(row.title_en, row.title_vi),
        "custom",
        zoom=(10, 16),
        lowzoom=Cluster(below=13) if point else Grid(200, below=12),
        style=Style(**row.style),
        labels=label,
        search=tuple(field.name for field in fields if field.type == "text")[:3],
        access=Access(view=LOGGED_IN),
        name=row.name,
        table=table_name(row.name),
        geometry=row.geometry,  # type: ignore[arg-type]  # checked when it was made
        fields=fields,
        custom=True,
    )


def custom_layers() -> dict[str, Layer]:
    """The runtime layers by name; none before the first migration."""
    try:
        with transaction.atomic():
            return {row.name: from_row(row) for row in CustomLayer.objects.order_by("name")}
    except ProgrammingError:
        return {}


def create_layer(
    name: str,
    *,
    title: Text,
    geometry: GeometryType,
    fields: Sequence[Field],
    user: str | None = None,
    style: dict[str, Any] | None = None,
) -> Layer:
    """Make the table, its triggers and first rights in one transaction.

    Raises BadInput for a name or field that can't be one, Conflict when the layer exists.
    """
    from twin.core.install import seed_rights, track

    check_names(name, geometry, fields)
    if name in declared_layers() or CustomLayer.objects.filter(name=name).exists():
        raise Conflict(f'A layer "{name}" exists already; choose another name or import into it')
    row = CustomLayer(
        name=name,
        title_en=title.en,
        title_vi=title.vi,
        geometry=geometry,
        fields=[
            {"name": field.name, "title": list(field.title), "type": field.type} for field in fields
        ],
        style=style or {"color": PALETTE[sum(name.encode()) % len(PALETTE)], "opacity": 0.7},
        created_by=user,
    )
    columns = sql.SQL("").join(
        sql.SQL(", {} {}").format(ident(field.name), sql.SQL(COLUMN_TYPES[field.type]))
        for field in fields
    )
    with transaction.atomic():
        row.save(force_insert=True)
        layer = from_row(row)
        execute(
            compose(
                "twin.core",
                "create_layer",
                table=ident(layer.table),
                columns=columns,
                geometry=sql.SQL(geometry),
                unique=ident(f"custom_{name}_source"),
                index=ident(f"custom_{name}_geom"),
                index_3857=ident(f"custom_{name}_3857"),
            )
        )
        track(layer)
        seed_rights(layer)
    return layer


def drop_layer(name: str) -> None:
    """Remove a runtime layer, its table, history and rights."""
    layer = from_row(CustomLayer.objects.get(name=name))
    with transaction.atomic():
        execute(sql.SQL("DROP TABLE {}").format(ident(layer.table)))
        execute(sql.SQL("DROP TABLE {} CASCADE").format(ident("history", layer.table)))
        for kind in ("record_", "truncate_"):
            execute(
                sql.SQL("DROP FUNCTION IF EXISTS {}()").format(ident("history", kind + layer.table))
            )
        LayerRight.objects.filter(layer=name).delete()
        LayerVersion.objects.filter(layer=name).delete()
        CustomLayer.objects.filter(name=name).delete()


def check_names(name: str, geometry: str, fields: Sequence[Field]) -> None:
    """Raise BadInput for names that PostgreSQL, URLs or the other columns can't bear."""
    if not NAME.fullmatch(name):
        raise BadInput(
            f'"{name}" can\'t name a layer: use a small letter, then small letters, digits or _ '
            "(40 at most)"
        )
    if geometry not in get_args(GeometryType):
        raise BadInput(f"A layer can't hold {geometry}; its geometries must be of one kind")
    seen: set[str] = {*COMMON_COLUMNS, "geom", "geom_3857"}
    for field in fields:
        if not NAME.fullmatch(field.name):
            raise BadInput(f'"{field.name}" can\'t name a field of layer "{name}"')
        if field.name in seen:
            raise BadInput(f'Field "{field.name}" stands twice or is taken; map it to another name')
        seen.add(field.name)
