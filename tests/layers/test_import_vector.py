"""Vector files: whatever GDAL opens, with the right place, ids, columns and words."""

from __future__ import annotations

import json
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import pyogrio.raw
import pyproj
import pytest
import rasterio.warp
import shapely

from layers.sources import text
from layers.sources.batch import Batch, Findings
from layers.sources.geometry import fit_geometries
from layers.sources.schema import fields_of, geometry_of
from layers.sources.vector import read_vector
from layers.sources.vector_file import VectorOptions, open_vector
from layers.sources.wards import read_wards
from twin.core.errors import BadInput

CHECK_POINT = (107.1, 16.8163)
CHECK_POINT_9212 = (590398.623, 1860097.033)
DEGREES_PER_CM = 0.01 / 111_320
BUILDING = ("name", "use", "levels", "height_m", "height_estimated", "address")


def read(path: Path, layer: str, fields, geometry: str, **options):
    """All features of a file as one list of (id, geometry, values), and the findings."""
    findings = Findings()
    chosen = VectorOptions(**options)
    file = open_vector(path, layer, findings, chosen)
    found = []
    for batch in read_vector(file, layer, fields, findings, chosen):
        batch = fit_geometries(batch, geometry, findings)
        found += features(batch)
    return found, findings


def features(batch: Batch):
    return [
        (id, batch.geometries[row], {name: column[row] for name, column in batch.columns.items()})
        for row, id in enumerate(batch.source_ids)
    ]


def write(path: Path, geometries, columns: dict[str, list], crs: str | None, kind="Point"):
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array(geometries, dtype=object)),
        [np.array(values) for values in columns.values()],
        list(columns),
        geometry_type=kind,
        crs=crs,
    )
    return path


@pytest.mark.parametrize("ending", ["gpkg", "shp", "fgb"])
def test_vn2000_points_land_within_a_centimeter(tmp_path, ending):
    path = write(
        tmp_path / f"points.{ending}", [shapely.Point(CHECK_POINT_9212)], {"code": ["H1"]},
        "EPSG:9212",
    )  # fmt: skip
    [(_, point, _)], _ = read(path, "hydrants", ("code",), "Point")
    assert abs(point.x - CHECK_POINT[0]) < DEGREES_PER_CM
    assert abs(point.y - CHECK_POINT[1]) < DEGREES_PER_CM


def test_all_three_projections_in_the_house_agree_on_vn2000(tmp_path):
    """pyproj, rasterio's GDAL and pyogrio's GDAL carry a PROJ each."""
    forward = pyproj.Transformer.from_crs(4326, 9212, always_xy=True).transform(*CHECK_POINT)
    assert forward == pytest.approx(CHECK_POINT_9212, abs=0.01)
    xs, ys = rasterio.warp.transform("EPSG:4326", "EPSG:9212", [CHECK_POINT[0]], [CHECK_POINT[1]])
    assert (xs[0], ys[0]) == pytest.approx(CHECK_POINT_9212, abs=0.01)
    path = write(
        tmp_path / "p.gpkg", [shapely.Point(CHECK_POINT_9212)], {"code": ["H1"]}, "EPSG:9212"
    )
    warped = tmp_path / "p.vrt"
    warped.write_text(
        '<OGRVRTDataSource><OGRVRTWarpedLayer><OGRVRTLayer name="p">'
        f"<SrcDataSource>{path}</SrcDataSource></OGRVRTLayer>"
        "<TargetSRS>EPSG:4326</TargetSRS></OGRVRTWarpedLayer></OGRVRTDataSource>"
    )
    _, _, geometry, _ = pyogrio.raw.read(warped)
    point = shapely.from_wkb(geometry[0])
    assert (point.x, point.y) == pytest.approx(CHECK_POINT, abs=DEGREES_PER_CM)


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_without_a_crs_nothing_is_guessed(tmp_path):
    path = write(tmp_path / "p.shp", [shapely.Point(CHECK_POINT_9212)], {"code": ["a"]}, None)
    with pytest.raises(BadInput, match="does not say its coordinate reference system"):
        read(path, "hydrants", ("code",), "Point")
    [(_, point, _)], _ = read(path, "hydrants", ("code",), "Point", crs="EPSG:9212")
    assert point.x == pytest.approx(CHECK_POINT[0], abs=DEGREES_PER_CM)
    with pytest.raises(BadInput, match="is not a coordinate reference system"):
        read(path, "hydrants", ("code",), "Point", crs="EPSG:1")


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_crs_without_datum_shift_is_refused(tmp_path):
    """Read as WGS 84 it would lie 225 m off."""
    path = write(tmp_path / "p.shp", [shapely.Point(CHECK_POINT_9212)], {"code": ["a"]}, None)
    words = "+proj=tmerc +lat_0=0 +lon_0=106.25 +k=0.9999 +x_0=500000 +ellps=WGS84 +units=m"
    with pytest.raises(BadInput, match="no known datum shift"):
        read(path, "hydrants", ("code",), "Point", crs=words)


