"""Districts: from the skeleton's cells to their kind and the land that may be built on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.demo.plan import Plan
from twin.demo.river import River
from twin.demo.road_classes import HALF_CORRIDOR_M
from twin.demo.skeleton import Skeleton

CORE, URBAN, SUBURB, INDUSTRY, RURAL, PARK, BANK = range(7)


@dataclass(frozen=True)
class Fabric:
    """How a kind of district is built [m]: lots' width and depth, streets, share of deep blocks."""

    width: tuple[float, float]
    depth: float
    strip_depth: float
    street: float  # half corridor of its inner streets
    deep_share: float
    block: tuple[float, float]  # between cross streets
    gross_m2: float  # land per lot, streets included (measured)


FABRICS = {
    CORE: Fabric((4.3, 6.4), 19.0, 23.0, 3.8, 0.45, (75, 150), 137.0),
    URBAN: Fabric((5.6, 9.6), 25.0, 27.0, 3.8, 0.3, (90, 190), 220.0),
    SUBURB: Fabric((10.0, 17.0), 32.0, 34.0, 3.8, 0.1, (110, 240), 500.0),
    INDUSTRY: Fabric((55.0, 95.0), 78.0, 60.0, 6.0, 0.0, (200, 330), 9000.0),
    RURAL: Fabric((13.0, 26.0), 34.0, 36.0, 3.8, 0.0, (200, 300), 0.0),
}


@dataclass(frozen=True)
class Districts:
    """Per cell: kind; `dry` the cell without water; `land` between the road corridors (parts)."""

    cells: NDArray
    kind: NDArray
    dry: NDArray
    land: NDArray  # polygons
    land_cell: NDArray  # the cell of each


def build_districts(plan: Plan, river: River, skeleton: Skeleton) -> Districts:
    """Decide what each cell is, the centre outwards, until the asked buildings have room."""
    cells = skeleton.cells
    roads = skeleton.road_class >= 0
    corridors = shapely.buffer(
        skeleton.lines[roads], HALF_CORRIDOR_M[skeleton.road_class[roads]], cap_style="flat"
    )
    # A round joint where roads meet at an angle: flat caps alone leave a wedge of land.
    ends = shapely.union_all(
        [
            shapely.buffer(
                shapely.get_point(skeleton.lines[roads], i),
                HALF_CORRIDOR_M[skeleton.road_class[roads]],
            )
            for i in (0, -1)
        ],
        axis=0,
    )
    corridors = shapely.union(corridors, ends)
    water = shapely.union(river.brook_area(9.0), river.channel(34.0))
    shapely.prepare(water)
    wet = shapely.intersects(cells, water)
    dry = cells.copy()
    dry[wet] = shapely.difference(cells[wet], water)

    tree = shapely.STRtree(corridors)
    cell, corridor = tree.query(cells, predicate="intersects")
    land = dry.copy()
    start = np.searchsorted(cell, np.arange(len(cells) + 1))
    for i in range(len(cells)):
        land[i] = shapely.difference(
            dry[i], shapely.union_all(corridors[corridor[start[i] : start[i + 1]]])
        )
    # Opening removes spikes that no lot could use.
    land = shapely.buffer(shapely.buffer(land, -6.0, join_style="mitre"), 6.0, join_style="mitre")
    land = shapely.intersection(shapely.simplify(land, 0.4), dry)

    kind = _kinds(plan, river, cells, land)
    parts, index = shapely.get_parts(land, return_index=True)
    polygon = (shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 900)
    return Districts(cells, kind, dry, shapely.orient_polygons(parts[polygon]), index[polygon])


def _kinds(plan: Plan, river: River, cells: NDArray, land: NDArray) -> NDArray:
    rng = plan.rng("district kinds")
    h = plan.half_m
    xy = shapely.get_coordinates(shapely.centroid(cells))
    center = shapely.linestrings(river.offset_line(0.0))
    bank = shapely.dwithin(cells, center, 5.0)
    urbanity = np.where(bank, -9.0, plan.urbanity(xy[:, 0], xy[:, 1]))
    order = np.argsort(-urbanity, kind="stable")
    kind = np.full(len(cells), RURAL)
    area = shapely.area(land)
    made, since_park = 0.0, 5e5
    for i in order:
        if bank[i] or made > 0.82 * plan.buildings:
            break
        share = made / plan.buildings
        kind[i] = CORE if share < 0.14 else URBAN if share < 0.46 else SUBURB
        since_park += area[i]
        if since_park > 9e5 and area[i] < 9e4 and rng.random() < 0.5:
            kind[i], since_park = PARK, 0.0
        else:
            made += area[i] / FABRICS[int(kind[i])].gross_m2
    industrial = np.hypot(xy[:, 0] - 0.74 * h, xy[:, 1] + 0.66 * h)
    industrial[kind != RURAL] = np.inf
    count = max(1, round(2 * plan.scale))
    kind[np.argsort(industrial, kind="stable")[:count]] = INDUSTRY
    kind[bank] = BANK
    return kind
