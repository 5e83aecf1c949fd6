"""A layer and a tile come in, a Mapbox Vector Tile goes out: features, or the cells that stand for

them at low zooms. Nothing is truncated: every feature of the tile is in it, by itself or counted.
"""

from __future__ import annotations

from typing import Any

from psycopg import sql
from psycopg.errors import UndefinedTable

from tiles.cells import cell_level, shown_values
from tiles.tile import EXTENT, TileId
from twin.core.db import connection
from twin.core.declare import Cluster, Layer
from twin.core.errors import NotFound
from twin.core.sql import compose, ident

NOTHING = b""
Query = tuple[str, dict[str, Any]]


def has_label_points(layer: Layer) -> bool:
    """Whether areas bring label points of their own: large ones do, small ones are many."""
    return layer.geometry == "MultiPolygon" and layer.lowzoom is None and bool(layer.labels)


def source_layers(layer: Layer) -> dict[str, tuple[int, int]]:
    """The source layers in a layer's tiles and the zooms at which each is there."""
    low, high = layer.zoom
    below = getattr(layer.lowzoom, "below", low)
    found = {}
    if below > low:
        kind = "cluster" if isinstance(layer.lowzoom, Cluster) else "grid"
        found[f"{layer.name}_{kind}"] = (low, below - 1)
    found[layer.name] = (max(low, below), high)
    if has_label_points(layer):
        found[f"{layer.name}_label"] = (low, high)
    return found


async def vector_tile(layer: Layer, tile: TileId, visible: sql.Composable) -> bytes:
    """The tile, uncompressed; empty below the layer's zooms and where nothing lies.

    `visible` is the predicate of the rows that the asker may see.
    """
    if tile.z < layer.zoom[0]:
        return NOTHING
    query, values = tile_query(layer, tile, visible)
    try:
        async with connection() as link:
            # binary: as text, bytea would cross the wire in twice as many hexadecimal digits
            cursor = await link.execute(query.encode(), values, binary=True)
            row = await cursor.fetchone()
    except UndefinedTable as error:  # a runtime layer, dropped a moment ago
        raise NotFound(
            f'The layer "{layer.name}" is gone',
            vi=f"Lớp “{layer.title.vi}” không còn",
            code="no_such_layer",
        ) from error
    return bytes(row[0]) if row and row[0] else NOTHING


def tile_query(layer: Layer, tile: TileId, visible: sql.Composable) -> Query:
    """The statement that makes the tile, and its values."""
    level = cell_level(layer, tile.z)
    if level is not None:
        return _cells(layer, visible), _cell_values(layer, tile, level)
    values: dict[str, Any] = {"z": tile.z, "x": tile.x, "y": tile.y}
    shown = shown_values(layer, tile.z)
    if shown is not None:
        values["shown"] = shown
    return _features(layer, visible, some=shown is not None), values


_texts: dict[tuple[Any, ...], str] = {}


def _kept(key: tuple[Any, ...], make: Any) -> str:
    """The text of a statement, composed once. A changed declaration has another key."""
    if key not in _texts:
        if len(_texts) > 500:
            _texts.clear()
        _texts[key] = make()
    return _texts[key]


def _features(layer: Layer, visible: sql.Composable, *, some: bool) -> str:
    def make() -> str:
        parts: dict[str, sql.Composable] = {
            "table": ident(layer.table),
            "fields": _fields(layer),
            "visible": visible,
            "shown": sql.SQL("feature.{} = ANY(%(shown)s)").format(ident(layer.lowzoom.by))  # type: ignore[union-attr, arg-type]
            if some
            else sql.SQL("TRUE"),
        }
        text = compose("tiles", "features", tile_layer=sql.Literal(layer.name), **parts).as_string()
        if not has_label_points(layer):
            return text
        assert layer.labels  # has_label_points looked
        labels = compose(
            "tiles",
            "labels",
            tile_layer=sql.Literal(f"{layer.name}_label"),
            label=ident(layer.labels),
            **parts,
        ).as_string()
        # tiles are protocol buffers: one after the other they make one
        return f"SELECT ({text}) || ({labels})"

    return _kept((layer.name, layer.table, layer.tile_fields, some, str(visible)), make)


def _fields(layer: Layer) -> sql.Composable:
    """The attributes as ST_AsMVT takes them: it knows no dates."""
    parts: list[sql.Composable] = []
    for name in layer.tile_fields:
        field = layer.field(name)
        assert field  # tile_fields names known ones only
        cast = "::text" if field.type in ("date", "datetime") else ""
        parts.append(sql.SQL(", feature.{0}" + cast + " AS {0}").format(ident(name)))  # type: ignore[arg-type]
    return sql.Composed(parts)


def _cells(layer: Layer, visible: sql.Composable) -> str:
    cluster = isinstance(layer.lowzoom, Cluster)
    by = getattr(layer.lowzoom, "by", None)

    def make() -> str:
        kind = "cluster" if cluster else "grid"
        return compose(
            "tiles",
            kind,
            tile_layer=sql.Literal(f"{layer.name}_{kind}"),
            fields=sql.SQL(", dominant AS {}").format(ident(by)) if by else sql.SQL(""),
            visible=visible,
        ).as_string()

    return _kept((layer.name, cluster, by, str(visible)), make)


def _cell_values(layer: Layer, tile: TileId, level: int) -> dict[str, Any]:
    deeper = level - tile.z
    return {
        "layer": layer.name,
        "level": level,
        "side": EXTENT >> deeper,
        "first_x": tile.x << deeper,
        "last_x": ((tile.x + 1) << deeper) - 1,
        "first_y": tile.y << deeper,
        "last_y": ((tile.y + 1) << deeper) - 1,
    }
