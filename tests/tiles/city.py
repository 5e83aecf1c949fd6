"""A small made-up quarter and a decoder of tiles, for the tests of tiles."""

from __future__ import annotations

import mapbox_vector_tile
from django.db import connection

from tiles.tile import HALF_WORLD_M, TileId, side_m

WEST, SOUTH = 107.08, 16.80  # Đông Hà


def execute(query: str, *params: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchall() if cursor.description else []


def make_parcels(columns: int = 40, rows: int = 30, side: float = 0.0004) -> int:
    """Parcels without gaps between them, by number; the number of them."""
    execute(
        "INSERT INTO layers_parcels (geom, former_commune, map_sheet, parcel_number, land_use) "
        "SELECT ST_Multi(ST_MakeEnvelope(%s + i * %s, %s + j * %s, %s + (i + 1) * %s, "
        "%s + (j + 1) * %s, 4326)), 'Phường 1', 1, i * 1000 + j, "
        "CASE WHEN i %% 3 = 0 THEN 'ODT' WHEN j %% 7 = 0 THEN NULL ELSE 'CLN' END "
        "FROM generate_series(0, %s) AS i, generate_series(0, %s) AS j",
        *(WEST, side, SOUTH, side, WEST, side, SOUTH, side, columns - 1, rows - 1),
    )
    return columns * rows


def make_lamps(count: int = 700) -> int:
    """Lamps along a spiral."""
    execute(
        "INSERT INTO layers_lamps (geom, code, state) SELECT ST_SetSRID(ST_MakePoint("
        "%s + 0.00002 * n * cos(n), %s + 0.00002 * n * sin(n)), 4326), 'L' || n, 'on' "
        "FROM generate_series(1, %s) AS n",
        *(WEST, SOUTH, count),
    )
    return count


def tiles_over(z: int, west: float, south: float, east: float, north: float) -> list[TileId]:
    """The tiles of zoom z that touch a box [m, EPSG:3857]."""
    side = side_m(z)
    columns = range(int((west + HALF_WORLD_M) // side), int((east + HALF_WORLD_M) // side) + 1)
    rows = range(int((HALF_WORLD_M - north) // side), int((HALF_WORLD_M - south) // side) + 1)
    return [TileId(z, x, y) for x in columns for y in rows]


def extent(table: str) -> tuple[float, float, float, float]:
    [box] = execute(
        f"SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e) "
        f"FROM (SELECT ST_Extent(geom_3857) AS e FROM {table}) AS x"
    )
    return box


def decode(body: bytes) -> dict:
    """Source layer -> features; coordinates in tile units, rows downward as stored."""
    found = mapbox_vector_tile.decode(body, default_options={"y_coord_down": True})
    return {name: layer["features"] for name, layer in found.items()}
