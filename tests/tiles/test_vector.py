"""Vector tiles: every feature where it is, counted once, new after an edit, closed to strangers."""

from __future__ import annotations

import asyncio
import gzip

import psycopg
import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group, User
from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from django.test import AsyncClient
from shapely.geometry import shape
from shapely.ops import unary_union

from layers.models import Building, Hydrant, Road, Ward
from tests.tiles.city import decode, execute, extent, make_lamps, make_parcels, tiles_over
from tiles import gate
from tiles.tile import EXTENT, TileId
from twin.core import outbox
from twin.core.custom import create_layer, drop_layer
from twin.core.db import connect_arguments
from twin.core.declare import Field, Text
from twin.core.models import LayerRight, LayerVersion

BAD_TILES = [
    ("23/0/0", "zoom 23"),
    ("2/4/0", "from 0 to 3"),
    ("2/0/4", "from 0 to 3"),
    ("a/0/0", "whole number"),
    ("1/-1/0", "whole number"),
    ("1/1.5/0", "whole number"),
    ("1/١/0", "whole number"),
]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh_gate():
    gate.forget()


@pytest.fixture
def viewer(db) -> User:
    user = User.objects.create_user("lan", password="x")
    user.groups.add(Group.objects.get(name="viewer"))
    return user


def fetch(path: str, user: User | None = None, **headers: str):
    async def ask():
        client = AsyncClient()
        if user:
            await client.aforce_login(user)
        return await client.get(path, headers=headers)

    return async_to_sync(ask)()


def tile(layer: str, t: TileId, user: User | None = None) -> dict:
    response = fetch(f"/tiles/{layer}/{t.z}/{t.x}/{t.y}.mvt", user)
    assert response.status_code in (200, 204), response.content
    return decode(response.content) if response.status_code == 200 else {}


def over_hydrant(z: int = 16) -> TileId:
    return tiles_over(z, *extent("layers_hydrants"))[0]


def test_a_feature_is_where_it_is_to_the_quantum(db):
    Hydrant.objects.create(geom=Point(107.1, 16.8), code="H1")
    [(x, y)] = execute("SELECT ST_X(geom_3857), ST_Y(geom_3857) FROM layers_hydrants")
    for z in (14, 16, 20):
        [t] = tiles_over(z, x, y, x, y)
        [feature] = tile("hydrants", t)["hydrants"]
        west, _, east, north = t.bounds_3857
        u, v = feature["geometry"]["coordinates"]
        quantum = (east - west) / EXTENT
        assert west + u * quantum == pytest.approx(x, abs=quantum / 2 + 1e-6)
        assert north - v * quantum == pytest.approx(y, abs=quantum / 2 + 1e-6)
        assert feature["properties"]["code"] == "H1"
        assert len(feature["properties"]["id"]) == 36


def test_parcels_leave_no_hole_within_a_tile_or_between_tiles(viewer):
    count = make_parcels()
    seen: set[str] = set()
    covered = []
    for t in tiles_over(15, *extent("layers_parcels")):
        side = EXTENT
        for feature in tile("parcels", t, viewer).get("parcels", []):
            seen.add(feature["properties"]["id"])
            ground = shape(feature["geometry"])
            assert ground.is_valid
            x0, y0 = t.x * side, t.y * side
            covered.append(
                shape(
                    {
                        "type": "Polygon",
                        "coordinates": [
                            [(x0 + u, y0 + v) for u, v in ground.exterior.coords],
                        ],
                    }
                )
            )
    assert len(seen) == count
    whole = unary_union(covered)
    assert whole.area == pytest.approx(whole.envelope.area, rel=1e-3)
    assert not list(whole.interiors)


def test_counts_of_a_grid_add_up_to_the_sql_count_at_every_zoom(viewer):
    count = make_parcels()
    for z in range(10, 14):
        by_use: dict[str | None, int] = {}
        total = 0
        for t in tiles_over(z, *extent("layers_parcels")):
            layers = tile("parcels", t, viewer)
            assert "parcels" not in layers
            for cell in layers.get("parcels_grid", []):
                total += cell["properties"]["count"]
                use = cell["properties"].get("land_use")
                by_use[use] = by_use.get(use, 0) + 1
                ring = cell["geometry"]["coordinates"][0]
                assert all(0 <= u <= EXTENT and 0 <= v <= EXTENT for u, v in ring)
                assert shape(cell["geometry"]).area == shape(cell["geometry"]).envelope.area
        assert total == count, z
        assert max(by_use, key=by_use.__getitem__) == "CLN"


def test_counts_of_clusters_add_up_to_the_sql_count_at_every_zoom(db):
    count = make_lamps()
    for z in range(10, 15):
        found = [
            feature
            for t in tiles_over(z, *extent("layers_lamps"))
            for feature in tile("lamps", t).get("lamps_cluster", [])
        ]
        assert sum(feature["properties"]["count"] for feature in found) == count, z
        for feature in found:
            # MapLibre drops points on a tile's far edges
            assert all(0 <= u < EXTENT for u in feature["geometry"]["coordinates"])


