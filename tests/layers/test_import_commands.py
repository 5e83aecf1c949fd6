"""`twin import`: a file in, features in PostGIS and a saved report out."""

from __future__ import annotations

import json
from pathlib import Path

import pyogrio.raw
import pytest
import shapely
from django.conf import settings
from django.db import connection, transaction

from layers.models import Building, Drain, Manhole, Road, Signal, Ward
from twin.cli import main
from twin.core.custom import drop_layer
from twin.core.features import layer_named

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(capsys):
    """Run `twin import …` with --json; the report."""

    def run(*words: object) -> dict:
        code = main(["import", *map(str, words), "--json"])
        out, err = capsys.readouterr()
        assert code == 0, err
        return json.loads(out)

    return run


@pytest.fixture
def refused(capsys):
    """Run `twin import …` that must fail as bad input; the words on stderr."""

    def refused(*words: object) -> str:
        code = main(["import", *map(str, words)])
        _, err = capsys.readouterr()
        assert code == 2
        return err

    return refused


def snapshot() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, version, updated_at FROM layers_buildings UNION ALL "
            "SELECT id, version, updated_at FROM layers_roads ORDER BY 1"
        )
        return cursor.fetchall()


def test_district_1_twice(run, shared_data):
    path = shared_data / "city/hcmc_osm/district1.osm.pbf"
    first = run("osm", path)
    inserted = {name: counts["inserted"] for name, counts in first["layers"].items()}
    assert inserted["buildings"] == Building.objects.count() == 2104
    assert inserted["roads"] == Road.objects.count() == 2539
    assert inserted["signals"] == Signal.objects.count() == 184
    assert (inserted["lamps"], inserted["bus_stops"]) == (164, 190)
    saved = json.loads(Path(first["report"]).read_text("utf-8"))
    assert Path(first["report"]).parent == settings.TWIN_DATA / "imports"
    assert len({i["id"] for i in saved["items"] if i["reason"].startswith("incomplete")}) == 49

    before = snapshot()
    second = run("osm", path, "--sync")
    for counts in second["layers"].values():
        assert counts["inserted"] == counts["updated"] == counts["removed"] == 0
        assert counts["unchanged"] == counts["read"]
    assert snapshot() == before

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE layers_roads SET name = 'Đường mới' WHERE name = 'Lê Lợi'")
        edited = cursor.rowcount
    assert edited > 0
    third = run("osm", path, "--layers", "roads")
    assert third["layers"]["roads"]["kept"] == edited
    assert set(third["layers"]) == {"roads", "relations"}
    assert Road.objects.filter(name="Đường mới").count() == edited


def test_sync_of_a_clip_leaves_the_rest_of_the_city_alone(run, shared_data):
    run("osm", shared_data / "city/hcmc_osm/q5_q10_2026-03.osm")
    before = Building.objects.count()
    report = run("osm", shared_data / "city/hcmc_osm/tandinh_dakao_2026-01.osm", "--sync")
    assert report["layers"]["buildings"]["removed"] == 0
    assert Building.objects.count() > before


def test_sync_of_a_file_without_bounds_asks_for_them(run, refused, shared_data):
    path = shared_data / "city/porto_alegre/poa_osm.pbf"
    assert "--bounds WEST,SOUTH,EAST,NORTH" in refused("osm", path, "--sync")
    assert "is not WEST,SOUTH" in refused("osm", path, "--sync", "--bounds", "1,2,3")
    report = run(
        "osm", path, "--layers", "signals", "--sync", "--bounds=-51.3,-30.2,-51.1,-29.9"
    )  # fmt: skip
    assert report["layers"]["signals"]["inserted"] == 1662


def test_what_is_drawn_here_is_no_file_s_source(refused, shared_data):
    path = shared_data / "city/vn_admin/wards_46.json"
    assert '"twin" is the source of what is drawn here' in refused(
        "wards", path, "--source", "twin"
    )


