"""How one layer looks: a declaration and a theme come in, MapLibre style layers with ranks go out.

The rank orders them over all layers of the twin: ground, water, streets, networks, buildings,
limits, points, names.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tiles.vector import has_label_points, source_layers
from twin.core.colors import INK, PAPER, Shape, Theme, mix, themed
from twin.core.declare import Layer

REGULAR, BOLD = "Be Vietnam Pro Regular", "Be Vietnam Pro SemiBold"
AREAS = {"admin": 10, "planning": 20, "land": 25, "custom": 28, "water": 40}
LINES = {"water": 42, "waste": 48, "roads": 50, "custom": 60, "utilities": 62}
NAMES = {"utilities": 90, "land": 91, "buildings": 92, "roads": 94, "water": 95, "admin": 99}
WATER_INK = {"light": "#1b5e8c", "dark": "#93c9ee"}
Expression = Any


class Drawn(NamedTuple):
    """One style layer and where it stands in the pile."""

    rank: int
    layer: dict[str, Any]


def draw(layer: Layer, theme: Theme, language: str) -> list[Drawn]:
    """The style layers of `layer`, its low zooms and names included."""
    drawn = []
    if layer.geometry == "MultiPolygon":
        drawn += _standing(layer, theme) if layer.style.extrude else _areas(layer, theme)
    elif layer.geometry == "MultiLineString":
        drawn += _lines(layer, theme)
    else:
        drawn += _points(layer, theme)
    there = source_layers(layer)
    if f"{layer.name}_grid" in there:
        drawn += _grid(layer, theme)
    if f"{layer.name}_cluster" in there:
        drawn += _clusters(layer, theme, language)
    return drawn + _names(layer, theme)


def _part(
    layer: Layer, suffix: str, kind: str, source_layer: str | None = None, **rest: Any
) -> dict[str, Any]:
    """One style layer of the source, shown at the zooms at which its source layer exists."""
    inside = source_layer or layer.name
    low, high = source_layers(layer)[inside]
    part = {
        "id": f"{layer.name}:{suffix}" if suffix else layer.name,
        "type": kind,
        "metadata": {"twin:layer": layer.name},
        "source": layer.name,
        "source-layer": inside,
        "minzoom": low,
        **rest,
    }
    if high < layer.zoom[1]:
        part["maxzoom"] = high + 1
    return part


def color_of(layer: Layer, shape: Shape, theme: Theme, ink: float = 0.0) -> Expression:
    """One color, or the color of the feature's class, with a share of ink mixed in."""
    style = layer.style

    def shown(color: str) -> str:
        return mix(themed(color, shape, theme), INK[theme], ink)

    if not style.by or not style.classes:
        return shown(style.color)
    return _match(
        style.by, {k: shown(color) for k, color in style.classes.items()}, shown(style.color)
    )


def _match(field: str, values: dict[str, Any], rest: Any) -> Expression:
    parts: list[Any] = ["match", ["to-string", ["get", field]]]
    for value, result in values.items():
        parts += [value, result]
    return [*parts, rest]


def _by_zoom(stops: dict[float, Any], base: float = 1.5) -> Expression:
    expression: list[Any] = ["interpolate", ["exponential", base], ["zoom"]]
    for zoom, value in stops.items():
        expression += [zoom, value]
    return expression


def _areas(layer: Layer, theme: Theme) -> list[Drawn]:
    rank = AREAS.get(layer.group, 15)
    style = layer.style
    drawn = []
    if style.opacity > 0:
        paint: dict[str, Any] = {
            "fill-color": color_of(layer, "fill", theme),
            "fill-opacity": style.opacity,
        }
        if style.opacity >= 0.9:  # the seam of two tiles shows in a see-through edge
            paint["fill-outline-color"] = paint["fill-color"]
        drawn.append(Drawn(rank, _part(layer, "", "fill", paint=paint)))
    if style.outline:
        limits = layer.group == "admin"
        paint = {
            "line-color": themed(style.outline, "line", theme),
            "line-width": _by_zoom({10: style.width * 0.6, 16: style.width, 19: style.width * 1.6}),
            "line-opacity": 0.85 if limits else 0.6,
        }
        if limits:
            paint["line-dasharray"] = [4, 2] if style.opacity > 0 else [6, 2, 1, 2]
        suffix = "outline" if drawn else ""
        part = _part(layer, suffix, "line", layout={"line-join": "round"}, paint=paint)
        drawn.append(Drawn(75 if limits else rank + 1, part))
    return drawn


