"""Stored low-zoom cells: a changed extent comes in, counts by cell that add up go out.

A cell is a square of the tile pyramid. Each feature counts once, in the cell of its centroid; four
cells of one level make one of the level above.
"""

from __future__ import annotations

import hashlib

from django.contrib.gis.geos import GEOSGeometry
from django.db import transaction
from psycopg import sql

from tiles.models import Cell, LayerState
from tiles.tile import cell_range, level_for
from twin.core.declare import Cluster, Filter, Grid, Layer
from twin.core.features import layers
from twin.core.sql import compose, execute, ident

# A grid cell is at least 1/64 of a tile's side (8 px), a cluster's at least 1/8 (64 px).
GRID_LEVELS, CLUSTER_LEVELS = 6, 3


def cell_level(layer: Layer, z: int) -> int | None:
    """The level of the cells that stand for the features at zoom z; None where features show."""
    lowzoom = layer.lowzoom
    if isinstance(lowzoom, (Grid, Cluster)) and z < lowzoom.below:
        deeper = GRID_LEVELS if isinstance(lowzoom, Grid) else CLUSTER_LEVELS
        return max(z, min(level_for(lowzoom.cell_m), z + deeper))
    return None


def cell_levels(layer: Layer) -> list[int]:
    """Every level that the layer's low zooms need, finest first and without a gap."""
    lowzoom = layer.lowzoom
    if not isinstance(lowzoom, (Grid, Cluster)):
        return []
    used = [cell_level(layer, z) for z in range(layer.zoom[0], lowzoom.below)]
    known = [level for level in used if level is not None]
    return list(range(max(known), min(known) - 1, -1)) if known else []


def fingerprint(layer: Layer) -> str:
    """Changes when the declaration changes what is in a tile."""
    lowzoom = layer.lowzoom
    said = [layer.table, layer.geometry, layer.zoom, layer.tile_fields, layer.labels, repr(lowzoom)]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def refresh(name: str, area: GEOSGeometry | None) -> None:
    """Count again what changed in `area` (EPSG:3857; None: everywhere). Called before a layer's

    version advances. A layer without stored cells only has its state written.
    """
    layer = layers().get(name)
    if layer is None:
        Cell.objects.filter(layer=name).delete()
        LayerState.objects.filter(layer=name).delete()
        return
    with transaction.atomic():
        # Two drainers may hold changes of one layer: the second must see what the first counted.
        execute("SELECT pg_advisory_xact_lock(hashtext('tiles_cell'), hashtext(%s))", [name])
        built = LayerState.objects.filter(layer=name, fingerprint=fingerprint(layer)).exists()
        if built and not cell_levels(layer):
            return
        _count(layer, area if built else None)
        LayerState.objects.update_or_create(
            layer=name, defaults={"fingerprint": fingerprint(layer)}
        )


def ensure(layer: Layer) -> None:
    """Build the cells of a layer that has none yet, or whose declaration has changed since."""
    if LayerState.objects.filter(layer=layer.name, fingerprint=fingerprint(layer)).exists():
        return
    with transaction.atomic():
        before = LayerState.objects.filter(layer=layer.name).exists()
        refresh(layer.name, None)
        if before:  # tiles of the former declaration lie in caches under the current version
            execute(
                "UPDATE core_layerversion SET version = version + 1, advanced_at = now() "
                "WHERE layer = %s",
                [layer.name],
            )


def _count(layer: Layer, area: GEOSGeometry | None) -> None:
    """Replace the cells that touch `area`, level by level."""
    levels = cell_levels(layer)
    by = getattr(layer.lowzoom, "by", None)
    if area is None:
        Cell.objects.filter(layer=layer.name).delete()
    for level in levels:
        last = (1 << level) - 1
        first_x, last_x, first_y, last_y = (0, last, 0, last)
        if area is not None:
            # coarser ranges hold the finer ones, so a parent never misses a changed child
            spans = cell_range(levels[0], area.extent)
            first_x, last_x, first_y, last_y = (span >> (levels[0] - level) for span in spans)
            Cell.objects.filter(
                layer=layer.name,
                level=level,
                cx__range=(first_x, last_x),
                cy__range=(first_y, last_y),
            ).delete()
        values = {
            "layer": layer.name,
            "level": level,
            "first_x": first_x,
            "last_x": last_x,
            "first_y": first_y,
            "last_y": last_y,
        }
        if level < levels[0]:
            execute(compose("tiles", "merge_cells"), values)
            continue
        execute(
            compose(
                "tiles",
                "count_cells",
                table=ident(layer.table),
                value=sql.SQL("coalesce({}::text, '')").format(ident(by))
                if by
                else sql.SQL("''::text"),
                dirty=DIRTY if area is not None else sql.SQL("TRUE"),
            ),
            values | _span(level, (first_x, last_x, first_y, last_y)),
        )


DIRTY = sql.SQL("geom_3857 && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 3857)")


def _span(level: int, cells: tuple[int, int, int, int]) -> dict[str, float]:
    """Side, last index and bounds [m, EPSG:3857] of a range of cells."""
    from tiles.tile import HALF_WORLD_M, side_m

    side = side_m(level)
    first_x, last_x, first_y, last_y = cells
    return {
        "side": side,
        "last": (1 << level) - 1,
        "west": first_x * side - HALF_WORLD_M,
        "east": (last_x + 1) * side - HALF_WORLD_M,
        "north": HALF_WORLD_M - first_y * side,
        "south": HALF_WORLD_M - (last_y + 1) * side,
    }


def shown_values(layer: Layer, z: int) -> list[str] | None:
    """The values of a `Filter` that show at zoom z; None where everything shows."""
    if not isinstance(layer.lowzoom, Filter):
        return None
    first = layer.lowzoom.from_zoom
    if z >= max(first.values()):
        return None
    return [value for value, zoom in first.items() if zoom <= z]
