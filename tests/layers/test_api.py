"""Catalog, items, table and search through the real views and a real database."""

from __future__ import annotations

import asyncio
import csv
import io
import json

import pytest
from django.contrib.gis.geos import LineString, MultiLineString, MultiPolygon, Point, Polygon
from django.db import IntegrityError
from django.test import Client

from layers.models import Building, Lamp, Parcel, Road
from twin.core import outbox
from twin.core.users import set_user

pytestmark = pytest.mark.django_db(transaction=True)


def square(x: float, y: float, side: float = 0.0001) -> MultiPolygon:
    return MultiPolygon(
        Polygon([(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)])
    )


@pytest.fixture
def lamps() -> None:
    for number in range(25):
        Lamp.objects.create(
            code=f"L{number:02}",
            power_w=None if number % 5 == 0 else float(number % 4),
            kind="led",
            geom=Point(107.0 + number * 0.01, 16.8),
        )


@pytest.fixture
def officer() -> Client:
    set_user("lan", "a good password", roles=["flood_officer"])
    client = Client()
    answer = client.post(
        "/api/session",
        {"username": "lan", "password": "a good password"},
        content_type="application/json",
    )
    assert answer.status_code == 200
    return client


def pages(client: Client, href: str) -> list[list[dict]]:
    found = []
    while href:
        answer = client.get(href)
        assert answer.status_code == 200, answer.content
        page = answer.json()
        found.append(page["features"])
        href = next((link["href"] for link in page["links"]), "")
    return found


@pytest.mark.parametrize("sort", ["", "power_w", "-power_w", "code", "-code"])
def test_pages_hold_every_feature_once_and_in_order(client, lamps, sort):
    found = pages(client, f"/api/layers/lamps/items?limit=4&sort={sort}")
    assert [len(page) for page in found] == [4, 4, 4, 4, 4, 4, 1]
    features = [feature for page in found for feature in page]
    assert len({feature["id"] for feature in features}) == 25
    values = [feature["properties"][sort.lstrip("-") or "code"] for feature in features]
    if sort:
        known = [value for value in values if value is not None]
        assert known == sorted(known, reverse=sort.startswith("-"))
        assert values[len(known) :] == [None] * (25 - len(known))


def test_items_can_be_asked_by_place_words_and_value(client, lamps):
    def ask(query):
        return client.get(f"/api/layers/lamps/items?{query}").json()

    near = ask("bbox=106.995,16.7,107.045,16.9")
    assert near["numberReturned"] == 5
    assert ask("q=l07")["numberReturned"] == 1
    assert ask("power_w=3")["numberReturned"] == 5
    assert ask("power_w=&count=1&limit=2")["numberMatched"] == 5
    feature = ask("q=L07")["features"][0]
    assert feature["geometry"] == {"type": "Point", "coordinates": [107.07, 16.8]}
    one = client.get(f"/api/layers/lamps/items/{feature['id']}").json()
    assert one["properties"]["code"] == "L07"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("bbox=1,2,3", "west,south,east,north"),
        ("bbox=107,17,106,16", "west,south,east,north"),
        ("bbox=nan,0,1,1", "west,south,east,north"),
        ("limit=0", "1 to 10000"),
        ("limit=x", "1 to 10000"),
        ("sort=height", "has no field"),
        ("shoe_size=43", "has no field"),
        ("after=zzz", "follow the links"),
        ("power_w=much", "does not fit"),
    ],
)
def test_a_bad_question_is_answered_with_words(client, lamps, query, words):
    answer = client.get(f"/api/layers/lamps/items?{query}")
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]
    assert answer.json()["error"]["request_id"] == answer["X-Request-Id"]


def test_sql_in_a_parameter_stays_a_value(client, lamps):
    answer = client.get("/api/layers/lamps/items", {"q": "'; DROP TABLE layers_lamps; --%s"})
    assert answer.json()["numberReturned"] == 0
    assert Lamp.objects.count() == 25


async def whole(answer) -> bytes:
    return b"".join([chunk async for chunk in answer.streaming_content])