def _standing(layer: Layer, theme: Theme) -> list[Drawn]:
    """Areas with a height: the measured one, else from the levels, else 4 m."""
    height = ["to-number", ["get", layer.style.extrude], 0]
    levels = ["*", ["to-number", ["get", "levels"], 0], 3.3]
    paint = {
        "fill-extrusion-color": color_of(layer, "fill", theme),
        "fill-extrusion-height": ["case", [">", height, 0], height, [">", levels, 0], levels, 4],
        "fill-extrusion-base": 0,
        "fill-extrusion-opacity": 0.94,
        "fill-extrusion-vertical-gradient": True,
    }
    footprint = {
        "fill-color": color_of(layer, "fill", theme),
        "fill-outline-color": themed(layer.style.outline or layer.style.color, "line", theme),
    }
    return [
        Drawn(45, _part(layer, "footprint", "fill", paint=footprint)),
        Drawn(70, _part(layer, "", "fill-extrusion", paint=paint)),
    ]


def _lines(layer: Layer, theme: Theme) -> list[Drawn]:
    rank = LINES.get(layer.group, 55)
    style = layer.style
    order: dict[str, Any] = {"line-cap": "round", "line-join": "round"}
    if style.by and style.widths:
        # wide streets lie over narrow ones where they meet
        order["line-sort-key"] = _match(style.by, dict(style.widths), style.width)
    width = _line_width(layer)
    color = color_of(layer, "line", theme)
    if not style.outline:
        paint = {"line-color": color, "line-width": width, "line-opacity": style.opacity}
        return [Drawn(rank, _part(layer, "", "line", layout=order, paint=paint))]
    casing = themed(style.outline, "line", theme)
    if theme == "dark":
        casing = mix(casing, PAPER["dark"], 0.75)
    rest: dict[str, Any] = {}
    drawn: list[Drawn] = []
    if "bridge" in layer.tile_fields:
        bridge = ["==", ["get", "bridge"], True]
        tunnel = ["==", ["get", "tunnel"], True]
        rest["filter"] = ["all", ["!", bridge], ["!", tunnel]]
        under = {
            "line-color": mix(casing, themed("#f3f1ec", "fill", theme), 0.4),
            "line-width": width,
            "line-dasharray": [1.2, 1.2],
        }
        flat = {**order, "line-cap": "butt"}
        drawn = [
            Drawn(rank, _part(layer, "tunnel", "line", filter=tunnel, layout=flat, paint=under)),
            Drawn(
                rank + 4,
                _part(
                    layer,
                    "bridge-casing",
                    "line",
                    filter=bridge,
                    layout=flat,
                    paint={
                        "line-color": mix(casing, INK[theme], 0.5),
                        "line-width": _line_width(layer, casing=1.6),
                    },
                ),
            ),
            Drawn(
                rank + 5,
                _part(
                    layer,
                    "bridge",
                    "line",
                    filter=bridge,
                    layout=order,
                    paint={"line-color": color, "line-width": width},
                ),
            ),
        ]
    edge = {"line-color": casing, "line-width": _line_width(layer, casing=1.0)}
    edge["line-opacity"] = _by_zoom({11: 0, 13: 0.9}, 1)
    body = {"line-color": color, "line-width": width}
    return [
        *drawn,
        Drawn(rank + 1, _part(layer, "casing", "line", layout=order, paint=edge, **rest)),
        Drawn(rank + 2, _part(layer, "", "line", layout=order, paint=body, **rest)),
    ]


def _line_width(layer: Layer, casing: float = 0.0) -> Expression:
    """Width [px] by zoom and class; `casing` is what stands out on each side at zoom 15."""
    style = layer.style
    at_15: Any = style.width
    if style.by and style.widths:
        at_15 = _match(style.by, dict(style.widths), style.width)
    if not style.widths:  # a network's line is a symbol: it grows less than a street does
        stops = {10: 0.5, 13: 0.7, 15: 1.0, 18: 2.2, 20: 3.5}
    else:
        stops = {6: 0.12, 10: 0.22, 13: 0.5, 15: 1.0, 17: 3.0, 20: 18.0}
    return _by_zoom(
        {
            zoom: ["+", ["*", factor, at_15], 2 * casing * min(factor**0.4, 2.0)]
            if casing
            else ["*", factor, at_15]
            for zoom, factor in stops.items()
        }
    )


