"""From committed changes to layer versions: outbox rows come in, versions and events go out.

Triggers write the outbox in the transaction of the change and NOTIFY; the drainer reads it after
the commit, refreshes what is derived from the changed area (low-zoom cells), then advances the
layer's version. So no counter row is held through an import, and edits made in QGIS count too.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

from django.contrib.gis.geos import GEOSGeometry
from django.db import connection, transaction

logger = logging.getLogger("twin.outbox")

# (layer name, changed extent in EPSG:3857 or None for everything)
Refresh = Callable[[str, GEOSGeometry | None], None]
_before_advance: list[Refresh] = []

LIVE_CHANNEL = "twin_live"
OUTBOX_CHANNEL = "twin_outbox"


def before_advance(refresh: Refresh) -> Refresh:
    """Register what must be brought up to date before a layer's version advances."""
    if refresh not in _before_advance:
        _before_advance.append(refresh)
    return refresh


def drain() -> dict[str, int]:
    """Announce all committed changes; the new version of each changed layer.

    Several drainers may run: rows are locked, skipped by the others, and deleted with the advance.
    """
    advanced: dict[str, int] = {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "WITH taken AS (DELETE FROM core_outbox WHERE id IN "
            "(SELECT id FROM core_outbox ORDER BY id FOR UPDATE SKIP LOCKED) "
            "RETURNING layer, extent, rows) "
            "SELECT layer, ST_AsEWKB(ST_SetSRID(ST_Extent(extent)::geometry, 3857)) "
            "FROM taken GROUP BY layer ORDER BY layer"
        )
        changes = cursor.fetchall()
        for layer, extent in changes:
            area = GEOSGeometry(memoryview(extent)) if extent else None
            for refresh in _before_advance:
                refresh(layer, area)
            cursor.execute(
                "INSERT INTO core_layerversion (layer, version) VALUES (%s, 2) "
                "ON CONFLICT (layer) DO UPDATE SET version = core_layerversion.version + 1, "
                "advanced_at = now() RETURNING version",
                [layer],
            )
            advanced[layer] = cursor.fetchone()[0]
            notify("layer", {"layer": layer, "version": advanced[layer]})
    return advanced


def notify(event: str, data: dict[str, object]) -> None:
    """Send one event to every browser, when this transaction commits.

    A NOTIFY payload holds 8,000 bytes at most: send ids, not contents.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_notify(%s, %s)",
            [LIVE_CHANNEL, json.dumps({"event": event, "data": data}, ensure_ascii=False)],
        )


def emit_on_commit(event: str, data: dict[str, object]) -> None:
    """Send one event after the surrounding transaction has committed."""
    transaction.on_commit(lambda: notify(event, data))