def test_counts_follow_edits_moves_and_deletes(viewer):
    make_parcels(10, 10)
    outbox.drain()
    west, south, east, north = extent("layers_parcels")
    around = (west - 100, south - 100, east + 6000, north + 3000)

    def total(z: int) -> int:
        outbox.drain()
        return sum(
            feature["properties"]["count"]
            for t in tiles_over(z, *around)
            for feature in tile("parcels", t, viewer).get("parcels_grid", [])
        )

    assert total(11) == 100
    execute("DELETE FROM layers_parcels WHERE parcel_number %% 1000 < 4")
    assert (total(10), total(12)) == (60, 60)
    execute("UPDATE layers_parcels SET geom = ST_Translate(geom, 0.05, 0.02)")
    assert (total(10), total(13)) == (60, 60)
    execute("UPDATE layers_parcels SET land_use = 'TON'")
    outbox.drain()
    t = tiles_over(12, *extent("layers_parcels"))[0]
    assert tile("parcels", t, viewer)["parcels_grid"][0]["properties"]["land_use"] == "TON"


def test_features_that_were_there_before_the_cells_are_counted_at_first_use(viewer):
    make_parcels(5, 5)
    execute("DELETE FROM core_outbox")  # as after a restored dump: nothing will be announced
    t = tiles_over(12, *extent("layers_parcels"))[0]
    cells = tile("parcels", t, viewer)["parcels_grid"]
    assert sum(cell["properties"]["count"] for cell in cells) == 25


def test_another_declaration_makes_new_tiles(viewer):
    make_parcels(5, 5)
    outbox.drain()
    before = LayerVersion.objects.get(layer="parcels").version
    execute("UPDATE tiles_layerstate SET fingerprint = 'former' WHERE layer = 'parcels'")
    t = tiles_over(12, *extent("layers_parcels"))[0]
    assert tile("parcels", t, viewer)["parcels_grid"]
    assert LayerVersion.objects.get(layer="parcels").version == before + 1


def test_a_filter_shows_the_large_first(db):
    line = "SRID=4326;MULTILINESTRING((107.1 16.8, 107.11 16.81))"
    for name in ("motorway", "secondary", "path", None):
        Road.objects.create(geom=line, highway_class=name, name=str(name))
    box = extent("layers_roads")

    def shown(z: int) -> set[str]:
        return {
            feature["properties"]["name"]
            for t in tiles_over(z, *box)
            for feature in tile("roads", t).get("roads", [])
        }

    assert shown(5) == set()
    assert shown(6) == {"motorway"}
    assert shown(11) == {"motorway", "secondary"}
    assert shown(15) == {"motorway", "secondary", "path", "None"}


def test_a_ward_has_one_label_point_however_many_tiles_it_crosses(db):
    ring = [(107.0, 16.7), (107.2, 16.7), (107.2, 16.9), (107.0, 16.9), (107.0, 16.7)]
    Ward.objects.create(geom=MultiPolygon(Polygon(ring)), name="Phường 5")
    found = [tile("wards", t) for t in tiles_over(12, *extent("layers_wards"))]
    assert sum(len(layers.get("wards", [])) for layers in found) >= 4
    labels = [feature for layers in found for feature in layers.get("wards_label", [])]
    assert [label["properties"]["name"] for label in labels] == ["Phường 5"]


def test_an_empty_tile_and_one_below_the_zooms_are_204(db):
    Hydrant.objects.create(geom=Point(107.1, 16.8))
    assert fetch("/tiles/hydrants/16/0/0.mvt").status_code == 204
    t = over_hydrant(10)
    assert fetch(f"/tiles/hydrants/{t.z}/{t.x}/{t.y}.mvt").status_code == 204


def test_a_tile_that_is_not_in_the_world_is_400_with_words(db):
    for path, words in BAD_TILES:
        response = fetch(f"/tiles/hydrants/{path}.mvt")
        assert response.status_code == 400
        assert words in response.json()["error"]["message"]


def test_rights(viewer):
    make_parcels(3, 3)
    t = tiles_over(15, *extent("layers_parcels"))[0]
    path = f"/tiles/parcels/{t.z}/{t.x}/{t.y}.mvt"
    assert fetch(path).status_code == 401
    stranger = User.objects.create_user("stranger")
    assert fetch(path, stranger).status_code == 404
    assert fetch(path, viewer).status_code == 200
    missing = fetch("/tiles/parcel/1/0/0.mvt")
    assert missing.status_code == 404
    assert "parcels" in missing.json()["error"]["message"]
    version = LayerVersion.objects.get(layer="parcels").version
    held = fetch(f"{path}?v={version}", viewer)
    assert held["Cache-Control"] == "private, max-age=31536000, immutable"
    assert "Cookie" in held["Vary"]
    assert fetch(f"{path}?v={version}").status_code == 401
    LayerRight.objects.create(layer="parcels", group=None, right="view")
    gate.forget()
    assert fetch(f"{path}?v={version}")["Cache-Control"].startswith("public")


