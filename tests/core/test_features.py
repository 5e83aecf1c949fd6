"""What the database does for every feature: stamps, history, outbox, validity, roles."""

from __future__ import annotations

import psycopg
import pytest
from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from django.db import IntegrityError, connection, transaction

from layers.models import Building, Hydrant
from twin.core import outbox
from twin.core.db import connect_arguments
from twin.core.features import layer_named, layers
from twin.core.models import LayerVersion

pytestmark = pytest.mark.django_db(transaction=True)


def square(x: float, y: float, side: float = 0.0001) -> MultiPolygon:
    ring = [(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)]
    return MultiPolygon(Polygon(ring))


def rows(query: str, *params: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchall()


def version(layer: str) -> int:
    return LayerVersion.objects.get(layer=layer).version


def test_every_declared_layer_is_bound_to_its_table():
    known = layers()
    assert len(known) == 31
    assert known["buildings"].geometry == "MultiPolygon"
    assert known["drains"].field("invert_up_m").unit == "m"
    assert layer_named("roads").title.vi == "Đường"


def test_the_database_stamps_a_feature_and_projects_it():
    building = Building.objects.create(geom=square(107.1, 16.8), name="Chợ Đông Hà")
    building.refresh_from_db()
    assert (building.version, building.source) == (1, "twin")
    assert building.source_id == str(building.id)
    assert building.created_by == "twin_owner"
    assert building.geom_3857.srid == 3857
    assert building.geom_3857.extent[0] == pytest.approx(107.1 * 111319.49079327358, abs=0.01)


def test_an_update_keeps_the_former_state_and_who_ended_it():
    building = Building.objects.create(geom=square(107.1, 16.8), name="before")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('twin.user', 'lan', true)")
        Building.objects.filter(pk=building.pk).update(name="after")
    building.refresh_from_db()
    assert (building.version, building.updated_by) == (2, "lan")
    kept = rows(
        "SELECT name, version, operation::text, superseded_by, session_role "
        "FROM history.layers_buildings WHERE id = %s",
        building.pk,
    )
    assert kept == [("before", 1, "U", "lan", "twin_owner")]
    key = building.pk
    building.delete()
    kept = rows(
        "SELECT name, operation::text FROM history.layers_buildings WHERE id = %s "
        "ORDER BY superseded_at",
        key,
    )
    assert kept == [("before", "U"), ("after", "D")]


def test_an_edit_past_django_is_recorded_and_versions_advance_after_commit():
    """A QGIS user is another database session: no Django, no application of ours."""
    before = version("hydrants")
    with psycopg.connect(**connect_arguments() | {"application_name": "QGIS"}) as qgis:
        qgis.execute(
            "INSERT INTO layers_hydrants (geom, code) "
            "VALUES (ST_SetSRID(ST_MakePoint(107.1, 16.8), 4326), 'H1')"
        )
        outbox.drain()
        assert version("hydrants") == before  # not committed yet: nobody may be told
        qgis.commit()
        outbox.drain()
        assert version("hydrants") == before + 1
        qgis.execute("UPDATE layers_hydrants SET code = 'H2' WHERE code = 'H1'")
    kept = rows("SELECT code, application FROM history.layers_hydrants WHERE code = 'H1'")
    assert kept[-1] == ("H1", "QGIS")
    assert outbox.drain() == {"hydrants": before + 2}
    assert outbox.drain() == {}


def test_truncate_is_history_too():
    Hydrant.objects.create(geom=Point(107.1, 16.8), code="lost")
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE layers_hydrants")
    assert rows("SELECT operation::text FROM history.layers_hydrants WHERE code = 'lost'") == [
        ("T",)
    ]
    assert "hydrants" in outbox.drain()


def test_an_invalid_geometry_never_gets_in():
    bow_tie = MultiPolygon(Polygon([(0, 0), (1, 1), (1, 0), (0, 1), (0, 0)]))
    with pytest.raises(IntegrityError, match="valid"):
        Building.objects.create(geom=bow_tie)


def test_web_role_can_edit_but_not_rewrite_history_or_drop(services):
    Building.objects.create(geom=square(107.1, 16.8))
    arguments = connect_arguments() | {
        "user": "twin_web",
        "password": services.passwords["twin_web"],
    }
    with psycopg.connect(**arguments, autocommit=True) as web:
        web.execute("UPDATE layers_buildings SET name = 'ok'")
        assert web.execute("SELECT count(*) FROM history.layers_buildings").fetchone()[0] > 0
        for forbidden in (
            "DELETE FROM history.layers_buildings",
            "DROP TABLE layers_buildings",
            "ALTER TABLE layers_buildings DISABLE TRIGGER ALL",
            "TRUNCATE layers_buildings",
            "CREATE TABLE mine (x int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                web.execute(forbidden)


def test_vn2000_check_point_in_postgis():
    [(x, y)] = rows(
        "SELECT ST_X(p), ST_Y(p) FROM ST_Transform("
        "ST_SetSRID(ST_MakePoint(107.1, 16.8163), 4326), 9212) AS p"
    )
    assert (x, y) == (pytest.approx(590398.623, abs=0.01), pytest.approx(1860097.033, abs=0.01))