def test_wards_in_both_forms_are_the_same_wards(run, shared_data):
    folder = shared_data / "city/vn_admin"
    assert run("wards", folder / "wards_79.json")["layers"]["wards"]["inserted"] == 168
    again = run("wards", folder / "wards_79.derived.geojson")["layers"]["wards"]
    assert again["inserted"] == 0
    assert Ward.objects.count() == 168
    ward = Ward.objects.get(code="27316")
    assert (ward.name, ward.province, ward.former) == (
        "Phường An Đông",
        "TP. Hồ Chí Minh",
        False,
    )


def test_dalat_and_sant_boi(run, shared_data):
    path = shared_data / "city/dalat_osm/building_array_2024-07.json"
    counts = run("layer", path, "--layer", "buildings")["layers"]["buildings"]
    assert (counts["inserted"], counts["rejected"]) == (2477, 8)
    pipes = shared_data / "city/santboi_utilities/santboi_utilities.derived.gpkg"
    report = run(
        "layer", pipes, "--layer", "drains", "--table", "ud_arc", "--id", "arc_id",
        "--map", "material=matcat_id", "invert_up_m=elev1", "--map", "invert_down_m=elev2",
    )  # fmt: skip
    assert report["layers"]["drains"]["inserted"] == 206
    assert Drain.objects.filter(invert_up_m__isnull=False).count() > 0


def test_a_file_becomes_a_new_layer_and_is_imported_again(run, refused, shared_data):
    path = shared_data / "city/santboi_utilities/santboi_utilities.derived.gpkg"
    words = ("layer", path, "--table", "ext_plot", "--new", "plots", "--title-vi", "Lô đất")
    try:
        assert run(*words, "--dry-run")["layers"]["plots"]["inserted"] == 258
        assert run(*words)["layers"]["plots"]["inserted"] == 258
        layer = layer_named("plots")
        assert (layer.geometry, layer.title.vi) == ("MultiPolygon", "Lô đất")
        assert len(layer.fields) == 11
        again = run("layer", path, "--table", "ext_plot", "--layer", "plots")
        assert again["layers"]["plots"]["unchanged"] == 258
        assert "exists already; import into it with --layer plots" in refused(*words)
    finally:
        drop_layer("plots")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("osm", "absent.osm"), "is not a file"),
        (("layer", "absent.gpkg", "--layer", "drains"), "does not exist"),
        (("layer", "absent.gpkg", "--layer", "drain"), "did you mean drains"),
        (("layer", "absent.gpkg", "--layer", "drains", "--map", "code"), "is not FIELD=COLUMN"),
        (("osm", "absent.osm", "--layers", "trees"), "fills no layer trees"),
        (("wards", "absent.json"), "does not exist"),
    ],
)
def test_bad_input_ends_with_2_and_words(refused, words, said):
    assert said in refused(*words)


def test_a_file_that_breaks_off_changes_nothing(refused, tmp_path, shared_data):
    whole = (shared_data / "city/hcmc_osm/district1.osm.pbf").read_bytes()
    cut = tmp_path / "cut.osm.pbf"
    cut.write_bytes(whole[:-20000])
    assert "can't be read as OpenStreetMap data" in refused("osm", cut)
    assert Building.objects.count() == Road.objects.count() == 0


def test_a_person_reads_a_table(capsys, tmp_path):
    path = tmp_path / "pipes.gpkg"
    pyogrio.raw.write(
        path, shapely.to_wkb([shapely.Point(107.1, 16.8)]), [], [], geometry_type="Point",
        crs="EPSG:4326",
    )  # fmt: skip
    assert main(["import", "layer", str(path), "--layer", "hydrants", "--dry-run"]) == 0
    out, _ = capsys.readouterr()
    assert "hydrants" in out
    assert "dry run: nothing was changed" in out


