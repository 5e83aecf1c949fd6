"""What sensors measured: arrays come in and are copied to day partitions, series go out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

LATEST = """
    SELECT ts, value FROM layers_observations
    WHERE sensor_id = %s AND ts >= %s AND ts <= %s ORDER BY ts DESC LIMIT %s
"""


@transaction.atomic
def record(rows: Iterable[tuple[UUID, datetime, float]], first: datetime, last: datetime) -> int:
    """Copy (sensor, time, value) rows whose times lie in [first, last]; returns how many.

    Day partitions that are missing are made first. A row outside the span
    fails the whole copy, and nothing is kept.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT twin_ensure_partitions('layers_observations', %s, %s)", [first, last]
        )
        with cursor.copy(
            "COPY layers_observations (sensor_id, ts, value) FROM STDIN (FORMAT binary)"
        ) as copy:
            copy.set_types(["uuid", "timestamptz", "float8"])
            for row in rows:
                copy.write_row(row)
        return cursor.rowcount


def series_query(
    sensor: UUID, first: datetime, last: datetime, limit: int
) -> tuple[str, list[Any]]:
    """The newest `limit` values of a sensor in [first, last], newest first."""
    return LATEST, [sensor, first, last, limit]
