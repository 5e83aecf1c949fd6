"""Observations: copied into day partitions, read back as a series."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.contrib.gis.geos import Point
from django.db import connection

from layers.models import Observation, Sensor
from layers.observations import record

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sensor() -> Sensor:
    return Sensor.objects.create(
        code="S1", kind="water_level", unit="m", alarm_1=2.5, geom=Point(107.1, 16.8)
    )


def test_a_week_of_values_lands_in_day_partitions(client, sensor):
    last = datetime.now(UTC).replace(microsecond=0)
    times = [last - timedelta(minutes=10 * k) for k in range(6 * 24 * 6)]
    rows = [(sensor.pk, ts, float(k)) for k, ts in enumerate(times)]
    assert record(rows, times[-1], times[0]) == len(rows)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT tableoid) FROM layers_observations WHERE sensor_id = %s",
            [sensor.pk],
        )
        assert cursor.fetchone()[0] in (6, 7)
    answer = client.get(f"/api/sensors/{sensor.pk}/observations").json()
    assert answer["unit"] == "m" and answer["alarms"] == [2.5, None, None]
    assert answer["values"] == [float(k) for k in reversed(range(len(rows)))]
    assert answer["times"] == sorted(answer["times"])
    newest = client.get(f"/api/sensors/{sensor.pk}/observations?limit=2").json()
    assert newest["values"] == [1.0, 0.0]


def test_a_value_outside_the_announced_span_keeps_nothing(sensor):
    now = datetime(2020, 5, 1, tzinfo=UTC)
    rows = [(sensor.pk, now, 1.0), (sensor.pk, now + timedelta(days=30), 2.0)]
    with pytest.raises(psycopg.Error, match="no partition"):
        record(rows, now, now)
    assert not Observation.objects.filter(ts__year=2020).exists()


def test_an_unknown_sensor_is_not_found(client):
    answer = client.get("/api/sensors/00000000-0000-0000-0000-000000000000/observations")
    assert answer.status_code == 404
