"""The promise of the declaration: a few lines make a layer, and it is found everywhere."""

from __future__ import annotations

from types import ModuleType

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.gis.geos import Point
from django.db import connection
from django.test import Client
from django.urls import path

from layers.admin import register
from tiles import gate
from twin import urls
from twin.core import outbox
from twin.core.declare import Access, Layer, Style, Text
from twin.core.features import PointFeature, declared_layers, text
from twin.core.install import install
from twin.core.users import set_user

pytestmark = pytest.mark.django_db(transaction=True)


def declare_trees() -> type[PointFeature]:
    """What a theme file says."""

    class Tree(PointFeature):
        """A street tree."""

        species = text("species", "loài cây")

        layer = Layer(
            Text("Street trees", "Cây xanh đường phố"),
            "planning",
            zoom=(12, 16),
            style=Style("#2e7d32"),
            labels="species",
            search=("species",),
            access=Access(view=("planner",)),
        )

        class Meta(PointFeature.Meta):
            app_label = "layers"
            db_table = "layers_trees"

    return Tree


@pytest.fixture
def trees(transactional_db, settings):
    """What a new theme file, its migration and a restart do; and all of it undone."""
    model = declare_trees()
    declared_layers.cache_clear()
    with connection.schema_editor() as editor:
        editor.create_model(model)
    install()
    register()
    gate.forget()
    # the admin's addresses are listed when the site starts
    addresses = ModuleType("addresses")
    addresses.urlpatterns = [path("admin/", admin.site.urls), *urls.urlpatterns]
    settings.ROOT_URLCONF = addresses
    yield model
    admin.site.unregister(model)
    del apps.all_models["layers"]["tree"]
    apps.clear_cache()
    declared_layers.cache_clear()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE layers_trees, history.layers_trees CASCADE")


def login(name: str, role: str) -> Client:
    set_user(name, "a good password", roles=[role])
    client = Client()
    client.login(username=name, password="a good password")
    return client


def test_a_few_lines_make_a_layer(trees, client):
    planner, stranger, boss = login("lan", "planner"), client, login("boss", "admin")
    trees.objects.create(species="Bàng", geom=Point(107.1, 16.8))
    outbox.drain()

    # the view permission
    assert stranger.get("/api/layers/trees/items").status_code == 401
    assert login("tu", "traffic_engineer").get("/api/layers/trees/items").status_code == 404
    # the items endpoint
    [feature] = planner.get("/api/layers/trees/items?bbox=107,16,108,17").json()["features"]
    assert feature["properties"]["species"] == "Bàng"
    # vector tiles: z14 of 107.1 E, 16.8 N
    tile = planner.get("/tiles/trees/14/13066/7416.mvt")
    assert tile.status_code == 200
    assert "Bàng".encode() in tile.content and b"trees" in tile.content
    assert stranger.get("/tiles/trees/14/13066/7416.mvt").status_code == 401
    # style and legend
    style = planner.get("/style.json?lang=vi").json()
    assert "trees" in style["sources"]
    assert any(part.get("source") == "trees" for part in style["layers"])
    assert "trees" not in stranger.get("/style.json").json()["sources"]
    [entry] = [layer for layer in planner.get("/api/layers").json() if layer["name"] == "trees"]
    assert entry["legend"][0]["color"] == "#2e7d32"
    assert entry["title"]["vi"] == "Cây xanh đường phố"
    # the admin page
    page = boss.get("/admin/layers/tree/")
    assert page.status_code == 200 and "Bàng" in page.content.decode()
