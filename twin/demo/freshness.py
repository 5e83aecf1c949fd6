"""The demo's week of observations, moved by whole days so that it ends at the last midnight."""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction

from layers.observations import record
from twin.demo.sensors import last_midnight
from twin.demo.write import sensor_ids


@transaction.atomic
def refresh_observations() -> int:
    """Move the stored week forward; returns how many days (0: it is recent already)."""
    ids = list(sensor_ids().values())
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(ts) FROM layers_observations WHERE sensor_id = ANY(%s)", [ids])
        [newest] = cursor.fetchone()
        if newest is None:
            return 0
        days = (last_midnight() - newest).days
        if days < 1:
            return 0
        cursor.execute(
            "DELETE FROM layers_observations WHERE sensor_id = ANY(%s) "
            "RETURNING sensor_id, ts, value",
            [ids],
        )
        rows = [(sensor, ts + dt.timedelta(days=days), value) for sensor, ts, value in cursor]
    record(rows, min(row[1] for row in rows), max(row[1] for row in rows))
    return days
