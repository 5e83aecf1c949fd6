"""Lots: from districts to the network's streets and to plots of land that reach a street."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from tqdm import tqdm

from twin.demo.blocks import fill
from twin.demo.districts import BANK, CORE, FABRICS, INDUSTRY, PARK, RURAL, SUBURB, URBAN, Districts
from twin.demo.frontage import strip_lots
from twin.demo.lines import on_lattice
from twin.demo.plan import Plan
from twin.demo.river import River
from twin.demo.road_classes import HALF_CORRIDOR_M, RESIDENTIAL
from twin.demo.skeleton import Skeleton
from twin.demo.streets import Streets, build_streets, clip_streets

LOT, STRIP, CAMPUS = range(3)
CAMPUS_SHARE = {CORE: 0.16, URBAN: 0.2, SUBURB: 0.14, INDUSTRY: 0.0}


@dataclass(frozen=True)
class Lots:
    """Plots that may be built on. quads are NaN and `whole` False where a lot was cut."""

    shape: NDArray  # polygons
    quads: NDArray  # (n, 4, 2), street side first
    whole: NDArray  # the shape is the quadrilateral
    origin: NDArray  # LOT, STRIP or CAMPUS
    kind: NDArray  # of the district
    cell: NDArray
    street: NDArray  # way in front
    halls: list[tuple[int, NDArray]]  # (index of the campus lot, (k, 4, 2))

    def take(self, index: NDArray) -> Lots:
        """The lots of an ascending index."""
        new = np.full(len(self.shape), -1)
        new[index] = np.arange(len(index))
        return Lots(
            self.shape[index],
            self.quads[index],
            self.whole[index],
            self.origin[index],
            self.kind[index],
            self.cell[index],
            self.street[index],
            [(int(new[i]), quads) for i, quads in self.halls if new[i] >= 0],
        )


def build_lots(
    plan: Plan, river: River, skeleton: Skeleton, districts: Districts, quiet: bool = True
) -> tuple[Lots, Streets]:
    """Fill every district, join its streets to the network, keep the lots that work."""
    rng = plan.rng("lots")
    quads, quad_cell, quad_origin, inner_of = [], [], [], []
    campuses: list[NDArray] = []
    campus_cell: list[int] = []
    halls: list[tuple[int, NDArray]] = []
    raw, raw_cell, raw_class, raw_inner = [], [], [], []
    inner_land: list[shapely.Geometry] = []
    for land, cell in tqdm(
        zip(districts.land, districts.land_cell, strict=True),
        total=len(districts.land),
        desc="streets and lots",
        disable=quiet,
    ):
        kind = int(districts.kind[cell])
        if kind in (PARK, BANK):
            continue
        fabric = FABRICS[kind]
        strip = strip_lots(land, fabric.strip_depth, *fabric.width, rng)
        quads.append(strip)
        quad_cell.append(np.full(len(strip), cell))
        quad_origin.append(np.full(len(strip), STRIP))
        inner_of.append(np.full(len(strip), -1))
        if kind == RURAL:
            continue
        inner = shapely.buffer(land, -fabric.strip_depth - 0.4, join_style="mitre")
        for part in shapely.get_parts(inner):
            if shapely.area(part) < 1500:
                continue
            made = fill(part, fabric, rng, CAMPUS_SHARE[kind])
            number = len(inner_land)
            inner_land.append(part)
            for rows in made.lots:
                quads.append(rows)
                quad_cell.append(np.full(len(rows), cell))
                quad_origin.append(np.full(len(rows), LOT))
                inner_of.append(np.full(len(rows), number))
            halls += [(len(campuses) + i, h) for i, h in made.halls]
            campuses += made.campuses
            campus_cell += [cell] * len(made.campuses)
            for points, road_class in made.streets:
                raw.append(points)
                raw_cell.append(cell)
                raw_class.append(road_class)
                raw_inner.append(number)

    lines = shapely.linestrings(
        np.concatenate(raw), indices=np.repeat(np.arange(len(raw)), [len(r) for r in raw])
    )
    inner, dry = np.array(inner_land, object)[raw_inner], districts.dry[raw_cell]
    local_class = _keep_inner(lines, np.array(raw_class), inner, dry)
    kept = np.flatnonzero(local_class >= 0)
    local, which = clip_streets(lines[kept], dry[kept], inner[kept])
    streets = build_streets(plan, river, skeleton, local, local_class[kept][which])

    all_quads = np.round(np.concatenate(quads), 3)
    part = np.concatenate(inner_of)
    shape = shapely.polygons(all_quads)
    limit = np.empty(len(shape), object)
    inside = part >= 0
    limit[inside] = np.array(inner_land, object)[part[inside]]
    cell = np.concatenate(quad_cell)
    limit[~inside] = districts.dry[cell[~inside]]
    ring_shapes = np.array([shapely.polygons(np.round(c, 3)) for c in campuses], object)
    first_campus = len(shape)
    fronts = np.full((len(campuses), 4, 2), np.nan)
    for i, ring in enumerate(campuses):
        fronts[i, :2] = ring[[0, len(ring) // 2 - 1]]
    lots = Lots(
        np.concatenate([shape, ring_shapes]),
        np.concatenate([all_quads, fronts]),
        np.ones(first_campus + len(campuses), bool),
        np.concatenate([np.concatenate(quad_origin), np.full(len(campuses), CAMPUS)]),
        districts.kind[np.concatenate([cell, np.array(campus_cell, int)])],
        np.concatenate([cell, np.array(campus_cell, int)]),
        np.full(first_campus + len(campuses), -1),
        [(first_campus + i, h) for i, h in halls],
    )
    lots = _clip(lots, np.concatenate([limit, ring_shapes]))
    lots = _reach(lots, streets)
    lots = _off_streets(lots, streets)
    return _apart(lots), streets


def _keep_inner(lines: NDArray, road_class: NDArray, land: NDArray, dry: NDArray) -> NDArray:
    """The class of each raw street, -1 where hardly any of it runs inside its land."""
    inside = shapely.length(shapely.intersection(lines, land))
    whole = shapely.length(shapely.intersection(lines, dry))
    keep = (inside > np.where(road_class == RESIDENTIAL, 32.0, 14.0)) & (inside > 0.3 * whole)
    return np.where(keep, road_class, -1)


def _clip(lots: Lots, limit: NDArray) -> Lots:
    """Cut lots by their land; drop those that lose most of their area."""
    shapely.prepare(limit)
    within = shapely.covers(limit, lots.shape)
    cut = np.flatnonzero(~within & shapely.intersects(limit, lots.shape))
    return _replace(
        lots, np.flatnonzero(within), cut, shapely.intersection(lots.shape[cut], limit[cut])
    )


def _replace(lots: Lots, same: NDArray, cut: NDArray, shapes: NDArray, share: float = 0.5) -> Lots:
    """Lots of `same` unchanged and of `cut` with new shapes, where those are still good plots."""
    parts, index = shapely.get_parts(on_lattice(shapes), return_index=True)
    area = np.where(shapely.get_type_id(parts) == 3, shapely.area(parts), 0.0)
    order = np.lexsort((-area, index))
    first = np.ones(len(order), bool)
    first[1:] = index[order][1:] != index[order][:-1]
    best, owner = order[first], index[order][first]
    compact = area[best] / np.maximum(shapely.length(parts[best]), 1e-9) ** 2
    good = (
        (area[best] > share * shapely.area(lots.shape[cut[owner]]))
        & (compact > 0.022)
        & (area[best] > 35)
    )
    best, owner = (
        best[good & shapely.is_valid(parts[best])],
        owner[good & shapely.is_valid(parts[best])],
    )
    shape, whole = lots.shape.copy(), lots.whole.copy()
    shape[cut[owner]], whole[cut[owner]] = parts[best], False
    index = np.sort(np.concatenate([same, cut[owner]]))
    return Lots(
        shape, lots.quads, whole, lots.origin, lots.kind, lots.cell, lots.street, lots.halls
    ).take(index)


def _reach(lots: Lots, streets: Streets) -> Lots:
    """Only the lots whose front is at a street; with that street."""
    front = shapely.points(lots.quads[:, :2].mean(axis=1))
    tree = shapely.STRtree(streets.lines)
    (lot, way), gap = tree.query_nearest(
        front, max_distance=16.0, return_distance=True, all_matches=False
    )
    ok = gap < HALF_CORRIDOR_M[streets.road_class[way]] + 3.0
    street = np.full(len(front), -1)
    street[lot[ok]] = way[ok]
    kept = Lots(
        lots.shape, lots.quads, lots.whole, lots.origin, lots.kind, lots.cell, street, lots.halls
    )
    return kept.take(np.flatnonzero(street >= 0))


def _off_streets(lots: Lots, streets: Streets) -> Lots:
    """Cut away what lies in a street's corridor."""
    corridors = streets.corridors(0.25)
    lot, way = shapely.STRtree(corridors).query(lots.shape, predicate="intersects")
    order = np.argsort(lot, kind="stable")
    lot, way = lot[order], way[order]
    cut, start = np.unique(lot, return_index=True)
    groups = np.full(
        (len(cut), int(np.diff(np.append(start, len(lot))).max(initial=1))), None, object
    )
    groups[
        np.searchsorted(cut, lot),
        np.arange(len(lot)) - np.repeat(start, np.diff(np.append(start, len(lot)))),
    ] = corridors[way]
    rest = shapely.difference(lots.shape[cut], shapely.union_all(groups, axis=1))
    same = np.setdiff1d(np.arange(len(lots.shape)), cut, assume_unique=True)
    campus = lots.origin[cut] == CAMPUS
    rest[campus] = shapely.Polygon()
    return _replace(lots, same, cut, rest)


def _apart(lots: Lots) -> Lots:
    """Where two lots overlap, the later one gives way: campuses first, then rows, then strips."""
    rank = np.lexsort((np.arange(len(lots.shape)), lots.origin == STRIP, lots.origin != CAMPUS))
    place = np.empty(len(rank), int)
    place[rank] = np.arange(len(rank))
    inner = shapely.buffer(lots.shape, -0.03, join_style="mitre")
    a, b = shapely.STRtree(inner).query(inner, predicate="intersects")
    clash = a != b
    loser = np.where(place[a] > place[b], a, b)[clash]
    winner = np.where(place[a] > place[b], b, a)[clash]
    keep = np.ones(len(rank), bool)
    # Whoever loses to a lot that stays goes; in order, so a lot that went takes no one with it.
    order = np.argsort(place[loser], kind="stable")
    for w, x in zip(winner[order].tolist(), loser[order].tolist(), strict=True):
        if keep[w]:
            keep[x] = False
    return lots.take(np.flatnonzero(keep))
