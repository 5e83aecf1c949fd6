"""The legend of a layer: a declaration comes in, colored swatches with words go out.

Items, styles and the printed legend all read it, so that a color never has two meanings.
"""

from __future__ import annotations

from typing import Any

from twin.core.declare import Layer, Text

SHAPES = {"Point": "circle", "MultiLineString": "line", "MultiPolygon": "fill"}
OTHER = Text("other or unknown", "khác hoặc chưa rõ")


def legend(layer: Layer) -> list[dict[str, Any]]:
    """The swatches of `layer`: `{"label": {en, vi}, "color", "shape", "value"}`.

    `value` is the value of the style's field, null for a layer of one color and for the rest.
    """
    shape = SHAPES[layer.geometry]
    style = layer.style
    if not style.by or not style.classes:
        # an area that is only outlined shows its outline
        color = style.outline if style.outline and style.opacity < 0.2 else style.color
        shape = "line" if color != style.color else shape
        return [_swatch(layer.title, color, shape, None)]
    field = layer.field(style.by)
    titles = (field.choices if field else None) or {}
    swatches = [
        _swatch(titles.get(value, Text(value, value)), color, shape, value)
        for value, color in style.classes.items()
    ]
    if style.color not in style.classes.values():
        swatches.append(_swatch(OTHER, style.color, shape, None))
    return swatches


def _swatch(label: Text, color: str, shape: str, value: str | None) -> dict[str, Any]:
    return {"label": label.as_dict(), "color": color, "shape": shape, "value": value}
