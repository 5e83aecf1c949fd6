"""docs/reference/layers.md: every declared layer with its attributes, zooms and rights."""

from __future__ import annotations

from itertools import groupby

from twin.core.declare import GROUP_TITLES, Cluster, Field, Filter, Grid, Layer
from twin.core.features import COMMON_COLUMNS, declared_layers
from twin.reference.markdown import code, page, table

INTRO = """\
# Layers

Each layer is one class in a theme file of `layers/`; this page, the admin page, the items endpoint,
the tiles, the style and the rights come from that class. Attributes may be empty (unknown) unless
"required" is said. Layers that were made at run time (`twin import layer FILE --new NAME`) are not
on this page; the viewer's catalog shows them beside these.

Every feature also has: {common}, `geom` (EPSG:4326) and `geom_3857` (generated).
"""


def write() -> str:
    """The page."""
    layers = sorted(declared_layers().values(), key=lambda layer: _place(layer.group))
    lines = [INTRO.format(common=", ".join(map(code, COMMON_COLUMNS)))]
    for group, members in groupby(layers, key=lambda layer: layer.group):
        title = GROUP_TITLES[group]
        lines += [f"## {title.en} · {title.vi}", ""]
        for layer in members:
            lines += _layer(layer)
    return page(*lines)


def _place(group: str) -> int:
    return list(GROUP_TITLES).index(group)


def _layer(layer: Layer) -> list[str]:
    low, high = layer.zoom
    facts = [f"{layer.geometry} in table {code(layer.table)}", f"tiles at zoom {low} to {high}"]
    if layer.lowzoom:
        facts.append(_lowzoom(layer))
    facts.append(f"seen by {_groups(layer, 'view')}, edited by {_groups(layer, 'edit')}")
    lines = [f"### {layer.name}", "", f"{layer.title.en} · {layer.title.vi}", ""]
    lines += [f"- {fact}" for fact in facts]
    if layer.search:
        lines.append(f"- found by {', '.join(map(code, layer.search))}")
    rows = [
        (code(field.name), _type(field), _unit(field), _meaning(field), _values(field))
        for field in layer.fields
    ]
    return [*lines, "", *table(("Attribute", "Type", "Unit", "Meaning", "Values"), rows)]


def _lowzoom(layer: Layer) -> str:
    match layer.lowzoom:
        case Grid(cell_m, by, below):
            most = f", each with its most frequent {code(by)}" if by else ""
            return f"below zoom {below}: counts in stored cells of {cell_m:g} m{most}"
        case Cluster(cell_m, below):
            return f"below zoom {below}: counts in stored cells of {cell_m:g} m"
        case Filter(by, from_zoom):
            steps = ", ".join(f"{value} from {zoom}" for value, zoom in from_zoom.items())
            return f"at low zooms by {code(by)}: {steps}"
    return ""


def _groups(layer: Layer, right: str) -> str:
    names = layer.access.groups(right)  # type: ignore[arg-type]  # one of Right
    return "everybody" if "public" in names else ", ".join(names)


def _type(field: Field) -> str:
    return field.type + (", required" if field.required else "")


def _unit(field: Field) -> str:
    return field.unit if field.unit and field.unit != "1" else ""


def _meaning(field: Field) -> str:
    words = f"{field.title.en} · {field.title.vi}"
    return f"{words}. {field.help.en}" if field.help else words


def _values(field: Field) -> str:
    choices = (field.choices or {}).items()
    return ", ".join(
        code(value) if title.en == value else f"{code(value)} {title.en}"
        for value, title in choices
    )
