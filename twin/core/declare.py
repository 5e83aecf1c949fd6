"""What a layer says of itself: titles, fields, zooms, style, low-zoom form and rights.

A theme file writes a `Layer` beside its model; everything else (admin, items, tiles, style, legend,
rights, history, import) is derived from it. No Django here: a runtime layer builds the same object
from a database row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

GeometryType = Literal["Point", "MultiLineString", "MultiPolygon"]
FieldType = Literal["text", "integer", "number", "boolean", "date", "datetime"]
Right = Literal["view", "edit", "publish"]

PUBLIC = "public"
GROUPS = ("viewer", "planner", "flood_officer", "traffic_engineer", "gis_editor", "admin")


class Text(NamedTuple):
    """The same words in English and Vietnamese."""

    en: str
    vi: str

    def as_dict(self) -> dict[str, str]:
        """As the API sends it."""
        return {"en": self.en, "vi": self.vi}


@dataclass(frozen=True)
class Field:
    """One attribute of a layer; `unit` is a UCUM-like symbol such as "m" or "m3/s"."""

    name: str
    title: Text
    type: FieldType = "text"
    unit: str | None = None
    help: Text | None = None
    choices: Mapping[str, Text] | None = None
    required: bool = False


@dataclass(frozen=True)
class Style:
    """How a layer is drawn: one color, or a color for each value of the field `by`.

    `widths` are line widths [px at zoom 15] by the same values; `carries` names further fields that
    the drawing reads from the tiles (roads: bridge and tunnel).
    """

    color: str
    by: str | None = None
    classes: Mapping[str, str] = field(default_factory=dict)
    width: float = 1.5
    radius: float = 4.0
    opacity: float = 0.9
    outline: str | None = None
    extrude: str | None = None
    widths: Mapping[str, float] = field(default_factory=dict)
    carries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grid:
    """Below zoom `below` the layer is drawn as stored square cells of `cell_m` meters.

    A cell carries the count of its features and, with `by`, the value that most of them hold.
    """

    cell_m: float
    by: str | None = None
    below: int = 14


@dataclass(frozen=True)
class Filter:
    """Below the usual zooms only some features are drawn: value of `by` -> the first zoom."""

    by: str
    from_zoom: Mapping[str, int]


@dataclass(frozen=True)
class Cluster:
    """Below zoom `below` points are drawn as counts in stored cells of `cell_m` meters."""

    cell_m: float = 400.0
    below: int = 14


@dataclass(frozen=True)
class Access:
    """Which groups hold a right at the start; "public" needs no login. Admins change it later."""

    view: tuple[str, ...] = (PUBLIC,)
    edit: tuple[str, ...] = ("gis_editor",)
    publish: tuple[str, ...] = ("gis_editor",)

    def groups(self, right: Right) -> tuple[str, ...]:
        """The groups that hold `right`; the admin group holds every right."""
        return (*getattr(self, right), "admin")


LOGGED_IN = ("viewer", "planner", "flood_officer", "traffic_engineer", "gis_editor")


@dataclass(frozen=True)
class Layer:
    """One layer of the city; `name`, `table` and `fields` are filled when it is bound."""

    title: Text
    group: str
    zoom: tuple[int, int] = (12, 16)
    lowzoom: Grid | Filter | Cluster | None = None
    style: Style = Style("#5b6b7a")
    labels: str | None = None
    search: tuple[str, ...] = ()
    source: str = ""
    access: Access = Access()
    name: str = ""
    table: str = ""
    geometry: GeometryType = "Point"
    fields: tuple[Field, ...] = ()
    custom: bool = False
    model: Any = None

    def field(self, name: str) -> Field | None:
        """The field of that name, or None."""
        return next((field for field in self.fields if field.name == name), None)

    @property
    def tile_fields(self) -> tuple[str, ...]:
        """The attributes that travel in a vector tile: what style, labels and heights read."""
        names = [self.labels, self.style.by, self.style.extrude, *self.style.carries]
        if isinstance(self.lowzoom, Filter):
            names.append(self.lowzoom.by)
        if self.style.extrude:
            names += ["levels", "height_estimated"]
        known = {field.name for field in self.fields}
        return tuple(dict.fromkeys(name for name in names if name and name in known))


GROUP_TITLES = {
    "admin": Text("Administrative areas", "Hành chính"),
    "land": Text("Land", "Đất đai"),
    "planning": Text("Planning", "Quy hoạch"),
    "buildings": Text("Buildings", "Công trình"),
    "roads": Text("Roads and traffic", "Giao thông"),
    "water": Text("Rivers and water", "Sông và mặt nước"),
    "utilities": Text("Utilities", "Hạ tầng kỹ thuật"),
    "lighting": Text("Street lighting", "Chiếu sáng"),
    "waste": Text("Waste", "Thu gom rác"),
    "cameras": Text("Cameras", "Camera"),
    "sensors": Text("Sensors", "Cảm biến"),
    "custom": Text("Own layers", "Lớp tự tạo"),
}
