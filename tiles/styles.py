"""Declarations come in, one MapLibre GL style goes out: sources, fonts, relief and every layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tiles.drawing import BOLD, REGULAR, Drawn, draw
from twin.core.colors import Theme
from twin.core.declare import Layer
from twin.core.products import RasterProduct, terrain_dict

GROUND = {"light": "#f3f1ec", "dark": "#171e26"}
RELIEF = {
    "light": {
        "hillshade-shadow-color": "#5c5a52",
        "hillshade-highlight-color": "#ffffff",
        "hillshade-accent-color": "#8b8778",
        "hillshade-exaggeration": 0.35,
    },
    "dark": {
        "hillshade-shadow-color": "#05080b",
        "hillshade-highlight-color": "#4a5866",
        "hillshade-accent-color": "#10161c",
        "hillshade-exaggeration": 0.45,
    },
}
# What a map shows before anybody chooses: the city as one knows it. The rest is one click away.
SHOWN_GROUPS = ("admin", "water", "buildings", "sensors", "custom")

# The woff2 subsets of Be Vietnam Pro, the most special first.
FONT_FOLDER = "/static/viewer/fonts"
SUBSETS = {
    "vietnamese": "U+0102-0103,U+0110-0111,U+0128-0129,U+0168-0169,U+01A0-01A1,U+01AF-01B0,"
    "U+0300-0301,U+0303-0304,U+0308-0309,U+0323,U+0329,U+1EA0-1EF9,U+20AB",
    "latin": "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+2000-206F,"
    "U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD",
    "latin-ext": "U+0100-0101,U+0104-010F,U+0112-0127,U+012A-0167,U+016A-019F,U+01A2-01AE,"
    "U+01B1-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+1D00-1DBF,U+1E00-1E9F,"
    "U+2020,U+20A0-20AA,U+20AD-20C0,U+2113,U+2C60-2C7F,U+A720-A7FF",
}


def shown_first(layer: Layer) -> bool:
    """Whether a new visitor's map shows the layer."""
    streets = layer.group == "roads" and layer.geometry == "MultiLineString"
    return layer.group in SHOWN_GROUPS or streets


def tiles_path(layer: Layer, version: int) -> str:
    """The address of a layer's tiles at a version, {z}/{x}/{y} left as they are."""
    return f"/tiles/{layer.name}/{{z}}/{{x}}/{{y}}.mvt?v={version}"


def style(
    layers: Iterable[Layer],
    versions: Mapping[str, int],
    terrain: RasterProduct | None,
    *,
    language: str = "vi",
    theme: Theme = "light",
    credits: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The style of the layers that the asker may see; credits: layer name -> whom to name.

    Addresses start with "/": the viewer makes them absolute as text, for URL classes would
    percent-encode {z}.
    """
    layers = list(layers)
    drawn: list[Drawn] = []
    for layer in layers:
        for part in draw(layer, theme, language):
            if not shown_first(layer):
                part.layer["layout"] = {**part.layer.get("layout", {}), "visibility": "none"}
            drawn.append(part)
    ground = {
        "id": "background",
        "type": "background",
        "paint": {"background-color": GROUND[theme]},
    }
    relief = _relief(theme) if terrain else []
    # a stable sort: within a rank, layers keep the order in which they are declared
    pile = [part.layer for part in sorted(drawn, key=lambda part: part.rank)]
    return {
        "version": 8,
        "name": "Song Sinh",
        "metadata": {"twin:theme": theme, "twin:language": language},
        "light": {"anchor": "map", "position": [1.2, 215, 40], "intensity": 0.35},
        "font-faces": font_faces(),
        "sources": {
            **{
                layer.name: _source(
                    layer, versions.get(layer.name, 1), (credits or {}).get(layer.name)
                )
                for layer in layers
            },
            **_terrain_sources(terrain),
        },
        "layers": [ground, *relief, *pile],
    }


def font_faces() -> dict[str, list[dict[str, Any]]]:
    """The fonts of the labels, as woff2 files of this server."""
    return {
        name: [
            {
                "url": f"{FONT_FOLDER}/be-vietnam-pro-{subset}-{weight}-normal.woff2",
                "unicode-range": ranges.split(","),
            }
            for subset, ranges in SUBSETS.items()
        ]
        for name, weight in ((REGULAR, 400), (BOLD, 600))
    }


def _source(layer: Layer, version: int, credit: str | None) -> dict[str, Any]:
    return {
        **({"attribution": credit} if credit else {}),
        "type": "vector",
        "tiles": [tiles_path(layer, version)],
        "minzoom": layer.zoom[0],
        "maxzoom": layer.zoom[1],
        "promoteId": "id",
    }


def _terrain_sources(terrain: RasterProduct | None) -> dict[str, Any]:
    """Two sources of the same tiles, as MapLibre's relief and ground need them apart."""
    said = terrain_dict(terrain)
    if said is None:
        return {}
    source = {
        "type": "raster-dem",
        "tiles": [said["tiles"]],
        "tileSize": 256,
        "encoding": "terrarium",
        "minzoom": said["minzoom"],
        "maxzoom": said["maxzoom"],
        "bounds": said["bounds"],
    }
    return {"terrain": source, "hillshade": dict(source)}


def _relief(theme: Theme) -> list[dict[str, Any]]:
    return [{"id": "hillshade", "type": "hillshade", "source": "hillshade", "paint": RELIEF[theme]}]
