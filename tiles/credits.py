"""Whom the map must name: layers come in, the credit of each that holds others' data goes out."""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import sql

from twin.core.declare import Layer
from twin.core.sql import execute, ident

# source of a feature -> what its license asks for, beside the map
CREDITS = {
    "osm": '© <a href="https://www.openstreetmap.org/copyright">OpenStreetMap contributors</a>',
}


def credits(layers: Iterable[Layer]) -> dict[str, str]:
    """Layer name -> credit. Looks at the index on (source, source_id), not at the rows."""
    asked = [
        sql.SQL("SELECT {}, {} WHERE EXISTS (SELECT FROM {} WHERE source = {})").format(
            sql.Literal(layer.name), sql.Literal(credit), ident(layer.table), sql.Literal(source)
        )
        for layer in layers
        for source, credit in CREDITS.items()
    ]
    if not asked:
        return {}
    return dict(execute(sql.SQL(" UNION ALL ").join(asked)))  # type: ignore[arg-type]  # pairs