def test_a_person_reads_findings_by_kind(capsys, shared_data):
    assert main(["import", "osm", str(shared_data / "city/hcmc_osm/district1.osm.pbf")]) == 0
    out, _ = capsys.readouterr()
    [areas] = [line for line in out.splitlines() if line.startswith("rejected 35 roads")]
    assert areas.count("way/") == 3
    assert areas.endswith("such as: drawn as an area (area=yes), not as a line")
    [wards] = [line for line in out.splitlines() if line.startswith("rejected 9 wards")]
    assert "ways are not in the file" in wards


@pytest.mark.parametrize("source", [None, "sewers"])
def test_two_tables_of_one_file_live_side_by_side(run, shared_data, source):
    """Their row numbers are the same numbers, and --sync of one must not touch the other."""
    path = shared_data / "city/santboi_utilities/santboi_utilities.derived.gpkg"
    named = ("--source", source) if source else ()
    counts = {}
    for table in ("ws_node", "ud_gully"):
        words = ("layer", path, "--layer", "manholes", "--table", table, *named)
        report = run(*words, "--sync")
        counts[table] = report["layers"]["manholes"]
        assert report["source"] == (source or f"santboi_utilities:{table}")
        assert counts[table]["inserted"] == counts[table]["read"] > 200
        assert counts[table]["updated"] == counts[table]["removed"] == 0
    everything = sum(count["inserted"] for count in counts.values())
    assert Manhole.objects.count() == everything
    again = run("layer", path, "--layer", "manholes", "--table", "ws_node", *named, "--sync")
    assert again["layers"]["manholes"]["unchanged"] == counts["ws_node"]["read"]
    assert Manhole.objects.count() == everything


def test_an_import_that_takes_nothing_fails(capsys, tmp_path):
    path = tmp_path / "pits.csv"
    path.write_text("code,lon,lat\nA,abc,16.8\nB,107.1,inf\n", "utf-8")
    assert main(["import", "layer", str(path), "--layer", "manholes"]) == 1
    out, err = capsys.readouterr()
    assert 'lon "abc" is not a coordinate' in out
    assert "nothing of pits.csv was imported: all of its 2 features were rejected" in err
    path.write_text("code,lon,lat\nA,abc,16.8\nB,107.1,16.8\n", "utf-8")
    assert main(["import", "layer", str(path), "--layer", "manholes"]) == 0
    assert Manhole.objects.count() == 1


def test_an_empty_file_is_bad_input_and_makes_no_layer(refused, tmp_path):
    path = tmp_path / "trees.geojson"
    path.write_text('{"type": "FeatureCollection", "features": []}', "utf-8")
    assert "trees.geojson holds no features" in refused("layer", path, "--layer", "drains")


def test_a_folder_and_a_damaged_geopackage_are_named_so(refused, tmp_path, shared_data):
    (tmp_path / "pipes").mkdir()
    assert "is a folder, not a file" in refused("layer", tmp_path / "pipes", "--layer", "drains")
    whole = shared_data / "city/santboi_utilities/santboi_utilities.derived.gpkg"
    cut = tmp_path / "cut.gpkg"
    content = whole.read_bytes()
    cut.write_bytes(content[: len(content) // 3])
    err = refused("layer", cut, "--layer", "drains", "--table", "ud_arc")
    assert "cut.gpkg can't be read: it is damaged or breaks off" in err
    assert len(err.splitlines()) == 1


def test_the_same_data_under_two_names_is_said(run, shared_data):
    folder = shared_data / "city/dalat_osm"
    first = run("layer", folder / "building_array_2024-07.json", "--layer", "buildings")
    assert not [note for note in first["notes"] if "same geometry" in note]
    words = ("layer", folder / "building_array_2024-07.json", "--layer", "buildings")
    second = run(*words, "--source", "again")
    assert any(
        note.startswith("2,477 buildings have the same geometry") and "building_array" in note
        for note in second["notes"]
    )
    assert not [note for note in run(*words)["notes"] if "same geometry" in note]
