"""Rasters on the map: values survive their encoding, lie where they lay, and stay closed."""

from __future__ import annotations

import gzip
import io
import math
import sqlite3
import struct

import numpy as np
import pytest
import rasterio
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import AsyncClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.tiles.city import tiles_over
from tiles import rasters_api
from tiles.products import publish_depth
from tiles.raster import SIZE, decode_terrarium, draw_tile, png, terrarium
from tiles.tile import TileId, side_m
from twin.core.crs import transformer
from twin.core.products import RasterProduct, terrain_dict

WEST, NORTH, CELL = 588000.0, 1862000.0, 20.0  # VN-2000 zone of Quảng Trị, EPSG:9212


def plane(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Terrain that rises to the east and north: any shift shows."""
    return (x - WEST) * 0.01 + (y - NORTH) * 0.02 + 100


def write_tiff(path, values: np.ndarray, crs: str, transform, **options) -> None:
    bands = values if values.ndim == 3 else values[None]
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=bands.shape[2],
        height=bands.shape[1],
        count=bands.shape[0],
        dtype=bands.dtype,
        crs=crs,
        transform=transform,
        **options,
    ) as file:
        file.write(bands)


def dem(path, size: int = 200) -> list[float]:
    """A DEM of a plane with overviews; its bounds [deg]."""
    x = WEST + (np.arange(size) + 0.5) * CELL
    y = NORTH - (np.arange(size) + 0.5) * CELL
    values = plane(x[None, :], y[:, None]).astype("float32")
    transform = rasterio.Affine(CELL, 0, WEST, 0, -CELL, NORTH)
    write_tiff(path, values, "EPSG:9212", transform, nodata=-9999.0, tiled=True)
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4], rasterio.enums.Resampling.average)
    with rasterio.open(path) as file:
        return list(rasterio.warp.transform_bounds(file.crs, "EPSG:4326", *file.bounds))


def pixels_of(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)))


def centers(tile: TileId) -> tuple[np.ndarray, np.ndarray]:
    """Pixel centers [m, EPSG:3857] of a tile: columns and rows."""
    west, _, _, north = tile.bounds_3857
    pixel = side_m(tile.z) / SIZE
    steps = (np.arange(SIZE) + 0.5) * pixel
    return west + steps, north - steps


def middle_tile(bounds: list[float], z: int) -> TileId:
    x, y = transformer("EPSG:4326", "EPSG:3857").transform(
        (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    )
    return tiles_over(z, x, y, x, y)[0]


def fetch(path: str, user: User | None = None, **headers: str):
    async def ask():
        client = AsyncClient()
        if user:
            await client.aforce_login(user)
        response = await client.get(path, headers=headers)
        if response.streaming:
            pieces = [piece async for piece in response.streaming_content]
            return response, b"".join(pieces)
        return response, response.content

    rasters_api._known.clear()
    return async_to_sync(ask)()


@given(st.lists(st.floats(-30000, 30000), min_size=1, max_size=50))
def test_terrarium_is_exact_to_a_centimeter(values):
    given_values = np.array(values)[None, :]
    decoded = decode_terrarium(terrarium(given_values, clear=False))
    assert np.abs(decoded - given_values).max() < 0.01


def test_terrarium_survives_its_png_and_marks_what_is_unknown():
    values = np.array([[0.0, 0.05, 3.21], [np.nan, 8848.86, -10.5]])
    back = pixels_of(png(terrarium(values, clear=True)))
    assert back.shape == (2, 3, 4)
    assert back[..., 3].tolist() == [[255, 255, 255], [0, 255, 255]]
    known = np.isfinite(values)
    assert np.abs(decode_terrarium(back)[known] - values[known]).max() < 0.01
    sea = decode_terrarium(terrarium(values, clear=False))
    assert sea[1, 0] == 0


@pytest.mark.parametrize("z", [11, 13, 15])
def test_heights_lie_where_they_lay(tmp_path, z):
    """Every pixel inside, at a coarse zoom from an overview and at a fine one interpolated."""
    path = tmp_path / "dem.tif"
    bounds = dem(path)
    product = RasterProduct(kind="terrain", encoding="terrarium", location=str(path), bounds=bounds)
    tile = middle_tile(bounds, z)
    content, kind = draw_tile(product, tile)
    assert kind == "image/png"
    heights = decode_terrarium(pixels_of(content))
    columns, rows = np.meshgrid(*centers(tile))
    x, y = transformer("EPSG:3857", "EPSG:9212").transform(columns, rows)
    margin = 2 * max(CELL, side_m(z) / SIZE)
    inside = (
        (x > WEST + margin)
        & (x < WEST + 200 * CELL - margin)
        & (y < NORTH - margin)
        & (y > NORTH - 200 * CELL + margin)
    )
    assert inside.sum() > 200
    assert np.abs(heights - plane(x, y))[inside].max() < 0.05
    far = TileId(z, 0, 0)
    assert np.abs(decode_terrarium(pixels_of(draw_tile(product, far)[0]))).max() == 0


def test_a_picture_keeps_its_colors_and_its_holes(tmp_path):
    path = tmp_path / "photo.tif"
    bands = np.zeros((4, 64, 64), np.uint8)
    bands[0, :, :32], bands[1, :, 32:], bands[3, :, :48] = 200, 180, 255
    tile = TileId(14, 13066, 7417)
    west, south, east, north = tile.bounds_3857
    transform = rasterio.transform.from_bounds(west, south, east, north, 64, 64)
    write_tiff(path, bands, "EPSG:3857", transform, photometric="RGB", alpha="yes")
    product = RasterProduct(kind="basemap", encoding="image", location=str(path))
    content, kind = draw_tile(product, tile)
    shown = pixels_of(content)
    assert kind == "image/png"
    assert shown[128, 40].tolist() == [200, 0, 0, 255]
    assert shown[128, 160].tolist() == [0, 180, 0, 255]
    assert shown[128, 250, 3] == 0
    bands[3] = 255
    write_tiff(tmp_path / "full.tif", bands, "EPSG:3857", transform, photometric="RGB", alpha="yes")
    product.location = str(tmp_path / "full.tif")
    content, kind = draw_tile(product, tile)
    assert kind == "image/jpeg"
    assert np.abs(pixels_of(content)[128, 40].astype(int) - [200, 0, 0]).max() < 12


def test_a_tile_of_mbtiles_comes_as_it_lies_there(tmp_path):
    path = tmp_path / "map.mbtiles"
    stored = png(np.full((SIZE, SIZE, 3), 77, np.uint8))
    with sqlite3.connect(path) as base:
        base.execute(
            "CREATE TABLE tiles (zoom_level int, tile_column int, tile_row int, tile_data blob)"
        )
        base.execute("INSERT INTO tiles VALUES (3, 6, 4, ?)", [stored])
    product = RasterProduct(kind="basemap", encoding="image", location=str(path))
    assert draw_tile(product, TileId(3, 6, 3)) == (stored, "image/png")
    assert pixels_of(draw_tile(product, TileId(3, 6, 4))[0])[..., 3].max() == 0


@pytest.fixture
def flood(tmp_path) -> dict:
    """Results as a run leaves them: a pond that rises, in a valley with walls outside it."""
    import xarray

    size, times = 60, np.array([0.0, 300.0, 600.0])
    x = WEST + (np.arange(size) + 0.5) * CELL
    y = NORTH - (np.arange(size) + 0.5) * CELL
    away = np.hypot(x[None, :] - x.mean(), y[:, None] - y.mean())
    depth = np.stack([np.maximum(0, t / 600 * 2 - away / 300) for t in times]).astype("float32")
    depth[:, :, :5] = np.nan
    wkt = rasterio.CRS.from_epsg(9212).to_wkt()
    mapping = {"crs_wkt": wkt, "GeoTransform": f"{WEST} {CELL} 0 {NORTH} 0 {-CELL}"}
    dataset = xarray.Dataset(
        {
            "depth": (("time", "y", "x"), depth),
            "max_depth": (("y", "x"), np.nanmax(np.nan_to_num(depth, nan=-1), axis=0)),
        },
        coords={"time": times, "y": y, "x": x, "spatial_ref": ((), 0, mapping)},
    )
    dataset["max_depth"] = dataset["max_depth"].where(dataset["max_depth"] >= 0)
    dataset.to_zarr(tmp_path / "run" / "results.zarr", zarr_format=3)
    return {"results": str(tmp_path / "run"), "depth": depth, "x": x, "y": y}


@pytest.mark.django_db(transaction=True)
def test_frames_hold_the_depths_where_they_were(flood):
    maximum, over_time = publish_depth(run_id="7", results=flood["results"], public=True)
    said = over_time.as_dict()["frames"]
    response, raw = fetch(said["url"])
    assert int(response["Content-Length"]) == len(raw) == said["bytes"]
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    shape = (len(said["times_s"]), said["height"], said["width"])
    assert said["times_s"] == [0, 300, 600]
    frames = np.frombuffer(raw, "<f2").reshape(shape).astype(float)
    packed, zipped = fetch(said["url"], **{"accept-encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped) == raw
    assert np.nanmin(frames) == 0
    assert np.isnan(frames).any(axis=(1, 2)).all()

    west, south, east, north = said["bounds_3857"]
    to_web = transformer("EPSG:9212", "EPSG:3857")
    for row, col in ((30, 30), (25, 40), (40, 20), (30, 2)):
        u, v = to_web.transform(flood["x"][col], flood["y"][row])
        at_col = int((u - west) / (east - west) * shape[2])
        at_row = int((north - v) / (north - south) * shape[1])
        expected = flood["depth"][2, row, col]
        found = frames[2, at_row, at_col]
        if np.isnan(expected):
            assert np.isnan(found)
        else:
            assert found == pytest.approx(expected, abs=0.08)  # slopes 1:300 over half a cell

    z = maximum.maxzoom
    x, y = to_web.transform(flood["x"][30], flood["y"][30])
    [tile] = tiles_over(z, x, y, x, y)
    url = maximum.as_dict()["tiles"].format(z=z, x=tile.x, y=tile.y)
    response, content = fetch(url)
    assert response.status_code == 200
    pixels = pixels_of(content)
    deep = decode_terrarium(pixels)[pixels[..., 3] > 0].max()
    assert deep == pytest.approx(np.nanmax(flood["depth"]), abs=0.08)


@pytest.mark.django_db(transaction=True)
def test_frames_become_coarser_to_stay_within_their_limit(flood):
    _, fine = publish_depth(run_id="7", results=flood["results"])
    _, coarse = publish_depth(run_id="7", results=flood["results"], limit_bytes=3000)
    assert coarse.frames["bytes"] <= 3000 < fine.frames["bytes"]
    assert len(coarse.frames["times_s"]) == 3
    frames = np.fromfile(coarse.location, "<f2").astype(float)
    assert np.nanmax(frames) == pytest.approx(np.nanmax(flood["depth"]), abs=0.5)


@pytest.mark.django_db(transaction=True)
def test_products_of_runs_need_a_login(flood):
    maximum, over_time = publish_depth(run_id="7", results=flood["results"], created_by="lan")
    user = User.objects.create_user("lan")
    tile = maximum.as_dict()["tiles"].format(z=8, x=204, y=115)
    frames = over_time.as_dict()["frames"]["url"]
    for path in (tile, frames):
        assert fetch(path)[0].status_code == 401
        response, _ = fetch(path, user)
        assert response.status_code == 200
        assert response["Cache-Control"].startswith("private")
        assert fetch(path, user, **{"if-none-match": response["ETag"]})[0].status_code == 304
    assert fetch(f"/tiles/products/{maximum.id}/frames", user)[0].status_code == 404
    assert fetch(f"/tiles/products/{over_time.id}/8/1/1.png", user)[0].status_code == 404
    for name in ("7", "00000000-0000-0000-0000-000000000000"):
        assert fetch(f"/tiles/products/{name}/8/1/1.png", user)[0].status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_newest_terrain_is_served_and_only_its_version_is_kept(tmp_path):
    missing, _ = fetch("/tiles/terrain/8/204/115.png")
    assert missing.status_code == 404
    assert "twin import dem" in missing.json()["error"]["message"]
    path = tmp_path / "dem.tif"
    bounds = dem(path)
    first, second = (
        RasterProduct.objects.create(
            kind="terrain", encoding="terrarium", location=str(path), bounds=bounds
        )
        for _ in range(2)
    )
    former, current = (
        terrain_dict(product)["tiles"].format(z=8, x=204, y=115) for product in (first, second)
    )
    assert fetch(current)[0]["Cache-Control"].endswith("immutable")
    assert fetch(former)[0]["Cache-Control"] == "no-store"
    assert fetch("/tiles/terrain/8/204/999.png")[0].status_code == 400
    path.unlink()
    gone = RasterProduct.objects.create(
        kind="terrain", encoding="terrarium", location=str(tmp_path / "gone.tif"), bounds=bounds
    )
    lost, _ = fetch(terrain_dict(gone)["tiles"].format(z=8, x=204, y=115))
    assert lost.status_code == 503


def test_float16_is_fine_enough_for_depths():
    for depth in (0.05, 0.3, 1.0, 4.0):
        [back] = struct.unpack("<e", struct.pack("<e", depth))
        assert math.isclose(back, depth, abs_tol=0.003)