def test_northing_before_easting_is_noticed(tmp_path):
    swapped = [shapely.Point(CHECK_POINT_9212[::-1])]
    path = write(tmp_path / "p.gpkg", swapped, {"code": ["a"]}, "EPSG:9212")
    with pytest.raises(BadInput, match=r"X and Y look exchanged.*add --swap-xy"):
        read(path, "hydrants", ("code",), "Point")
    [(_, point, _)], _ = read(path, "hydrants", ("code",), "Point", swap_xy=True)
    assert point.y == pytest.approx(CHECK_POINT[1], abs=DEGREES_PER_CM)


def test_geojson_in_meters_is_not_taken_for_degrees(tmp_path):
    path = tmp_path / "p.geojson"
    point = {"type": "Point", "coordinates": CHECK_POINT_9212}
    feature = {"type": "Feature", "properties": {"code": "a"}, "geometry": point}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    with pytest.raises(BadInput, match="is not longitude and latitude"):
        read(path, "hydrants", ("code",), "Point")
    found, _ = read(path, "hydrants", ("code",), "Point", crs="EPSG:9212")
    assert found[0][1].x == pytest.approx(CHECK_POINT[0], abs=DEGREES_PER_CM)


@pytest.mark.parametrize("name", ["building_2024-07.geojson", "building_array_2024-07.json"])
def test_dalat_buildings_from_a_collection_and_from_a_bare_array(shared_data, name):
    found, findings = read(
        shared_data / "city/dalat_osm" / name, "buildings", BUILDING, "MultiPolygon"
    )
    assert len(found) == 2485 - 8
    assert {item.reason for item in findings.of("rejected")} == {"a Point among areas"}
    assert len(findings.of("rejected")) == 8
    by_id = {id: values for id, _, values in found}
    assert by_id["relation/4119185"]["name"] == "Chợ Đà Lạt"
    assert by_id["relation/4119185"]["use"] == "commercial"
    assert sum(values["levels"] is not None for values in by_id.values()) > 100


def test_a_file_with_several_tables_asks_which(shared_data):
    path = shared_data / "city/dalat_osm/dalat_mvt.derived.gpkg"
    with pytest.raises(BadInput, match="name one with --table: building, grass, highway"):
        read(path, "buildings", BUILDING, "MultiPolygon")
    found, findings = read(path, "buildings", BUILDING, "MultiPolygon", table="building")
    assert len(found) + len(findings.of("rejected")) == 2882
    found, findings = read(path, "roads", ("name",), "MultiLineString", table="highway")
    assert len(found) + len(findings.of("rejected")) == 9454
    assert len(findings.of("rejected")) == 45  # points, and areas among the lines


def test_sant_boi_sewers_with_mapped_columns(shared_data):
    path = shared_data / "city/santboi_utilities/santboi_utilities.derived.gpkg"
    found, _ = read(
        path, "drains", ("code", "material", "invert_up_m"), "MultiLineString",
        table="ud_arc", id_column="arc_id",
        mapping={"material": "matcat_id", "invert_up_m": "elev1"},
    )  # fmt: skip
    assert len(found) == 206
    _, line, values = found[0]
    assert 2.0 < line.bounds[0] < 2.1
    assert 41.3 < line.bounds[1] < 41.4
    assert values["material"]
    with pytest.raises(BadInput, match='no field "depth"'):
        read(path, "drains", ("code",), "MultiLineString", table="ud_arc",
             mapping={"depth": "y1"})  # fmt: skip
    with pytest.raises(BadInput, match='no column "y9"'):
        read(path, "drains", ("code",), "MultiLineString", table="ud_arc",
             mapping={"code": "y9"})  # fmt: skip


def test_csv_by_column_names_and_by_asking(tmp_path, shared_data):
    found, _ = read(
        shared_data / "city/porto_alegre/poa_points_of_interest.csv",
        "base_stations", ("code",), "Point", mapping={"code": "id"},
    )  # fmt: skip
    assert len(found) == 15
    assert found[0][1].x == pytest.approx(-51.227811)
    path = tmp_path / "vn.csv"
    path.write_text(f"ma;bac;dong\nT1;{CHECK_POINT_9212[1]};{CHECK_POINT_9212[0]}\n")
    with pytest.raises(BadInput, match="a CSV needs columns"):
        read(path, "hydrants", ("code",), "Point")
    [(_, point, _)], _ = read(
        path, "hydrants", ("code",), "Point", xy=("dong", "bac"), crs="EPSG:9212"
    )
    assert point.y == pytest.approx(CHECK_POINT[1], abs=DEGREES_PER_CM)