def test_the_table_downloads_as_csv(client, lamps):
    answer = client.get("/api/layers/lamps/items.csv?kind=led")
    text = asyncio.run(whole(answer)).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 25
    assert {row["code"] for row in rows} >= {"L00", "L24"}
    assert float(rows[0]["lat"]) == 16.8


def test_a_closed_layer_is_not_even_named_to_strangers(client, officer):
    Parcel.objects.create(
        former_commune="Phường 1", map_sheet=12, parcel_number=45, geom=square(107.1, 16.8)
    )
    assert client.get("/api/layers/parcels/items").status_code == 401
    assert "parcels" not in {layer["name"] for layer in client.get("/api/layers").json()}
    assert client.get("/api/search?q=12/45").json()["results"] == []
    assert officer.get("/api/layers/parcels/items").json()["numberReturned"] == 1
    assert officer.get("/api/layers/construction_permits/items").status_code == 404
    assert officer.get("/api/layers/parcel/items").status_code == 404


@pytest.mark.parametrize(
    "words", ["12/45", "tờ 12 thửa 45", "Thửa 45, tờ bản đồ số 12", "sheet 12 parcel 45"]
)
def test_a_parcel_is_found_by_sheet_and_number(officer, words):
    for number in (45, 46):
        Parcel.objects.create(
            former_commune="Phường 1", map_sheet=12, parcel_number=number, geom=square(107.1, 16.8)
        )
    [found] = officer.get("/api/search", {"q": words}).json()["results"]
    assert found["title"] == "Phường 1, 12/45"
    assert found["center"] == pytest.approx([107.10005, 16.80005])


def test_names_are_found_without_diacritics_best_first(client):
    line = MultiLineString(LineString((107.1, 16.8), (107.2, 16.8)))
    for name in ("Đường Lê Duẩn nối dài", "Lê Duẩn", "Lê Lợi", "Hẻm Lê Duẩn"):
        Road.objects.create(name=name, geom=line)
    found = [hit["title"] for hit in client.get("/api/search?q=le duan").json()["results"]]
    assert found == ["Lê Duẩn", "Hẻm Lê Duẩn", "Đường Lê Duẩn nối dài"]
    assert client.get("/api/search?q=%25").json()["results"] == []


def test_the_catalog_says_what_a_layer_is(client):
    Building.objects.create(geom=square(107.1, 16.8), levels=3)
    outbox.drain()
    catalog = {layer["name"]: layer for layer in client.get("/api/layers").json()}
    buildings = catalog["buildings"]
    assert buildings["title"]["vi"] == "Nhà và công trình"
    assert buildings["count"] == 1
    assert buildings["bounds"] == pytest.approx([107.1, 16.8, 107.1001, 16.8001])
    height = next(field for field in buildings["fields"] if field["name"] == "height_m")
    assert (height["unit"], height["type"]) == ("m", "number")
    assert {"#e4d5c3"} <= {swatch["color"] for swatch in buildings["legend"]}


def test_login_and_logout(client):
    set_user("hoa", "a good password", roles=["gis_editor"])
    wrong = client.post(
        "/api/session", json.dumps({"username": "hoa", "password": "x"}), "application/json"
    )
    assert wrong.status_code == 401
    assert wrong.json()["error"]["code"] == "wrong_login"
    right = client.post(
        "/api/session",
        json.dumps({"username": "hoa", "password": "a good password"}),
        "application/json",
    ).json()
    assert right["user"]["roles"] == ["gis_editor"]
    assert "buildings" in right["user"]["can"]["edit"]
    assert client.get("/api/session").json()["user"]["username"] == "hoa"
    client.delete("/api/session")
    assert client.get("/api/session").json()["user"] is None


def test_writes_without_the_csrf_token_are_refused():
    set_user("hoa", "a good password", roles=["gis_editor"])
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(
        "/api/session",
        json.dumps({"username": "hoa", "password": "a good password"}),
        "application/json",
    )
    assert answer.status_code == 403


