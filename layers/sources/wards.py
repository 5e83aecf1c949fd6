"""Read wards and communes from the ring lists and GeoJSON files in which they are passed around.

A file comes in; batches of the layer `wards` go out, with the unit's kind in its name ("Phường An
Đông") and its official code as the source id where the file has one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from layers.sources import osm_tags, text
from layers.sources.batch import Batch, Findings
from layers.sources.vector import folded, read_vector
from layers.sources.vector_file import VectorOptions, open_vector

LAYER = "wards"
# What files call a field, folded (without case, accents and marks); the first that is there counts.
NAMES = {
    "name": ("ten", "name", "tenxa", "tenphuongxa", "wardname"),
    "type": ("type", "loai", "kind"),
    "code": ("code", "ma", "maxa", "wardcode", "id"),
    "province": ("provincename", "tinhthanh", "province", "tentinh"),
    "population": ("population", "danso"),
}


def read_wards(
    path: Path,
    findings: Findings,
    *,
    options: VectorOptions | None = None,
    province: str | None = None,
    former: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Batch]:
    """Yield the wards of a file.

    province: its name, where the file does not say it. former: these are units from before the
    2025 reform. Raises BadInput where the file can't be read.
    """
    options = options or VectorOptions()
    file = open_vector(path, LAYER, findings, options)
    by_folded = {folded(column): column for column in reversed(file.columns)}
    columns = {}
    for field, candidates in NAMES.items():
        found = [by_folded[name] for name in candidates if name in by_folded]
        if found:
            columns[field] = found[0]
    columns.update(options.mapping)
    if options.id_column is None and columns.get("code") in file.columns:
        code = columns["code"]
        if unique(file.read(columns=[code], read_geometry=False)[2][code]):
            options.id_column = code
    # "type" is no field of the layer: it is read along and joins the name.
    options.mapping = columns
    for batch in read_vector(file, LAYER, [*columns, "former"], findings, options, progress):
        yield as_wards(batch, province, former)


def as_wards(batch: Batch, province: str | None, former: bool) -> Batch:
    """The batch with whole names, province and mark."""
    count = len(batch)
    columns: dict[str, list[Any]] = dict(batch.columns)
    kinds = columns.pop("type", [None] * count)
    names = columns.get("name", [None] * count)
    columns["name"] = [
        whole_name(text.nfc(kind), text.nfc(name)) for kind, name in zip(kinds, names, strict=True)
    ]
    if province:
        columns["province"] = [province] * count
    columns["former"] = [former] * count
    return Batch(batch.layer, batch.source_ids, batch.geometries, columns)


def whole_name(kind: str | None, name: str | None) -> str | None:
    """ "Phường An Đông" from "Phường" and "An Đông"; unchanged where the name says it already."""
    if not name or not kind or osm_tags.WARD_NAME.match(name) or not osm_tags.WARD_NAME.match(kind):
        return name
    return f"{kind} {name}"


def unique(values: list[Any]) -> bool:
    """Every value is there, once."""
    return None not in values and len(set(map(str, values))) == len(values)