def test_ids_are_unique_or_reported(tmp_path):
    points = [shapely.Point(106 + n, 16) for n in range(4)]
    columns = {"id": ["a", "b", "b", "d"], "code": ["k1", "k2", "k3", "k4"]}
    path = write(tmp_path / "p.gpkg", points, columns, "EPSG:4326")
    found, _ = read(path, "hydrants", ("code",), "Point")
    assert [id for id, _, _ in found] == ["1", "2", "3", "4"]  # id repeats: row numbers
    found, findings = read(path, "hydrants", ("code",), "Point", id_column="id")
    assert [id for id, _, _ in found] == ["a", "b", "d"]
    assert findings.of("rejected")[0].id == "b"
    found, _ = read(path, "hydrants", ("code",), "Point", key_fields=("code",))
    assert [id for id, _, _ in found] == ["k1", "k2", "k3", "k4"]


@pytest.mark.parametrize(
    ("province", "wards", "invalid"),
    [(44, 78, 6), (46, 40, 1), (48, 94, 0), (68, 124, 5), (79, 168, 2)],
)
@pytest.mark.parametrize("ending", ["json", "derived.geojson"])
def test_wards_of_five_provinces(shared_data, province, wards, invalid, ending):
    findings = Findings()
    path = shared_data / f"city/vn_admin/wards_{province}.{ending}"
    found = []
    for batch in read_wards(path, findings):
        found += features(fit_geometries(batch, "MultiPolygon", findings))
    assert len(found) == wards
    repaired = [item for item in findings.of("repaired") if item.reason.startswith("made valid")]
    assert len(repaired) == invalid
    assert all(id.isdigit() and len(id) == 5 for id, _, _ in found)
    assert all(shape.is_valid for _, shape, _ in found)
    names = [values["name"] for _, _, values in found]
    assert all(name.split()[0] in ("Phường", "Xã", "Đặc") for name in names)
    assert all(values["population"] >= 0 for _, _, values in found)


def test_open_rings_are_closed_and_said(shared_data):
    findings = Findings()
    batches = list(read_wards(shared_data / "city/vn_admin/wards_79.json", findings))
    opened = {item.id: item.reason for item in findings.of("repaired")}
    assert opened["26713"] == "3 of its 6 rings were open; closed"
    assert len(opened) == 6
    assert batches[0].columns["province"][0] == "TP. Hồ Chí Minh"


def test_other_ward_files(shared_data):
    findings = Findings()
    path = shared_data / "city/vn_admin/ThuDucCity_ward_2021.geojson"
    [batch] = read_wards(path, findings, former=True)
    assert len(batch) == 34
    assert set(batch.columns["former"]) == {True}
    assert "Phường Trường Thọ" in batch.columns["name"]


def test_a_new_layer_takes_its_schema_from_the_file(tmp_path):
    path = tmp_path / "cây xanh.csv"
    path.write_text(
        "id,Đường kính (cm),Đường kính [cm],1st,trồng,mã,lon,lat\n"
        "7,12.5,1,x,2026-03-01,0012,107.1,16.8\n"
    )
    file = open_vector(path, "trees", Findings(), VectorOptions(typed=True))
    fields, mapping = fields_of(file)
    assert {field.name: field.type for field in fields} == {
        "file_id": "integer",
        "duong_kinh_cm": "number",
        "duong_kinh_cm_2": "integer",
        "f_1st": "text",
        "trong": "date",
        "ma": "text",
        "lon": "number",
        "lat": "number",
    }
    assert mapping["duong_kinh_cm_2"] == "Đường kính [cm]"
    assert geometry_of(file) == "Point"


def test_geometry_of_an_unknown_kind_is_what_most_are(shared_data):
    file = open_vector(
        shared_data / "city/dalat_osm/building_2024-07.geojson", "houses", Findings()
    )
    assert geometry_of(file) == "MultiPolygon"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.geojson", b'{"type": "FeatureCollection", "features": [{"type": "Fea'),
        ("cut.json", b'[{"type": "Feature", '),
        ("array.json", b"[1, 2]"),
        ("noise.gpkg", bytes(range(256)) * 40),
        ("empty.shp", b""),
        ("words.txt", b"nothing here"),
    ],
)
def test_files_that_cannot_be_read_are_bad_input(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput, match=name):
        read(path, "hydrants", ("code",), "Point")


