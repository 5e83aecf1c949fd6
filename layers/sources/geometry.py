"""Geometries of a batch become what a layer stores: 2D, valid, in range, single made multi.

Enters a batch as a reader made it; leaves one whose geometries are all valid and of the layer's
type, with a finding for every feature that had to be rejected or repaired.
"""

from __future__ import annotations

import numpy as np
import shapely

from layers.sources.batch import Batch, Findings, Geometries

POINT, LINE, RING, POLYGON = 0, 1, 2, 3
MULTI = {"Point": 0, "MultiLineString": 5, "MultiPolygon": 6}
# The geometries a layer takes in, by shapely's type ids.
FAMILY = {
    "Point": {0},
    "MultiLineString": {1, 2, 5},
    "MultiPolygon": {3, 6},
}
WORDS = {"Point": "points", "MultiLineString": "lines", "MultiPolygon": "areas"}
TYPE_NAMES = [
    "Point",
    "LineString",
    "LinearRing",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
]
# A repair that changes the area by more than this share is said in the report.
AREA_CHANGE = 0.01


def fit_geometries(batch: Batch, geometry_type: str, findings: Findings) -> Batch:
    """The batch with every geometry valid and of `geometry_type`; the rest are findings.

    geometry_type: "Point", "MultiLineString" or "MultiPolygon".
    """
    geometries = batch.geometries.copy()
    if shapely.has_z(geometries).any():
        findings.note("Z coordinates are left out: features lie on the terrain")
        geometries = shapely.force_2d(geometries)
    reasons = np.full(len(batch), None, dtype=object)

    nothing = shapely.is_missing(geometries) | shapely.is_empty(geometries)
    reasons[nothing] = "it has no geometry"
    _out_of_range(geometries, reasons)
    _fit_family(batch, geometries, reasons, geometry_type, findings)
    _repair_invalid(batch, geometries, reasons, geometry_type, findings)

    rejected = reasons != None  # noqa: E711 (elementwise)
    for row in np.flatnonzero(rejected):
        findings.reject(batch.layer, batch.source_ids[row], reasons[row])
    kept = batch.only(~rejected)
    return Batch(
        kept.layer,
        kept.source_ids,
        _promote(geometries[~rejected], geometry_type),
        kept.columns,
    )


def close_ring(coordinates: list[list[float]]) -> tuple[list[list[float]], bool]:
    """The ring with its first point repeated at its end, and whether it had to be."""
    if coordinates and coordinates[0][:2] != coordinates[-1][:2]:
        return [*coordinates, coordinates[0]], True
    return coordinates, False


def _out_of_range(geometries: Geometries, reasons: np.ndarray) -> None:
    """Longitude and latitude must be finite and on the Earth."""
    bounds = shapely.bounds(geometries)
    with np.errstate(invalid="ignore"):
        inside = (
            (bounds[:, 0] >= -180) & (bounds[:, 1] >= -90)
            & (bounds[:, 2] <= 180) & (bounds[:, 3] <= 90)
        )  # fmt: skip
    # Bounds skip NaN, so a single NaN among good coordinates needs a look of its own.
    coordinates, owner = shapely.get_coordinates(geometries, return_index=True)
    inside[owner[~np.isfinite(coordinates).all(axis=1)]] = False
    for row in np.flatnonzero(~inside & (reasons == None)):  # noqa: E711
        west, south = bounds[row, :2]
        reasons[row] = f"its coordinates ({west:g}, {south:g}) are not longitude and latitude"


def _fit_family(
    batch: Batch,
    geometries: Geometries,
    reasons: np.ndarray,
    geometry_type: str,
    findings: Findings,
) -> None:
    """Turn what can be turned into the layer's family; give the others a reason."""
    types = shapely.get_type_id(geometries)
    strange = ~np.isin(types, list(FAMILY[geometry_type])) & (reasons == None)  # noqa: E711
    for row in np.flatnonzero(strange):
        geometry = geometries[row]
        found = None
        if geometry_type == "MultiPolygon" and types[row] in (1, 2) and geometry.is_closed:
            if len(geometry.coords) >= 4:
                found, how = shapely.Polygon(geometry.coords), "a closed line, read as an area"
        elif geometry_type == "Point" and types[row] == 4 and len(geometry.geoms) == 1:
            found, how = geometry.geoms[0], "a MultiPoint of one point, read as a Point"
        elif types[row] == 7:
            found, how = _parts(geometry, geometry_type), "other parts of a collection left out"
        if found is None or found.is_empty:
            name = TYPE_NAMES[types[row]]
            reasons[row] = f"a {name} among {WORDS[geometry_type]}"
            continue
        geometries[row] = found
        findings.repair(batch.layer, batch.source_ids[row], how)


def _repair_invalid(
    batch: Batch,
    geometries: Geometries,
    reasons: np.ndarray,
    geometry_type: str,
    findings: Findings,
) -> None:
    """make_valid with the parts of the layer's family kept; empty results are rejected."""
    good = reasons == None  # noqa: E711
    invalid = np.flatnonzero(good & ~shapely.is_valid(geometries))
    for row in invalid:
        why = shapely.is_valid_reason(geometries[row])
        fixed = _parts(
            shapely.make_valid(geometries[row], method="structure", keep_collapsed=False),
            geometry_type,
        )
        if fixed is None or fixed.is_empty or not fixed.is_valid:
            reasons[row] = f"invalid and nothing left after the repair: {why}"
            continue
        before, after = abs(geometries[row].area), fixed.area
        note = ""
        if before and abs(after - before) > AREA_CHANGE * before:
            note = f"; its area changed by {100 * (after / before - 1):+.0f} %"
        geometries[row] = fixed
        findings.repair(batch.layer, batch.source_ids[row], f"made valid: {why}{note}")


def _parts(geometry: shapely.Geometry, geometry_type: str) -> shapely.Geometry | None:
    """The parts of a geometry that belong to the family, as one geometry; None without any."""
    pieces = shapely.get_parts(shapely.get_parts(geometry))
    pieces = pieces[np.isin(shapely.get_type_id(pieces), list(FAMILY[geometry_type]))]
    if not len(pieces):
        return None
    if geometry_type == "Point":
        return pieces[0] if len(pieces) == 1 else None
    if geometry_type == "MultiPolygon":
        return shapely.multipolygons(pieces)
    return shapely.multilinestrings(pieces)


def _promote(geometries: Geometries, geometry_type: str) -> Geometries:
    """Single lines and polygons become multi of one."""
    types = shapely.get_type_id(geometries)
    promoted = geometries.copy()
    if geometry_type == "MultiPolygon":
        single = types == POLYGON
        if single.any():
            promoted[single] = shapely.multipolygons(
                geometries[single], indices=np.arange(single.sum())
            )
    elif geometry_type == "MultiLineString":
        single = np.isin(types, (LINE, RING))
        if single.any():
            promoted[single] = shapely.multilinestrings(
                geometries[single], indices=np.arange(single.sum())
            )
    return promoted
