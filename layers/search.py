"""Search by name, code or parcel number: a few words come in, places on the map go out."""

from __future__ import annotations

import re
from typing import Any

from psycopg import sql

from twin.core.declare import Layer
from twin.core.sql import ident

# "12/45", "tờ 12 thửa 45", "sheet 12 parcel 45", "thửa 45 tờ 12"
SLASH = re.compile(r"^\s*(\d{1,5})\s*/\s*(\d{1,6})\s*$")
SHEET_FIRST = re.compile(r"(?:tờ|to|sheet)\D{0,12}(\d{1,5})\D+(\d{1,6})", re.IGNORECASE)
PARCEL_FIRST = re.compile(r"(?:thửa|thua|parcel)\D{0,12}(\d{1,6})\D+(\d{1,5})", re.IGNORECASE)

PLACE = "ARRAY[ST_X(p), ST_Y(p)], ARRAY[ST_XMin(geom), ST_YMin(geom), ST_XMax(geom), ST_YMax(geom)]"


def parcel_number(words: str) -> tuple[int, int] | None:
    """(map sheet, parcel number) where the words name a parcel."""
    if found := SLASH.search(words) or SHEET_FIRST.search(words):
        return int(found[1]), int(found[2])
    if found := PARCEL_FIRST.search(words):
        return int(found[2]), int(found[1])
    return None


def layer_query(layer: Layer, visible: sql.Composable) -> sql.Composable:
    """One SELECT of (layer, id, title, rank, center, bbox); whole matches rank first."""
    title = ident(layer.labels or layer.search[0])
    matches = sql.SQL(" OR ").join(
        sql.SQL("twin_plain({}) LIKE %(like)s").format(ident(name)) for name in layer.search
    )
    return sql.SQL(
        "(SELECT {name} AS layer, id::text, {title}::text AS title, "
        "CASE WHEN twin_plain({title}::text) = %(plain)s THEN 0 "
        "WHEN twin_plain({title}::text) LIKE %(start)s THEN 1 ELSE 2 END AS rank, {place} "
        "FROM {table}, LATERAL ST_PointOnSurface(geom) AS p "
        "WHERE {visible} AND ({matches}) ORDER BY rank, length({title}::text), id LIMIT %(limit)s)"
    ).format(
        name=sql.Literal(layer.name),
        title=title,
        place=sql.SQL(PLACE),
        table=ident(layer.table),
        visible=visible,
        matches=matches,
    )


def parcel_query(layer: Layer, visible: sql.Composable) -> sql.Composable:
    """The parcels of one map sheet and number, in whichever former commune."""
    return sql.SQL(
        "(SELECT {name} AS layer, id::text, "
        "former_commune || ', ' || map_sheet || '/' || parcel_number AS title, 0 AS rank, {place} "
        "FROM {table}, LATERAL ST_PointOnSurface(geom) AS p WHERE {visible} "
        "AND map_sheet = %(sheet)s AND parcel_number = %(parcel)s "
        "ORDER BY former_commune LIMIT %(limit)s)"
    ).format(
        name=sql.Literal(layer.name),
        place=sql.SQL(PLACE),
        table=ident(layer.table),
        visible=visible,
    )


def search_query(
    words: str, limit: int, layers: list[tuple[Layer, sql.Composable]]
) -> tuple[sql.Composable, dict[str, Any]] | None:
    """One query over all given layers; None where nothing can be searched."""
    values: dict[str, Any] = {"limit": limit}
    parts = []
    parcel = parcel_number(words)
    for layer, visible in layers:
        if layer.name == "parcels":
            if parcel:
                values |= {"sheet": parcel[0], "parcel": parcel[1]}
                parts.append(parcel_query(layer, visible))
        elif layer.search:
            parts.append(layer_query(layer, visible))
    if not parts:
        return None
    query = sql.SQL(
        "SELECT * FROM ({}) AS found ORDER BY rank, length(title), title, id LIMIT %(limit)s"
    ).format(sql.SQL(" UNION ALL ").join(parts))
    return query, values
