"""JSON files that are almost GeoJSON become GeoJSON: bare arrays, and lists of rings.

A file comes in; a FeatureCollection goes out, or None where the file is not one of these kinds and
GDAL should read it itself. Both kinds hold longitude and latitude.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from layers.sources.batch import Findings
from layers.sources.geometry import close_ring
from twin.core.errors import BadInput

SUFFIXES = {".json", ".geojson"}
# What a ring list calls its features, and the words of the document that describe all of them.
RING_LISTS = ("wards", "provinces", "features")


def read_json(path: Path, layer: str, findings: Findings) -> dict[str, Any] | None:
    """The FeatureCollection of a bare array or a ring list; None for any other file.

    layer: named in the findings (rings that had to be closed).
    """
    if path.suffix.casefold() not in SUFFIXES:
        return None
    with path.open("rb") as file:
        head = file.read(4096)
    # A real FeatureCollection is left to GDAL, which need not hold it in memory as Python objects.
    if b'"FeatureCollection"' in head:
        return None
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path.name} is not JSON: {error}", field="file") from error
    if isinstance(document, list):
        return collection(document, path)
    if isinstance(document, dict):
        for key in RING_LISTS:
            things = document.get(key)
            if isinstance(things, list) and things and "polygons" in things[0]:
                return ring_list(document, things, layer, findings)
    return None


def collection(array: list[Any], path: Path) -> dict[str, Any]:
    """A bare array of GeoJSON features as a FeatureCollection."""
    for index, thing in enumerate(array):
        if not isinstance(thing, dict) or thing.get("type") != "Feature":
            raise BadInput(f"{path.name}: entry {index} is not a GeoJSON feature", field="file")
    return {"type": "FeatureCollection", "features": array}


def ring_list(
    document: dict[str, Any], things: list[dict[str, Any]], layer: str, findings: Findings
) -> dict[str, Any]:
    """Things with `polygons`, a flat list of outer rings that need not be closed."""
    of_all = {key: value for key, value in document.items() if isinstance(value, str | int | float)}
    features: list[dict[str, Any]] = []
    for thing in things:
        rings = []
        opened = 0
        for ring in thing["polygons"]:
            closed, was_open = close_ring(ring)
            opened += was_open
            rings.append([closed])
        id = str(thing.get("id", len(features)))
        if opened:
            findings.repair(layer, id, f"{opened} of its {len(rings)} rings were open; closed")
        properties = {**of_all, **{k: v for k, v in thing.items() if k != "polygons"}}
        geometry = {"type": "MultiPolygon", "coordinates": rings}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return {"type": "FeatureCollection", "features": features}