def test_nul_characters_and_broken_bodies_are_refused_with_words(client):
    for address in ("/api/search?q=%00", "/api/layers/lamps/items?q=a%00b", "/tiles/%00/1/1/1.mvt"):
        assert client.get(address).status_code == 400, address
    login = {"username": "v\0i", "password": "x"}
    answer = client.post("/api/session", login, content_type="application/json")
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "nul"
    answer = client.post("/api/session", "{", content_type="application/json")
    assert answer.status_code == 400 and "JSON" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        ("POINT (500 10)", "longitude"),
        ("POINT (590000 1860000)", "longitude"),
        ("POINT EMPTY", ""),
        ("LINESTRING (107 16, 107 17)", ""),
    ],
)
def test_admin_refuses_places_that_are_nowhere(client, geometry, words):
    set_user("boss", "a good password", roles=["admin"])
    client.login(username="boss", password="a good password")
    page = client.post(
        "/admin/layers/lamp/add/",
        {"code": "L1", "geom": geometry},
        headers={"accept-language": "en"},
    )
    assert page.status_code == 200 and words in page.content.decode()
    assert not Lamp.objects.exists()


def test_places_that_are_nowhere_are_refused_past_the_forms_too():
    for place in (Point(500, 10), Point(590000, 1860000), Point(107, 95)):
        with pytest.raises(IntegrityError, match="longitude first"):
            Lamp.objects.create(geom=place)
    with pytest.raises(IntegrityError, match="empty"):
        Building.objects.create(geom=MultiPolygon())


def test_a_single_polygon_becomes_a_multipolygon_and_a_stale_page_is_refused(client):
    set_user("boss", "a good password", roles=["admin"])
    client.login(username="boss", password="a good password")
    wkt = "POLYGON ((107.1 16.8, 107.2 16.8, 107.2 16.9, 107.1 16.8))"
    answer = client.post("/admin/layers/building/add/", {"name": "A", "geom": wkt})
    assert answer.status_code == 302, answer.content
    building = Building.objects.get()
    address = f"/admin/layers/building/{building.pk}/change/"
    assert b'name="opened_version" value="1"' in client.get(address).content
    typed = {"name": "B", "geom": wkt, "opened_version": "1"}
    assert client.post(address, typed).status_code == 302
    stale = client.post(address, typed | {"name": "C"})
    assert stale.status_code == 200 and b"boss" in stale.content
    building.refresh_from_db()
    assert building.name == "B"


def test_every_role_that_edits_a_layer_can_do_it_in_the_admin_pages(client):
    set_user("tu", "a good password", roles=["traffic_engineer"])
    client.login(username="tu", password="a good password")
    assert client.get("/admin/layers/signal/add/").status_code == 200
    assert client.get("/admin/layers/parcel/add/").status_code == 403


def test_admin_pages_come_from_the_declarations(client):
    set_user("boss", "a good password", roles=["admin"])
    client.login(username="boss", password="a good password")
    lamp = Lamp.objects.create(code="L1", geom=Point(107.1, 16.8))
    page = client.get("/admin/layers/lamp/")
    assert page.status_code == 200 and b"L1" in page.content
    assert client.get("/admin/layers/lamp/add/").status_code == 200
    added = client.post("/admin/layers/lamp/add/", {"code": "L9", "geom": "POINT (107.1 16.8)"})
    assert added.status_code == 302, added.content
    assert Lamp.objects.get(code="L9").created_by == "boss"
    form = client.get(f"/admin/layers/lamp/{lamp.pk}/change/")
    assert b"POINT (107.1 16.8)" in form.content
    answer = client.post(
        f"/admin/layers/lamp/{lamp.pk}/change/",
        {"code": "L2", "power_w": "", "kind": "led", "state": "", "geom": "POINT (107.2 16.8)"},
    )
    assert answer.status_code == 302, answer.content
    lamp.refresh_from_db()
    assert (lamp.code, lamp.geom.x, lamp.updated_by) == ("L2", 107.2, "boss")
    assert client.get("/admin/layers/observation/").status_code == 200
