"""The schema of a new layer from a file: its columns become fields, its geometries a type.

An opened file comes in; the declaration's fields, the mapping onto the file's columns and the
geometry type go out.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

import shapely

from layers.sources.geometry import FAMILY
from layers.sources.vector_file import VectorFile, chunks
from twin.core.declare import Field, FieldType, GeometryType, Text
from twin.core.errors import BadInput

# Names that the common columns of every layer hold.
TAKEN = {
    "id",
    "source",
    "source_id",
    "geom",
    "geom_3857",
    "version",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
}
LONGEST = 40


def fields_of(file: VectorFile) -> tuple[list[Field], dict[str, str]]:
    """The fields that hold the file's columns, and field -> column."""
    fields: list[Field] = []
    mapping: dict[str, str] = {}
    for column, dtype in zip(file.columns, file.dtypes, strict=True):
        name = field_name(column, mapping)
        mapping[name] = column
        fields.append(Field(name=name, title=Text(column, column), type=field_type(dtype)))
    return fields, mapping


def field_name(column: str, used: dict[str, str]) -> str:
    """A small plain word for a column: "Đường kính (mm)" becomes duong_kinh_mm."""
    plain = unicodedata.normalize("NFD", column.replace("đ", "d").replace("Đ", "D"))
    letters = "".join(char for char in plain.casefold() if not unicodedata.combining(char))
    word = re.sub(r"[^a-z0-9]+", "_", letters).strip("_")
    if not word or not word[0].isalpha():
        word = f"f_{word}".rstrip("_")
    if word in TAKEN:
        word = f"file_{word}"
    word = word[:LONGEST].rstrip("_")
    found, turn = word, 2
    while found in used:
        ending = f"_{turn}"
        found, turn = word[: LONGEST - len(ending)] + ending, turn + 1
    return found


def field_type(dtype: str) -> FieldType:
    """The field type of a pyogrio dtype."""
    if dtype == "bool":
        return "boolean"
    if dtype.startswith(("int", "uint")):
        return "integer"
    if dtype.startswith("float"):
        return "number"
    if dtype == "datetime64[D]":
        return "date"
    if dtype.startswith("datetime64"):
        return "datetime"
    return "text"


def geometry_of(file: VectorFile) -> GeometryType:
    """The geometry type of the layer that takes the file: as declared, else what most are."""
    found = family(file.geometry_type.split()[0])  # "Point Z" and "Point" are one
    if found:
        return found
    counted: Counter[GeometryType] = Counter()
    for _, geometry, _ in chunks(file, []):
        for kind in shapely.get_type_id(shapely.from_wkb(geometry, on_invalid="ignore")).tolist():
            for name, ids in FAMILY.items():
                if kind in ids:
                    counted[name] += 1  # type: ignore[index]  # FAMILY's keys are geometry types
    if not counted:
        raise BadInput(f"{file.path.name} holds no points, lines or areas", field="file")
    return counted.most_common(1)[0][0]


def family(word: str) -> GeometryType | None:
    """The layer geometry of an OGR geometry name; None for Unknown and collections."""
    families: dict[str, GeometryType] = {
        "Point": "Point",
        "LineString": "MultiLineString",
        "MultiLineString": "MultiLineString",
        "Polygon": "MultiPolygon",
        "MultiPolygon": "MultiPolygon",
    }
    return families.get(word)
