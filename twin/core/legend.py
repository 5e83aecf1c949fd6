"""The legend of a layer: a declaration comes in, colored swatches with words go out.

Items, styles and the printed legend all read it, so that a color never has two meanings.
"""

from __future__ import annotations

from typing import Any

from twin.core.colors import Shape, luminance, mix, themed
from twin.core.declare import Layer, Text

SHAPES: dict[str, Shape] = {"Point": "circle", "MultiLineString": "line", "MultiPolygon": "fill"}
OTHER = Text("other or unknown", "khác hoặc chưa rõ")


def legend(layer: Layer) -> list[dict[str, Any]]:
    """The swatches of `layer`: {"label": {en, vi}, "color", "color_dark", "shape", "value"}.

    `color_dark` is the color in the dark theme; `value` is the value of the style's field, null for
    a layer of one color and for the rest.
    """
    shape = SHAPES[layer.geometry]
    style = layer.style
    if not style.by or not style.classes:
        # an area that is only outlined shows its outline
        color = style.outline if style.outline and style.opacity < 0.2 else style.color
        shape = "line" if color != style.color else shape
        return [_swatch(layer.title, color, shape, None)]
    field = layer.field(style.by)
    casing = style.outline if shape == "line" else None
    titles = (field.choices if field else None) or {}
    swatches = [
        _swatch(titles.get(value, Text(value, value)), visible(color, casing), shape, value)
        for value, color in style.classes.items()
    ]
    if style.color not in style.classes.values():
        swatches.append(_swatch(OTHER, visible(style.color, casing), shape, None))
    return swatches


def visible(color: str, casing: str | None) -> str:
    """A pale street is seen by its casing on the map; in a legend its color must do."""
    return mix(color, casing, 0.45) if casing and luminance(color) > 0.7 else color


def _swatch(label: Text, color: str, shape: Shape, value: str | None) -> dict[str, Any]:
    return {
        "label": label.as_dict(),
        "color": color,
        "color_dark": themed(color, shape, "dark"),
        "shape": shape,
        "value": value,
    }
