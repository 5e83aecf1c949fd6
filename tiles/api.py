"""Addresses of tiles: /tiles/{layer}/{z}/{x}/{y}.mvt, TileJSON and /style.json."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import path, re_path

from tiles import rasters_api
from tiles.credits import credits
from tiles.gate import admit
from tiles.http import caching, packed, unchanged
from tiles.styles import style, tiles_path
from tiles.tile import TileId
from tiles.vector import source_layers, vector_tile
from twin.core.colors import THEMES
from twin.core.errors import BadInput
from twin.core.express import in_thread, lean, user_of
from twin.core.features import layers
from twin.core.models import LayerVersion
from twin.core.permissions import allowed_layers
from twin.core.products import current_terrain

MVT = "application/vnd.mapbox-vector-tile"


@lean
async def vector(request: HttpRequest, layer: str, z: str, x: str, y: str) -> HttpResponseBase:
    """A vector tile. 204 where it is empty, 304 where the asker has it, 400 for no such tile."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    tile = TileId.parse(z, x, y)
    asked = request.GET.get("v")
    granted = await admit(request, layer, asked)
    etag = f'W/"{layer}-{granted.version}-{tile.z}-{tile.x}-{tile.y}"'
    rules: dict[str, Any] = {
        "etag": etag,
        "public": granted.public,
        "current": asked == str(granted.version),
    }
    if unchanged(request, etag):
        return caching(HttpResponse(status=304), **rules)
    body = await vector_tile(granted.layer, tile, granted.visible)
    return caching(packed(request, body, MVT), **rules)


@lean
async def tilejson(request: HttpRequest, layer: str) -> HttpResponse:
    """TileJSON 3.0 of a layer: what QGIS and other clients read."""
    granted = await admit(request, layer)
    declared = granted.layer
    fields = {"id": "String"} | {
        name: {"boolean": "Boolean", "integer": "Number", "number": "Number"}.get(
            field.type, "String"
        )
        for name in declared.tile_fields
        if (field := declared.field(name))
    }
    response = JsonResponse(
        {
            "tilejson": "3.0.0",
            "name": declared.title.vi,
            "description": declared.title.en,
            "version": f"1.0.{granted.version}",
            "scheme": "xyz",
            "tiles": [request.build_absolute_uri("/")[:-1] + tiles_path(declared, granted.version)],
            "minzoom": declared.zoom[0],
            "maxzoom": declared.zoom[1],
            "vector_layers": [
                {
                    "id": name,
                    "minzoom": low,
                    "maxzoom": high,
                    "fields": fields if name == layer else {"count": "Number"},
                }
                for name, (low, high) in source_layers(declared).items()
            ],
        }
    )
    response["Cache-Control"] = "no-store"
    return response


@lean
async def style_json(request: HttpRequest) -> HttpResponse:
    """The map style of the layers that the asker may see; ?lang=vi|en&theme=light|dark."""
    language, theme = (
        _one_of(request, name, words) for name, words in (("lang", ("vi", "en")), ("theme", THEMES))
    )
    user = await user_of(request)

    def make() -> dict[str, Any]:
        allowed = allowed_layers(user, "view")
        shown = [layer for layer in layers().values() if layer.name in allowed]
        versions = dict(LayerVersion.objects.values_list("layer", "version"))
        return style(
            shown,
            versions,
            current_terrain(user),
            language=language,
            theme=theme,  # type: ignore[arg-type]  # one of THEMES
            credits=credits(shown),
        )

    body = json.dumps(await in_thread(make), ensure_ascii=False, separators=(",", ":"))
    etag = f'W/"{hashlib.sha256(body.encode()).hexdigest()[:24]}"'
    if unchanged(request, etag):
        response = HttpResponse(status=304)
    else:
        response = packed(request, body.encode(), "application/json")
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Accept-Encoding, Cookie"
    return response


def _one_of(request: HttpRequest, name: str, words: tuple[str, ...]) -> str:
    word = request.GET.get(name, words[0])
    if word not in words:
        raise BadInput(
            f'{name} is "{word}"; it must be {" or ".join(words)}',
            vi=f"{name} là “{word}”; phải là {' hoặc '.join(words)}",
            field=name,
        )
    return word


JSON_TYPES = {"boolean": "Boolean", "integer": "Number", "number": "Number"}
TILE = r"(?P<z>[^/]+)/(?P<x>[^/]+)/(?P<y>[^/]+)"
urlpatterns = [
    *rasters_api.urlpatterns,
    re_path(rf"^tiles/(?P<layer>[^/]+)/{TILE}\.mvt$", vector),
    re_path(r"^tiles/(?P<layer>[^/]+)\.json$", tilejson),
    path("style.json", style_json),
]
