"""Buildings: from built lots to footprints with setbacks, levels, heights, uses and addresses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.demo.districts import CORE, INDUSTRY, RURAL, SUBURB, URBAN
from twin.demo.lines import on_lattice
from twin.demo.lots import STRIP, Lots
from twin.demo.names import PAGODAS
from twin.demo.plan import Plan
from twin.demo.road_classes import PRIMARY, SECONDARY
from twin.demo.streets import Streets
from twin.demo.wards import WARD_NAMES, Wards

# By kind [m]: (front low, high), (rear low, high), (side low, high), widest, deepest house.
SETBACKS = {
    CORE: ((0.3, 1.2), (1.0, 4.0), (0.06, 0.12), 9.0, 19.0),
    URBAN: ((0.6, 3.0), (1.5, 6.0), (0.08, 0.35), 10.0, 19.0),
    SUBURB: ((2.0, 5.5), (3.0, 9.0), (0.6, 2.4), 11.0, 18.0),
    INDUSTRY: ((8.0, 14.0), (6.0, 12.0), (5.0, 9.0), 80.0, 60.0),
    RURAL: ((4.0, 9.0), (5.0, 12.0), (1.5, 5.0), 12.0, 15.0),
}
USE_OF_LAND = {
    "TMD": "commercial",
    "SKK": "industrial",
    "DGD": "education",
    "DCH": "commercial",
    "TSC": "public",
    "DYT": "health",
    "TON": "religious",
    "DVH": "public",
}


@dataclass(frozen=True)
class Buildings:
    """Footprints and their columns; lot: the lot each stands on."""

    shape: NDArray
    lot: NDArray
    columns: dict[str, NDArray]


def build_buildings(
    plan: Plan, lots: Lots, built: NDArray, land_use: NDArray, streets: Streets, wards: Wards
) -> Buildings:
    """Stand a house on every built lot, halls on the campuses."""
    rng = plan.rng("buildings")
    halls = [(i, quads) for i, quads in lots.halls]
    campus = np.array([i for i, _ in halls], int)
    house = np.flatnonzero(built)
    house = house[~np.isin(house, campus)]
    whole = house[lots.whole[house]]
    cut = house[~lots.whole[house]]
    shapes = [_in_quads(lots, whole, rng), _in_cut(lots, cut, rng)]
    owners = [whole, cut]
    if halls:
        shapes.append(shapely.polygons(np.round(np.concatenate([quads for _, quads in halls]), 3)))
        owners.append(np.repeat(campus, [len(quads) for _, quads in halls]))
    shape, lot = np.concatenate(shapes), np.concatenate(owners)
    order = np.argsort(lot, kind="stable")
    shape, lot = shape[order], lot[order]
    good = ~shapely.is_empty(shape)
    shape, lot = shape[good], lot[good]
    return Buildings(shape, lot, _columns(rng, lots, shape, lot, land_use, streets, wards))


def _in_quads(lots: Lots, index: NDArray, rng: np.random.Generator) -> NDArray:
    """Rectangles (some with an L-shaped back) inside quadrilateral lots, by setbacks."""
    quads, kind = lots.quads[index], lots.kind[index]
    width = np.hypot(*(quads[:, 1] - quads[:, 0]).T)
    depth = np.hypot(*(quads[:, 3] - quads[:, 0]).T)
    limits = np.zeros((len(index), 8))
    for k, (ahead, behind, beside, wide, deep) in SETBACKS.items():
        limits[kind == k] = [*ahead, *behind, *beside, wide, deep]
    draw = rng.random((len(index), 4))
    front = limits[:, 0] + draw[:, 0] * (limits[:, 1] - limits[:, 0])
    rear = limits[:, 2] + draw[:, 1] * (limits[:, 3] - limits[:, 2])
    left = limits[:, 4] + draw[:, 2] * (limits[:, 5] - limits[:, 4])
    right = limits[:, 4] + draw[:, 3] * (limits[:, 5] - limits[:, 4])
    right = np.maximum(right, width - left - limits[:, 6] * rng.uniform(0.75, 1.0, len(index)))
    rear = np.maximum(rear, depth - front - limits[:, 7] * rng.uniform(0.65, 1.0, len(index)))
    swap = rng.random(len(index)) < 0.5
    left, right = np.where(swap, right, left), np.where(swap, left, right)
    s0, s1 = left / width, 1 - right / width
    t0, t1 = front / depth, 1 - rear / depth

    def place(s: NDArray, t: NDArray) -> NDArray:
        near = quads[:, 0] + (quads[:, 1] - quads[:, 0]) * s[:, None]
        far = quads[:, 3] + (quads[:, 2] - quads[:, 3]) * s[:, None]
        return near + (far - near) * t[:, None]

    bent = (rng.random(len(index)) < 0.3) & (width > 8) & np.isin(kind, (URBAN, SUBURB, RURAL))
    s2, t2 = (
        s0 + (s1 - s0) * rng.uniform(0.4, 0.65, len(index)),
        t0 + (t1 - t0) * rng.uniform(0.45, 0.7, len(index)),
    )
    box = np.stack([place(s0, t0), place(s1, t0), place(s1, t1), place(s0, t1)], axis=1)
    ell = np.stack(
        [place(s0, t0), place(s1, t0), place(s1, t2), place(s2, t2), place(s2, t1), place(s0, t1)],
        axis=1,
    )
    shape = shapely.polygons(np.round(box, 3))
    if bent.any():
        shape[bent] = shapely.polygons(np.round(ell[bent], 3))
    return shape


def _in_cut(lots: Lots, index: NDArray, rng: np.random.Generator) -> NDArray:
    """Houses on irregular lots: the house of the whole lot, inside what is left of it."""
    margin = np.select([lots.kind[index] == CORE, lots.kind[index] == URBAN], [0.35, 0.5], 1.2)
    room = shapely.buffer(lots.shape[index], -margin, join_style="mitre")
    shape = shapely.intersection(_in_quads(lots, index, rng), room)
    small = shapely.area(shape) < 28
    shape[small] = room[small]
    parts, which = shapely.get_parts(on_lattice(shape), return_index=True)
    area = np.where(shapely.get_type_id(parts) == 3, shapely.area(parts), 0.0)
    order = np.lexsort((-area, which))
    first = np.ones(len(order), bool)
    first[1:] = which[order][1:] != which[order][:-1]
    best = order[first]
    out = np.full(len(index), shapely.Polygon(), object)
    good = (area[best] > 12) & shapely.is_valid(parts[best])
    out[which[best[good]]] = parts[best[good]]
    return out


def _columns(rng, lots, shape, lot, land_use, streets, wards):  # type: ignore[no-untyped-def]
    kind, road = lots.kind[lot], streets.road_class[lots.street[lot]]
    main = (lots.origin[lot] == STRIP) & (road <= SECONDARY)
    use = np.array([USE_OF_LAND.get(u, "residential") for u in land_use[lot]], object)
    mean = np.select(
        [kind == CORE, kind == URBAN, kind == SUBURB, kind == INDUSTRY], [2.9, 2.3, 1.7, 1.0], 1.25
    )
    mean = mean + np.where(main & (kind <= URBAN), 1.1, 0.0)
    levels = 1 + rng.poisson(mean - 1)
    tall = main & (road == PRIMARY) & (kind <= URBAN) & (rng.random(len(lot)) < 0.04)
    levels = np.where(tall, rng.integers(6, 10, len(lot)), np.minimum(levels, 6))
    levels = np.where(kind == INDUSTRY, 1, levels)
    levels = np.where(
        use == "religious", 1, np.where(use == "education", np.clip(levels, 2, 3), levels)
    )
    storey = np.where(
        kind == INDUSTRY, rng.uniform(8, 12, len(lot)), rng.uniform(3.2, 3.7, len(lot))
    )
    height = np.round(levels * storey + rng.uniform(0.3, 1.6, len(lot)), 1)
    name = np.full(len(lot), None, object)
    ward = WARD_NAMES[wards.of_cell[lots.cell[lot]]]
    for i in np.flatnonzero(
        np.isin(use, ["education", "health", "religious", "public"]) | (land_use[lot] == "DCH")
    ):
        level = ("Tiểu học", "Trung học cơ sở", "Mầm non")[int(lot[i]) % 3]
        name[i] = {
            "DGD": f"Trường {level} {ward[i]}",
            "DCH": f"Chợ {ward[i]}",
            "TSC": f"Ủy ban nhân dân {ward[i]}",
            "DYT": f"Trạm Y tế {ward[i]}",
            "TON": f"Chùa {PAGODAS[int(lot[i]) % len(PAGODAS)]}",
            "DVH": f"Nhà văn hóa {ward[i]}",
        }.get(land_use[lot[i]])
    return {
        "name": name,
        "use": use,
        "levels": levels.astype(float),
        "height_m": height,
        "height_estimated": np.zeros(len(lot), bool),
        "address": _addresses(lots, shape, lot, streets),
    }


def _addresses(lots: Lots, shape: NDArray, lot: NDArray, streets: Streets) -> NDArray:
    """House number and street: numbers rise along the way, odd on its left."""
    way = lots.street[lot]
    front = lots.quads[lot, :2].mean(axis=1)
    line = streets.lines[way]
    at = shapely.line_locate_point(line, shapely.points(front))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(line, at + 1.0))
    here = shapely.get_coordinates(shapely.line_interpolate_point(line, np.maximum(at - 1.0, 0)))
    step, aside = ahead - here, front - here
    left = step[:, 0] * aside[:, 1] - step[:, 1] * aside[:, 0] > 0
    number = 2 * (at / 5.0).astype(int) + np.where(left, 1, 2)
    return np.array([f"{n} {s}" for n, s in zip(number, streets.name[way], strict=True)], object)