def test_a_missing_file_is_bad_input(tmp_path):
    with pytest.raises(BadInput, match="does not exist"):
        read(tmp_path / "no.gpkg", "hydrants", ("code",), "Point")


def test_curves_and_z_are_understood(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text(
        "code,WKT\n"
        'a,"CURVEPOLYGON(CIRCULARSTRING(106 16,107 16,107 17,106 17,106 16))"\n'
        'b,"POLYGON Z((106 16 5,107 16 5,107 17 5,106 16 5))"\n'
    )
    found, findings = read(path, "parcels", ("land_use",), "MultiPolygon", crs="EPSG:4326")
    assert len(found) == 2
    assert any("Z coordinates" in note for note in findings.notes)


def vietnamese_shapefile(tmp_path: Path, encoding: str, *, cpg: bool) -> Path:
    """A Shapefile whose .dbf holds "Đường Lê Lợi" in `encoding` under "đường"."""
    path = write(tmp_path / "s.shp", [shapely.Point(107, 16)], {"xxxxx": ["y" * 40]}, "EPSG:4326")
    words = unicodedata.normalize("NFC", "Đường Lê Lợi")
    if encoding == "cp1258":  # tone marks follow their letter there
        words = "Đươ\u0300ng Lê Lơ\u0323i"
    table = path.with_suffix(".dbf").read_bytes()
    table = table.replace(b"y" * 40, words.encode(encoding).ljust(40))
    table = table.replace(b"xxxxx", "đê".encode(encoding).ljust(5, b"\0"))
    path.with_suffix(".dbf").write_bytes(table)
    path.with_suffix(".cpg").unlink()
    if cpg:
        path.with_suffix(".cpg").write_text(encoding)
    return path


@pytest.mark.parametrize(
    ("encoding", "cpg", "asked"),
    [
        ("utf-8", True, None),
        ("utf-8", False, None),
        ("cp1258", True, None),
        ("cp1258", False, "CP1258"),
        ("cp1258", False, "1258"),
    ],
)
def test_shapefiles_in_vietnamese_keep_every_letter(tmp_path, encoding, cpg, asked):
    path = vietnamese_shapefile(tmp_path, encoding, cpg=cpg)
    [(_, _, values)], _ = read(
        path, "hydrants", ("code",), "Point", mapping={"code": "đê"}, encoding=asked
    )
    assert text.nfc(values["code"]) == "Đường Lê Lợi"


def test_a_shapefile_in_an_unnamed_encoding_is_refused_not_garbled(tmp_path):
    path = vietnamese_shapefile(tmp_path, "cp1258", cpg=False)
    with pytest.raises(BadInput, match=r"is not utf-8; name its encoding.*CP1258"):
        read(path, "hydrants", ("code",), "Point")
    with pytest.raises(BadInput, match="no known encoding"):
        read(path, "hydrants", ("code",), "Point", encoding="klingon")


def test_a_zipped_shapefile(tmp_path):
    vietnamese_shapefile(tmp_path, "cp1258", cpg=True)
    zipped = tmp_path / "s.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        for part in tmp_path.glob("s.*"):
            if part != zipped:
                archive.write(part, part.name)
    [(_, _, values)], _ = read(zipped, "hydrants", ("code",), "Point", mapping={"code": "đê"})
    assert text.nfc(values["code"]) == "Đường Lê Lợi"


def test_a_table_s_bad_coordinate_is_named(tmp_path):
    path = tmp_path / "pits.csv"
    rows = ["1,600000,1854000", "2,abc,1854000", "3,NaN,1854000", "4,600000,inf", "5,,1854000"]
    path.write_text("\n".join(["id,x,y", *rows]), "utf-8")
    kept, findings = read(path, "manholes", ("code",), "Point", crs="EPSG:9212")
    assert [id for id, _, _ in kept] == ["1"]
    assert {item.id: item.reason for item in findings.of("rejected")} == {
        "2": 'no place: x "abc" is not a coordinate',
        "3": 'no place: x "NaN" is not a coordinate',
        "4": 'no place: y "inf" is not a coordinate',
        "5": "no place: x is empty",
    }


def test_an_unknown_crs_gets_a_way_out(tmp_path):
    path = tmp_path / "pits.csv"
    path.write_text("id,x,y\n1,600000,1854000", "utf-8")
    with pytest.raises(BadInput, match=r'"VN-2000-X" is not .* write one like EPSG:9210'):
        read(path, "manholes", ("code",), "Point", crs="VN-2000-X")