def test_only_the_current_version_is_immutable_and_304_builds_nothing(db, monkeypatch):
    Hydrant.objects.create(geom=Point(107.1, 16.8))
    outbox.drain()
    t = over_hydrant()
    path = f"/tiles/hydrants/{t.z}/{t.x}/{t.y}.mvt"
    version = LayerVersion.objects.get(layer="hydrants").version
    current = fetch(f"{path}?v={version}")
    assert current["Cache-Control"] == "public, max-age=31536000, immutable"
    for other in (f"{path}?v={version - 1}", f"{path}?v={version + 1}", path, f"{path}?v=x"):
        assert fetch(other)["Cache-Control"] == "no-store"

    async def never(*_: object) -> bytes:
        raise AssertionError("a 304 must not build the tile")

    monkeypatch.setattr("tiles.api.vector_tile", never)
    again = fetch(f"{path}?v={version}", **{"if-none-match": current["ETag"]})
    assert again.status_code == 304
    assert again["ETag"] == current["ETag"]


def test_an_edit_past_django_makes_the_next_tile_new(db):
    hydrant = Hydrant.objects.create(geom=Point(107.1, 16.8), code="H1")
    outbox.drain()
    t = over_hydrant()
    path = f"/tiles/hydrants/{t.z}/{t.x}/{t.y}.mvt"
    first = LayerVersion.objects.get(layer="hydrants").version
    old = fetch(f"{path}?v={first}")
    with psycopg.connect(**connect_arguments() | {"application_name": "QGIS"}) as qgis:
        qgis.execute("UPDATE layers_hydrants SET code = 'H2' WHERE id = %s", [hydrant.id])
    assert outbox.drain() == {"hydrants": first + 1}
    # the gate still remembers the former version: the new address must not wait for it
    new = fetch(f"{path}?v={first + 1}", **{"if-none-match": old["ETag"]})
    assert new.status_code == 200
    assert new["Cache-Control"].endswith("immutable")
    assert decode(new.content)["hydrants"][0]["properties"]["code"] == "H2"
    assert fetch(f"{path}?v={first}")["Cache-Control"] == "no-store"


def test_buildings_carry_what_their_height_is_made_of(db):
    ring = [(107.1, 16.8), (107.1003, 16.8), (107.1003, 16.8003), (107.1, 16.8003), (107.1, 16.8)]
    Building.objects.create(geom=MultiPolygon(Polygon(ring)), levels=3, height_estimated=True)
    t = tiles_over(15, *extent("layers_buildings"))[0]
    [building] = tile("buildings", t)["buildings"]
    assert building["properties"]["levels"] == 3
    assert building["properties"]["height_estimated"] is True


def test_a_runtime_layer_has_tiles_like_any_other(viewer):
    layer = create_layer(
        "trees",
        title=Text("Trees", "Cây"),
        geometry="Point",
        fields=[Field("species", Text("species", "loài")), Field("seen", Text("s", "s"), "date")],
    )
    try:
        execute(
            "INSERT INTO layers_custom_trees (geom, species, seen) SELECT "
            "ST_SetSRID(ST_MakePoint(107.1 + n * 0.0001, 16.8), 4326), 'bàng', '2024-05-01' "
            "FROM generate_series(1, 50) AS n"
        )
        outbox.drain()
        found = [
            feature
            for t in tiles_over(15, *extent(layer.table))
            for feature in tile("trees", t, viewer).get("trees", [])
        ]
        assert len({feature["properties"]["id"] for feature in found}) == 50
        assert {feature["properties"]["species"] for feature in found} == {"bàng"}
        low = [
            feature["properties"]["count"]
            for t in tiles_over(11, *extent(layer.table))
            for feature in tile("trees", t, viewer).get("trees_cluster", [])
        ]
        assert sum(low) == 50
    finally:
        drop_layer("trees")


def test_large_tiles_travel_compressed_where_taken(viewer):
    make_parcels()
    t = tiles_over(14, *extent("layers_parcels"))[0]
    path = f"/tiles/parcels/{t.z}/{t.x}/{t.y}.mvt"
    plain = fetch(path, viewer)
    small = fetch(path, viewer, **{"accept-encoding": "gzip"})
    assert gzip.decompress(small.content) == plain.content
    assert len(small.content) < len(plain.content) / 2


def test_tilejson_says_what_the_tiles_hold(viewer):
    response = fetch("/tiles/parcels.json", viewer)
    said = response.json()
    assert said["tiles"][0].startswith("http://testserver/tiles/parcels/{z}/{x}/{y}.mvt?v=")
    assert {
        layer["id"]: (layer["minzoom"], layer["maxzoom"]) for layer in said["vector_layers"]
    } == {
        "parcels_grid": (10, 13),
        "parcels": (14, 16),
    }
    assert fetch("/tiles/parcels.json").status_code == 401


def test_many_at_once(viewer):
    """The pool-less test server answers tiles side by side."""
    make_parcels(10, 10)
    tiles = tiles_over(15, *extent("layers_parcels"))

    async def ask_all():
        client = AsyncClient()
        await client.aforce_login(viewer)
        paths = [f"/tiles/parcels/{t.z}/{t.x}/{t.y}.mvt" for t in tiles]
        return await asyncio.gather(*[client.get(path) for path in paths])

    assert {response.status_code for response in async_to_sync(ask_all)()} <= {200, 204}
