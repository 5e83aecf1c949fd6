"""Staging and upsert: twice is once, edits here win, nothing is ever half there."""

from __future__ import annotations

import time

import numpy as np
import psutil
import pytest
import shapely
from django.db import connection, transaction

from layers.importer import run_import, upsert
from layers.models import Building, Hydrant, Parcel
from layers.report import Report
from layers.sources.batch import Batch
from layers.staging import Staging, writing_as
from twin.core.errors import BadInput
from twin.core.features import layer_named

pytestmark = pytest.mark.django_db


def squares(count: int, side: float = 0.0001) -> np.ndarray:
    x = 107.1 + np.arange(count) % 100 * 0.001
    y = 16.8 + np.arange(count) // 100 * 0.001
    return shapely.box(x, y, x + side, y + side)


def put(count: int = 10, *, sync: bool = False, **columns):
    ids = [f"b{n}" for n in range(count)]
    return upsert("buildings", "city", {"source_id": ids, **columns}, squares(count), sync=sync)


def edit(query: str) -> None:
    """Edit as somebody else would."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('twin.user', 'lan', true)")
        cursor.execute(query)
        cursor.execute("SELECT set_config('twin.user', '', true)")


def counts(report: Report, layer: str = "buildings") -> dict[str, int]:
    return {name: value for name, value in vars(report.of(layer)).items() if value}


def history(table: str = "layers_buildings") -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM history.{table}")
        return cursor.fetchone()[0]


def test_a_second_import_changes_nothing():
    levels = [float(n) for n in range(10)]
    assert counts(put(levels=levels)) == {"read": 10, "inserted": 10}
    before = list(Building.objects.order_by("id").values("id", "version", "updated_at"))
    kept = history()
    assert counts(put(levels=levels)) == {"read": 10, "unchanged": 10}
    assert list(Building.objects.order_by("id").values("id", "version", "updated_at")) == before
    assert history() == kept


def test_only_what_changed_is_written():
    put(name=["a"] * 10)
    report = put(name=["a"] * 9 + ["b"])
    assert counts(report) == {"read": 10, "unchanged": 9, "updated": 1}
    changed = Building.objects.get(version=2)
    assert (changed.name, changed.source_id, changed.updated_by) == ("b", "b9", "import:city")


def test_columns_that_the_file_does_not_hold_stay_as_they_are():
    put(name=["a"] * 10, address=["1 Lê Lợi"] * 10)
    assert counts(put(name=["a"] * 10)) == {"read": 10, "unchanged": 10}
    assert Building.objects.filter(address="1 Lê Lợi").count() == 10


def test_edits_made_here_win_and_are_reported():
    put(name=["a"] * 10)
    edit("UPDATE layers_buildings SET name = 'mine' WHERE source_id = 'b3'")
    report = put(name=["b"] * 10)
    assert counts(report) == {"read": 10, "updated": 9, "kept": 1}
    [item] = report.findings.of("kept")
    assert item.id == "b3"
    assert "lan" in item.reason
    assert Building.objects.get(source_id="b3").name == "mine"


def test_a_deletion_made_here_wins_until_asked_otherwise():
    put()
    edit("DELETE FROM layers_buildings WHERE source_id = 'b3'")
    report = put()
    assert counts(report) == {"read": 10, "unchanged": 9, "kept": 1}
    assert "deleted here by lan" in report.findings.of("kept")[0].reason
    batch = Batch("buildings", ["b3"], squares(4)[3:], {})
    report = run_import(
        [batch],
        Report(source="city"),
        layers={"buildings": layer_named("buildings")},
        restore_deleted=True,
    )
    assert counts(report) == {"read": 1, "inserted": 1}


def test_vanished_features_go_only_with_sync_and_never_the_edited_ones():
    put(10)
    edit("UPDATE layers_buildings SET name = 'mine' WHERE source_id = 'b9'")
    assert counts(put(5)) == {"read": 5, "unchanged": 5}
    assert Building.objects.count() == 10
    report = put(5, sync=True)
    assert counts(report) == {"read": 5, "unchanged": 5, "removed": 4, "kept": 1}
    assert set(Building.objects.values_list("source_id", flat=True)) == {
        *(f"b{n}" for n in range(5)),
        "b9",
    }
    with pytest.raises(BadInput, match="holds no features"):
        put(0, sync=True)


def test_a_feature_that_is_rejected_now_has_not_vanished():
    put(3)
    shapes = squares(3)
    shapes[2] = shapely.Point(0, 0)
    report = upsert("buildings", "city", {"source_id": ["b0", "b1", "b2"]}, shapes, sync=True)
    assert counts(report) == {"read": 3, "unchanged": 2, "rejected": 1}
    assert Building.objects.count() == 3


def test_sources_do_not_touch_each_other():
    put(5)
    upsert("buildings", "other", {"source_id": ["b0"]}, squares(1), sync=True)
    assert Building.objects.count() == 6


def test_a_reader_that_fails_midway_leaves_nothing():
    def broken():
        yield Batch("buildings", ["b0"], squares(1), {"name": ["a"]})
        raise BadInput("the file breaks off")

    with pytest.raises(BadInput):
        run_import(broken(), Report(source="city"), layers={"buildings": layer_named("buildings")})
    assert Building.objects.count() == 0


def test_a_dry_run_reports_and_changes_nothing():
    batch = Batch("buildings", ["b0"], squares(1), {"name": ["a"]})
    report = run_import(
        [batch],
        Report(source="city", dry_run=True),
        layers={"buildings": layer_named("buildings")},
    )
    assert counts(report) == {"read": 1, "inserted": 1}
    assert Building.objects.count() == 0


def test_bad_geometries_are_repaired_or_rejected_with_a_reason():
    shapes = np.array(
        [
            shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]),  # a bow tie
            shapely.Polygon([(0, 0), (1, 1), (0, 0), (1, 1)]),  # no area
            shapely.Point(1, 1),
            shapely.box(500, 500, 501, 501),
            None,
            shapely.force_3d(shapely.box(0, 0, 1, 1), 5),
            shapely.LineString([(0, 0), (1, 0), (1, 1), (0, 0)]),
            shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.Point(3, 3)]),
        ],
        dtype=object,
    )
    ids = ["tie", "flat", "point", "far", "none", "z", "ring", "mixed"]
    report = upsert("buildings", "city", {"source_id": ids}, shapes)
    assert counts(report) == {"read": 8, "inserted": 4, "rejected": 4, "repaired": 3}
    reasons = {item.id: item.reason for item in report.findings.items}
    assert "Self-intersection" in reasons["tie"]
    assert reasons["point"] == "a Point among areas"
    assert "not longitude and latitude" in reasons["far"]
    assert any("Z coordinates" in note for note in report.findings.notes)
    assert Building.objects.get(source_id="tie").geom.num_geom == 2


def test_values_that_cannot_be_read_are_left_empty_and_named():
    shapes = shapely.points([107.1, 107.2, 107.3], [16.8, 16.8, 16.8])
    columns = {
        "source_id": ["1", "2", "2"],
        "code": [" H1 ", "H2", "H3"],
        "flow_l_s": ["18 m³/h", "much", 3],
    }
    report = upsert("hydrants", "city", columns, shapes)
    assert counts(report, "hydrants") == {"read": 3, "inserted": 2, "rejected": 1, "repaired": 1}
    hydrant = Hydrant.objects.get(source_id="1")
    assert (hydrant.code, hydrant.flow_l_s) == ("H1", pytest.approx(5))
    assert (
        report.findings.of("repaired")[0].reason == 'left empty: flow_l_s: "much" is not a number'
    )


def test_parcels_need_their_number_and_hold_it_once():
    columns = {
        "source_id": ["a", "b", "c", "d"],
        "former_commune": ["Phường 1"] * 4,
        "map_sheet": ["12", 12, 12.0, None],
        "parcel_number": [45, 45, 46, 47],
        "land_use": ["odt", "Đất giáo dục", "XYZ", None],
    }
    report = upsert("parcels", "cadastre", columns, squares(4))
    assert counts(report, "parcels") == {"read": 4, "inserted": 2, "rejected": 2, "repaired": 1}
    reasons = {item.id: item.reason for item in report.findings.items}
    assert reasons["b"].endswith("is repeated in the file")
    assert reasons["d"] == "map_sheet is required and empty"
    assert Parcel.objects.get(parcel_number=45).land_use == "ODT"
    columns = {name: values[:1] for name, values in columns.items()}
    report = upsert("parcels", "another", columns, squares(1))
    assert "belongs to a (source cadastre)" in report.findings.of("rejected")[0].reason


def test_what_only_postgis_calls_invalid_is_rejected_not_the_whole_file():
    tie = shapely.multipolygons([shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])])
    house = shapely.multipolygons([shapely.box(0, 0, 1, 1)])
    report = Report(source="city")
    with transaction.atomic(), writing_as("city"):
        staging = Staging(layer_named("buildings"), "city")
        staging.copy(Batch("buildings", ["tie", "house"], np.array([tie, house]), {}))
        staging.check(report.findings)
        staging.merge(report)
    assert counts(report.finish()) == {"inserted": 1, "rejected": 1}
    assert report.findings.items[0].reason.startswith("invalid: Self-intersection")
    assert Building.objects.get().source_id == "house"


def test_simple_features_go_in_fast_with_history_on():
    """At least 20,000 a second; measured in CPU time, which busy neighbors do not stretch much."""
    count = 40_000
    number = np.arange(count)
    points = shapely.points(107 + number % 200 * 1e-3, 16.7 + number // 200 * 1e-3)
    ids = [f"L{n}" for n in range(count)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = psutil.Process(cursor.fetchone()[0])
    before = time.process_time() + sum(backend.cpu_times()[:2])
    report = upsert("lamps", "city", {"source_id": ids, "code": ids}, points)
    spent = time.process_time() + sum(backend.cpu_times()[:2]) - before
    assert report.of("lamps").inserted == count
    assert count / spent >= 20_000