def _points(layer: Layer, theme: Theme) -> list[Drawn]:
    style = layer.style
    radius = style.radius
    paint = {
        "circle-color": color_of(layer, "circle", theme),
        "circle-radius": _by_zoom({11: radius * 0.5, 14: radius * 0.75, 17: radius * 1.3}, 1),
        "circle-stroke-color": PAPER[theme],
        "circle-stroke-width": _by_zoom({12: 0.5, 15: 1.2}, 1),
        "circle-opacity": style.opacity,
        "circle-stroke-opacity": style.opacity,
    }
    return [Drawn(80, _part(layer, "", "circle", paint=paint))]


def _grid(layer: Layer, theme: Theme) -> list[Drawn]:
    """Cells in the color of their leading class, denser where more features lie."""
    full = 0.75 if layer.style.extrude else min(1.0, layer.style.opacity + 0.2)
    # buildings are pale where their walls are lit; flat squares of that color would vanish
    ink = 0.22 if layer.style.extrude else 0.0
    paint = {
        "fill-color": color_of(layer, "fill", theme, ink),
        "fill-opacity": [
            *["interpolate", ["linear"], ["ln", ["get", "count"]]],
            *[0, full * 0.35, 4, full],
        ],
        "fill-antialias": False,
    }
    rank = 35 if layer.style.extrude else AREAS.get(layer.group, 15)
    return [Drawn(rank, _part(layer, "grid", "fill", f"{layer.name}_grid", paint=paint))]


def _clusters(layer: Layer, theme: Theme, language: str) -> list[Drawn]:
    """Counts in circles whose area follows the count."""
    inside = f"{layer.name}_cluster"
    color = themed(layer.style.color, "circle", theme)
    paint = {
        "circle-color": color,
        "circle-radius": [
            *["interpolate", ["linear"], ["sqrt", ["get", "count"]]],
            *[1, 9, 10, 14, 40, 24],
        ],
        "circle-opacity": 0.85,
        "circle-stroke-color": PAPER[theme],
        "circle-stroke-width": 1.5,
        "circle-stroke-opacity": 0.85,
    }
    label = {
        "text-field": ["number-format", ["get", "count"], {"locale": language}],
        "text-font": [BOLD],
        "text-size": 11,
        "text-allow-overlap": True,
    }
    words = {"text-color": "#16202a", "text-halo-color": mix(color, "#ffffff", 0.6)}
    words["text-halo-width"] = 1.2  # type: ignore[assignment]
    return [
        Drawn(82, _part(layer, "cluster", "circle", inside, paint=paint)),
        Drawn(89, _part(layer, "cluster-count", "symbol", inside, layout=label, paint=words)),
    ]


def _names(layer: Layer, theme: Theme) -> list[Drawn]:
    if not layer.labels:
        return []
    own = has_label_points(layer)
    inside = f"{layer.name}_label" if own else layer.name
    large = layer.group in ("admin", "water") and layer.geometry == "MultiPolygon"
    name = layer.labels == "name"
    if layer.geometry == "MultiLineString":
        first = max(layer.zoom[0], 12 if name else 17)
    elif large:
        first = max(layer.zoom[0], 10)
    else:
        first = max(layer.zoom[0], 15 if name else 17)
    ink = WATER_INK[theme] if layer.group == "water" else INK[theme]
    layout: dict[str, Any] = {
        "text-field": ["to-string", ["get", layer.labels]],
        "text-font": [BOLD if layer.group == "admin" else REGULAR],
        "text-size": _by_zoom({first: 10.5, first + 3: 13 if large or name else 11.5}, 1),
        "text-max-width": 8,
    }
    if layer.geometry == "MultiLineString":
        layout |= {"symbol-placement": "line", "symbol-spacing": 320, "text-max-angle": 30}
        if layer.style.widths and layer.style.by:
            widths = {value: -width for value, width in layer.style.widths.items()}
            layout["symbol-sort-key"] = _match(layer.style.by, widths, 0)
    elif layer.geometry == "Point":
        layout |= {"text-anchor": "top", "text-offset": [0, 0.6], "text-optional": True}
    paint = {
        "text-color": ink,
        "text-halo-color": PAPER[theme],
        "text-halo-width": 1.4,
        "text-opacity": 1 if large or name else 0.85,
    }
    part = _part(layer, "label", "symbol", inside, layout=layout, paint=paint)
    part["minzoom"] = max(first, part["minzoom"])
    return [Drawn(NAMES.get(layer.group, 93), part)]
