"""DEMs and pictures: stored whole, on the right grid, with what the file can't say reported."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest
import rasterio
from django.conf import settings
from rasterio.transform import from_origin
from rasterio.warp import transform as warp_points

from layers.sources.raster import store_dem
from layers.terrain import import_terrain
from twin.cli import main
from twin.core.errors import BadInput
from twin.core.models import CitySettings
from twin.core.products import RasterProduct

PORTO_ALEGRE = "city/porto_alegre/poa_elevation.tif"


def write_raster(
    path: Path, values: np.ndarray, crs="EPSG:9212", cell=10.0, corner=(590000, 1860000), **profile
):
    bands = values if values.ndim == 3 else values[None]
    with rasterio.open(
        path, "w", driver="GTiff", dtype=bands.dtype, count=len(bands), crs=crs,
        height=bands.shape[1], width=bands.shape[2],
        transform=from_origin(*corner, cell, cell), **profile,
    ) as dataset:  # fmt: skip
        dataset.write(bands)
    return path


def stored(path: Path) -> tuple[np.ndarray, dict]:
    with rasterio.open(path) as dataset:
        tags = dataset.tags(ns="IMAGE_STRUCTURE")
        return dataset.read(1), {**dataset.profile, "layout": tags.get("LAYOUT")}


def test_porto_alegre_in_degrees_and_bytes_becomes_metric(tmp_path, shared_data):
    target = tmp_path / "t.tif"
    dem = store_dem(shared_data / PORTO_ALEGRE, target, crs="EPSG:31982")
    _, profile = stored(target)
    assert (profile["layout"], profile["dtype"], profile["nodata"]) == ("COG", "float32", -9999)
    assert str(profile["crs"]) == dem.crs == "EPSG:31982"
    assert 25 < dem.cell_m < 35
    assert dem.cell_m == profile["transform"].a == -profile["transform"].e
    assert any("1 cells hold 255" in note for note in dem.notes)
    assert any("bilinear" in note for note in dem.notes)
    assert (dem.lowest_m, dem.highest_m) == (pytest.approx(0), pytest.approx(255, abs=3))
    # Where a cell of the file lies, its height is found again.
    with rasterio.open(shared_data / PORTO_ALEGRE) as source:
        whole = source.read(1).astype(float)
        rows, cols = np.mgrid[20:380:40, 20:380:40]
        xs, ys = source.xy(rows.ravel(), cols.ravel())
        x, y = warp_points(source.crs, "EPSG:31982", list(xs), list(ys))
    with rasterio.open(target) as made:
        found = np.array([value[0] for value in made.sample(zip(x, y, strict=True))])
    assert np.abs(found - whole[rows.ravel(), cols.ravel()]).mean() < 2.0


def test_degrees_without_a_metric_crs_are_refused_with_a_way_out(tmp_path, shared_data):
    target = tmp_path / "t.tif"
    with pytest.raises(BadInput, match=r"in degrees.*--crs EPSG:32722"):
        store_dem(shared_data / PORTO_ALEGRE, target)
    with pytest.raises(BadInput, match="not in meters"):
        store_dem(shared_data / PORTO_ALEGRE, target, crs="EPSG:4326")
    # The city's CRS of another continent would warp without complaint, and nonsense would come out.
    with pytest.raises(BadInput, match="is not made for poa_elevation"):
        store_dem(shared_data / PORTO_ALEGRE, target, city_crs="EPSG:9212")
    assert not target.exists()


def test_a_metric_dem_keeps_its_cells_and_nodata(tmp_path, shared_data):
    source = shared_data / "city/santboi_utilities/dem_5m_icgc.derived.tif"
    dem = store_dem(source, tmp_path / "t.tif")
    before, _ = stored(source)
    after, profile = stored(tmp_path / "t.tif")
    assert np.array_equal(before, after)
    assert (dem.cell_m, dem.crs, profile["nodata"]) == (5, "EPSG:25831", -9999)


def test_nodata_that_the_file_forgot_to_name(tmp_path):
    values = np.full((50, 50), 12.5, dtype=np.float32)
    values[:10] = -32768
    dem = store_dem(write_raster(tmp_path / "d.tif", values), tmp_path / "t.tif")
    assert dem.empty_cells == 500
    assert (dem.lowest_m, dem.highest_m) == (12.5, 12.5)
    assert any("500 cells hold -32768" in note for note in dem.notes)


def test_coarser_cells_are_averages(tmp_path):
    values = np.tile(np.array([[0.0, 10.0]], dtype=np.float32), (40, 20))
    path = write_raster(tmp_path / "d.tif", values, corner=(590000, 1860000))
    dem = store_dem(path, tmp_path / "t.tif", cell_m=20)
    assert dem.cell_m == 20
    found, _ = stored(tmp_path / "t.tif")
    assert np.allclose(found[found != -9999], 5)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.zeros((3, 8, 8), dtype=np.uint8), "has 3 bands; a DEM has one"),
        (np.full((8, 8), -9999, dtype=np.float32), "holds no heights"),
        (np.full((8, 8), 50_000, dtype=np.float32), "as nodata"),
    ],
)
def test_what_is_no_dem_is_refused(tmp_path, values, said):
    with pytest.raises(BadInput, match=said):
        store_dem(write_raster(tmp_path / "d.tif", values), tmp_path / "t.tif")


def test_a_plain_grid_without_crs_needs_one(tmp_path):
    path = tmp_path / "d.asc"
    path.write_text(
        "ncols 3\nnrows 2\nxllcorner 590000\nyllcorner 1860000\ncellsize 10\n"
        "NODATA_value -9999\n1 2 3\n4 5 -9999\n"
    )
    with pytest.raises(BadInput, match="does not say its coordinate reference system"):
        store_dem(path, tmp_path / "t.tif")
    dem = store_dem(path, tmp_path / "t.tif", crs="EPSG:9212")
    values, _ = stored(tmp_path / "t.tif")
    assert values.tolist() == [[1, 2, 3], [4, 5, -9999]]
    assert dem.bounds[0] == pytest.approx(107.0962, abs=0.001)


@pytest.mark.parametrize("content", [b"", b"II*\x00 nothing", bytes(range(256)) * 20])
def test_broken_rasters_are_bad_input(tmp_path, content):
    path = tmp_path / "d.tif"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"d\.tif can't be read"):
        store_dem(path, tmp_path / "t.tif")


def test_a_raster_that_breaks_off_is_bad_input(tmp_path, shared_data):
    whole = (shared_data / PORTO_ALEGRE).read_bytes()
    path = tmp_path / "cut.tif"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match=r"cut\.tif can't be read"):
        store_dem(path, tmp_path / "t.tif", crs="EPSG:31982")


@pytest.mark.django_db
class TestProducts:
    def run(self, capsys, *words):
        code = main(["import", *map(str, words), "--json"])
        out, err = capsys.readouterr()
        return json.loads(out) if code == 0 else (code, err)

    def leftovers(self) -> list[Path]:
        folder = settings.TWIN_DATA / "terrain"
        return [path for path in folder.glob(".*") if path.is_file()] if folder.exists() else []

    def test_a_dem_is_the_terrain_once(self, capsys, shared_data):
        words = (
            "dem", shared_data / PORTO_ALEGRE, "--crs", "EPSG:31982",
            "--vertical-datum", "EGM96",
        )  # fmt: skip
        assert self.run(capsys, *words, "--dry-run")["id"] is None
        assert RasterProduct.objects.count() == 0
        first = self.run(capsys, *words)
        assert Path(first["path"]).is_relative_to(settings.TWIN_DATA / "terrain")
        product = RasterProduct.objects.get()
        assert (product.kind, product.vertical_datum) == ("terrain", "EGM96")
        assert product.bounds == pytest.approx([-51.2549, -30.1096, -51.1401, -29.9976], abs=0.001)
        assert 12 <= product.maxzoom <= 14
        again = self.run(capsys, *words)
        assert (again["id"], again["unchanged"]) == (first["id"], True)
        other = self.run(capsys, *words[:-1], "Imbituba")
        assert other["id"] != first["id"]
        assert not self.leftovers()

    def test_the_city_says_the_crs_where_nobody_else_does(self, capsys, shared_data):
        code, words = self.run(capsys, "dem", shared_data / PORTO_ALEGRE)
        assert (code, "name a metric CRS" in words) == (2, True)
        CitySettings.objects.create(crs="EPSG:31982")
        assert import_terrain(shared_data / PORTO_ALEGRE).dem.crs == "EPSG:31982"
        assert not self.leftovers()

    def test_an_orthophoto_is_a_base_map(self, capsys, tmp_path):
        picture = np.zeros((3, 300, 300), dtype=np.uint8)
        picture[0, :, 150:] = 200
        path = write_raster(tmp_path / "ortho.tif", picture, cell=0.5)
        made = self.run(capsys, "raster", path, "--title", "2026")
        with rasterio.open(made["path"]) as dataset:
            assert dataset.crs.to_epsg() == 3857
            assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            xs, ys = warp_points("EPSG:9212", "EPSG:3857", [590040, 590110, 589900], [1859925] * 3)
            west, east, outside = dataset.sample(zip(xs, ys, strict=True), masked=True)
        assert west[0] < 20
        assert east[0] > 180
        assert outside.mask[0]
        assert made["maxzoom"] in (18, 19)
        assert RasterProduct.objects.get(kind="basemap").title_en == "2026"
        assert self.run(capsys, "raster", path, "--title", "2026")["unchanged"]
        code, words = self.run(
            capsys, "raster", write_raster(tmp_path / "d.tif", np.ones((8, 8), np.float32))
        )
        assert (code, "twin import dem" in words) == (2, True)

    def test_mbtiles_are_a_base_map(self, capsys, tmp_path):
        path = tmp_path / "city.mbtiles"
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE metadata (name text, value text)")
            database.execute(
                "CREATE TABLE tiles (zoom_level int, tile_column int, tile_row int, tile_data blob)"
            )
            database.execute("INSERT INTO metadata VALUES ('format', 'png')")
            database.execute("INSERT INTO tiles VALUES (3, 6, 4, x'89'), (4, 12, 8, x'89')")
        made = self.run(capsys, "raster", path)
        assert (made["minzoom"], made["maxzoom"]) == (3, 4)
        assert made["bounds"] == pytest.approx([90, 0, 112.5, 21.943], abs=0.001)
        assert Path(made["path"]).read_bytes() == path.read_bytes()
        with sqlite3.connect(path) as database:
            database.execute("UPDATE metadata SET value = 'pbf'")
        code, words = self.run(capsys, "raster", path)
        assert (code, "pbf tiles" in words) == (2, True)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["dem", "raster"])
def test_a_raster_that_can_t_be_read_is_one_line(capfd, tmp_path, shared_data, kind):
    whole = (shared_data / PORTO_ALEGRE).read_bytes()
    (tmp_path / "cut.tif").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "a.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    (tmp_path / "folder").mkdir()
    said = {
        "cut.tif": "it is damaged or breaks off",
        "a.geojson": "it is no GeoTIFF",
        "folder": "is a folder, not a file",
    }
    for name, words in said.items():
        assert main(["import", kind, str(tmp_path / name), "--crs", "EPSG:32722"]) == 2
        [line] = capfd.readouterr().err.splitlines()
        assert words in line
