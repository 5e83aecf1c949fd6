"""The style: valid by MapLibre's own rules, closed to strangers, in both languages and themes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group, User
from django.contrib.gis.geos import Point
from django.test import AsyncClient

from layers.models import BusStop, Hydrant
from tiles.drawing import draw
from tiles.styles import font_faces, style
from twin.core.colors import THEMES, luminance, mix, themed
from twin.core.custom import create_layer, drop_layer
from twin.core.declare import Text
from twin.core.features import declared_layers
from twin.core.legend import legend
from twin.core.products import RasterProduct

ROOT = Path(__file__).resolve().parents[2]
SPEC = ROOT / "twin/viewer/node_modules/@maplibre/maplibre-gl-style-spec/dist/index.mjs"
TERRAIN = RasterProduct(kind="terrain", encoding="terrarium", bounds=[107, 16, 108, 17])


def node() -> str | None:
    return shutil.which("node") or shutil.which("node", path=str(ROOT / ".venv/bin"))


def errors_of(*styles: dict) -> list[str]:
    """What MapLibre's validator says against the styles."""
    program = (
        f"import {{validateStyleMin}} from {json.dumps(SPEC.as_uri())};"
        "let text=''; for await (const part of process.stdin) text += part;"
        "const found = JSON.parse(text).flatMap((style) => validateStyleMin(style));"
        "console.log(JSON.stringify(found.map((error) => error.message)));"
    )
    # the validator wants whole addresses
    text = json.dumps(styles).replace('"/tiles', '"http://x/tiles').replace('"/static', '"http://x')
    done = subprocess.run(
        [str(node()), "--input-type=module", "-e", program],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


def test_the_style_is_valid_by_maplibre_s_own_rules():
    if not SPEC.is_file() or node() is None:
        pytest.skip("the viewer's packages are not installed; run `make setup`")
    made = [
        style(declared_layers().values(), {}, TERRAIN, language=language, theme=theme)
        for language in ("vi", "en")
        for theme in THEMES
    ]
    assert errors_of(*made) == []
    broken = json.loads(json.dumps(made[0]))
    broken["layers"][3]["paint"]["line-color"] = 7
    assert errors_of(broken)  # the check can fail


def test_every_layer_is_drawn_from_its_own_source_at_its_own_zooms():
    made = style(declared_layers().values(), {"roads": 7}, None)
    by_layer: dict[str, list[dict]] = {}
    ids = [part["id"] for part in made["layers"]]
    assert len(ids) == len(set(ids))
    for part in made["layers"][1:]:
        assert part["metadata"]["twin:layer"] == part["source"]
        assert part["source"] in made["sources"]
        by_layer.setdefault(part["source"], []).append(part)
    assert set(by_layer) == set(declared_layers())
    assert all(part["source"] in part["source-layer"] for part in made["layers"][1:])
    # one style layer bears the layer's bare name
    assert set(declared_layers()) <= set(ids)
    assert made["sources"]["roads"]["tiles"] == ["/tiles/roads/{z}/{x}/{y}.mvt?v=7"]
    parcels = {part["source-layer"]: part for part in by_layer["parcels"]}
    assert (parcels["parcels_grid"]["minzoom"], parcels["parcels_grid"]["maxzoom"]) == (10, 14)
    assert parcels["parcels"]["minzoom"] >= 14
    assert "maxzoom" not in parcels["parcels"]  # deeper zooms stretch the deepest tile


def test_the_pile_stands_in_sensible_order():
    order = [part["id"] for part in style(declared_layers().values(), {}, TERRAIN)["layers"]]
    wanted = [
        "background",
        "hillshade",
        "land_use_zones",
        "parcels",
        "parcels:outline",
        "water_bodies",
        "rivers",
        "roads:tunnel",
        "roads:casing",
        "roads",
        "roads:bridge-casing",
        "roads:bridge",
        "water_mains",
        "buildings",
        "wards:outline",
        "hydrants",
        "lamps:cluster",
        "roads:label",
        "wards:label",
    ]
    assert sorted(wanted, key=order.index) == wanted


def test_a_building_stands_as_high_as_known():
    parts = [part.layer for part in draw(declared_layers()["buildings"], "light", "vi")]
    [standing] = [part for part in parts if part["type"] == "fill-extrusion"]
    height = json.dumps(standing["paint"]["fill-extrusion-height"])
    assert "height_m" in height
    assert "levels" in height
    assert height.endswith("4]")


def test_labels_use_fonts_that_the_style_brings():
    made = style(declared_layers().values(), {}, None)
    fonts = {
        font for part in made["layers"] for font in part.get("layout", {}).get("text-font", [])
    }
    assert fonts
    assert fonts <= set(made["font-faces"])
    # each Vietnamese letter is in exactly one subset, so that one word never mixes two files
    ranges = [
        (int(low, 16), int(high or low, 16))
        for face in font_faces()[next(iter(fonts))]
        for low, _, high in (span[2:].partition("-") for span in face["unicode-range"])
    ]
    for letter in "aăâđêôơưĂÂĐÊÔƠƯạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ0123456789–":
        assert sum(low <= ord(letter) <= high for low, high in ranges) == 1, letter


def test_colors_of_the_dark_theme_stand_out_from_its_ground():
    for layer in declared_layers().values():
        for swatch in legend(layer):
            assert themed(swatch["color"], swatch["shape"], "light") == swatch["color"]
            if swatch["shape"] != "fill":
                assert luminance(swatch["color_dark"]) > 0.1, (layer.name, swatch)
    assert mix("#000000", "#ffffff", 0.5) == "#808080"
    assert luminance("#fff") == pytest.approx(1)


@pytest.mark.django_db(transaction=True)
def test_the_served_style_has_only_what_the_asker_may_see():
    viewer = User.objects.create_user("lan")
    viewer.groups.add(Group.objects.get(name="viewer"))
    create_layer("trees", title=Text("Trees", "Cây"), geometry="Point", fields=[])

    def ask(path: str, user: User | None = None, **headers: str):
        async def send():
            client = AsyncClient()
            if user:
                await client.aforce_login(user)
            return await client.get(path, headers=headers)

        return async_to_sync(send)()

    try:
        public = ask("/style.json?lang=en&theme=dark")
        assert {"roads", "buildings"} <= set(public.json()["sources"])
        assert not {"parcels", "trees", "construction_permits"} & set(public.json()["sources"])
        known = ask("/style.json", viewer)
        assert {"parcels", "trees"} <= set(known.json()["sources"])
        assert "construction_permits" not in known.json()["sources"]
        assert b"%7B" not in known.content
        again = ask("/style.json", viewer, **{"if-none-match": known["ETag"]})
        assert again.status_code == 304
        wrong = ask("/style.json?theme=blue")
        assert wrong.status_code == 400
        assert "light or dark" in wrong.json()["error"]["message"]
    finally:
        drop_layer("trees")


@pytest.mark.django_db(transaction=True)
def test_data_from_openstreetmap_is_credited_and_other_data_is_not(client):
    point = Point(107.1, 16.8)
    Hydrant.objects.create(source="osm", source_id="node/1", geom=point)
    BusStop.objects.create(geom=point)
    sources = client.get("/style.json").json()["sources"]
    assert "OpenStreetMap contributors" in sources["hydrants"]["attribution"]
    assert "attribution" not in sources["bus_stops"]
