"""Read a vector file as batches of one layer in EPSG:4326.

An opened file comes in; out come batches whose columns are the layer's fields where `--map`, an
equal name or an OpenStreetMap tag says so. Values are still as the file holds them.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from layers.sources import osm_tags
from layers.sources.batch import Batch, Findings
from layers.sources.reproject import ToWgs84, source_crs
from layers.sources.vector_file import VectorFile, VectorOptions, chunks, listed
from layers.sources.vector_ids import Ids
from twin.core.errors import BadInput

# The columns of other files that hold what a layer's field holds, in plain Vietnamese or English.
ALIASES = {"name": ("ten", "name_vi", "name:vi"), "address": ("dia_chi", "addr:full")}
# The OpenStreetMap key that shows a file to hold raw tags, by layer.
TAGGED = {
    "buildings": "building",
    "roads": "highway",
    "rivers": "waterway",
    "water_bodies": "natural",
    "land_use_zones": "landuse",
}


def read_vector(
    file: VectorFile,
    layer: str,
    fields: Sequence[str],
    findings: Findings,
    options: VectorOptions | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Batch]:
    """Yield the features of an opened file for one layer with the columns of its `fields`.

    progress: called with the number of features read since the last call.
    """
    options = options or VectorOptions()
    crs, crs_name = source_crs(options.crs, file.crs, file.path.name)
    if options.crs and file.crs and options.crs != file.crs:
        findings.note(f"The file says {short_crs(file.crs)}; read as {crs_name}, as asked")
    if crs.is_bound and crs.to_epsg() is None:
        findings.note("The datum shift is the file's own (towgs84), not that of an EPSG code")
    to_wgs84 = ToWgs84(crs, crs_name, swap_xy=options.swap_xy)
    mapping = map_columns(file, layer, fields, options.mapping, findings)
    tagged = TAGGED.get(layer) if TAGGED.get(layer) in file.columns else None
    wanted = file.columns if tagged else list(dict.fromkeys(mapping.values()))
    key = [mapping.get(name) for name in options.key_fields]
    ids = Ids.choose(file, options.id_column, key, options.id_prefix)
    columns = list(dict.fromkeys([*wanted, *ids.columns]))

    first = True
    for fids, geometry, table in chunks(file, columns):
        geometries = shapely.from_wkb(geometry, on_invalid="ignore")
        if first:
            to_wgs84.check_axes(geometries, findings)
            first = False
        batch = Batch(
            layer,
            ids.of(fids, table),
            to_wgs84(geometries),
            {name: table[column] for name, column in mapping.items()},
        )
        if tagged:
            batch = read_tags(batch, table, set(options.mapping), findings)
        keep = ids.first_of_each(batch, findings)
        if file.xy:
            keep &= located(batch, geometries, file, findings)
        batch = batch.only(keep)
        if progress:
            progress(len(fids))
        yield batch


def located(
    batch: Batch, geometries: np.ndarray, file: VectorFile, findings: Findings
) -> np.ndarray:
    """True where a CSV's row has a place; a finding names the column and value where not.

    batch: the whole file, with its geometries as read, shape (n,).
    """
    keep = np.isfinite(shapely.bounds(geometries)).all(axis=1)  # NaN where there is nothing
    if keep.all() or not file.xy:
        return keep
    xy = file.as_written(file.xy)
    for row in np.flatnonzero(~keep):
        wrong = []
        for name, values in xy.items():
            value = values[row].strip()
            if not value:
                wrong.append(f"{name} is empty")
            elif not is_finite_number(value):
                wrong.append(f'{name} "{value}" is not a coordinate')
        if wrong:
            findings.reject(batch.layer, batch.source_ids[row], f"no place: {'; '.join(wrong)}")
        else:
            keep[row] = True  # what else is wrong is said where geometries are fitted
    return keep


def is_finite_number(value: str) -> bool:
    """The text is a number, with a comma or a point, and neither NaN nor infinite."""
    try:
        return math.isfinite(float(value.replace(",", ".")))
    except ValueError:
        return False


def map_columns(
    file: VectorFile,
    layer: str,
    fields: Sequence[str],
    asked: Mapping[str, str],
    findings: Findings,
) -> dict[str, str]:
    """Layer field -> column of the file: as asked, else by equal name, case and accents apart."""
    for name, column in asked.items():
        if name not in fields:
            raise BadInput(
                f'The layer {layer} has no field "{name}"; it has {listed(fields)}', field="map"
            )
        if column not in file.columns:
            raise BadInput(
                f'{file.path.name} has no column "{column}"; it has {listed(file.columns)}',
                field="map",
            )
    by_folded = {folded(name): name for name in reversed(file.columns)}
    mapping = dict(asked)
    for name in fields:
        for candidate in (name, *ALIASES.get(name, ())):
            if name not in mapping and folded(candidate) in by_folded:
                mapping[name] = by_folded[folded(candidate)]
    unused = [name for name in file.columns if name not in mapping.values()]
    if unused and layer not in TAGGED:
        findings.note(f"Columns that no field takes: {listed(unused)}")
    return mapping


def read_tags(
    batch: Batch, table: Mapping[str, list[Any]], asked: set[str], findings: Findings
) -> Batch:
    """Attributes from OpenStreetMap tags held as columns; fields mapped by the user stay so."""
    readers = {**osm_tags.AREAS, **osm_tags.LINES}
    reader = readers[batch.layer]
    rows: list[dict[str, Any]] = []
    keep = np.ones(len(batch), dtype=bool)
    for row, source_id in enumerate(batch.source_ids):
        tags = {
            key: str(values[row])
            for key, values in table.items()
            if values[row] is not None and values[row] == values[row]
        }
        problems: list[str] = []
        attributes = reader(tags, problems)
        if attributes is None:
            keep[row] = False
            key = TAGGED[batch.layer]
            findings.reject(
                batch.layer, source_id, f"{key}={tags.get(key)} is none of the {batch.layer}"
            )
            attributes = {}
        elif problems:
            findings.repair(batch.layer, source_id, f"left empty: {'; '.join(problems)}")
        rows.append(attributes)
    names = dict.fromkeys(name for attributes in rows for name in attributes)
    columns = {name: [attributes.get(name) for attributes in rows] for name in names}
    columns.update({name: batch.columns[name] for name in asked})
    return Batch(batch.layer, batch.source_ids, batch.geometries, columns).only(keep)


def folded(name: str) -> str:
    """A column name without case, accents and marks."""
    plain = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D"))
    letters = (char for char in plain.casefold() if not unicodedata.combining(char))
    return "".join(char for char in letters if char.isalnum())


def short_crs(words: str) -> str:
    """A CRS for a message: its code, or the first words of its WKT."""
    return words if len(words) <= 40 else words[:40] + "…"
