"""Planning: from blocks and their parcels to land-use zones, projects and permits."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.demo.names import INVESTORS
from twin.demo.parcels import Parcels
from twin.demo.plan import Plan
from twin.demo.river import River
from twin.demo.skeleton import Skeleton
from twin.demo.streets import Streets
from twin.demo.tables import Table, table
from twin.demo.wards import WARD_NAMES, Wards

USES = ["residential", "commercial", "industrial", "public", "green", "agriculture", "mixed"]
USE_OF_LAND = {
    "ODT": 0,
    "TMD": 1,
    "DCH": 1,
    "SKK": 2,
    "DGD": 3,
    "DYT": 3,
    "TSC": 3,
    "DVH": 3,
    "TON": 3,
    "DKV": 4,
    "BCS": 4,
    "LUC": 5,
    "HNK": 5,
    "CLN": 5,
}
LETTERS = np.array(["ODT", "TMD", "KCN", "CC", "CX", "NN", "HH"], object)
MAX_HEIGHT_M = np.array([22.0, 36.0, 18.0, 20.0, 8.0, 8.0, 40.0])
MAX_FAR = np.array([3.0, 6.0, 1.4, 1.8, 0.1, 0.1, 6.5])


def zone_table(
    plan: Plan, river: River, skeleton: Skeleton, streets: Streets, parcels: Parcels
) -> tuple[Table, NDArray, NDArray]:
    """One zone for each block between streets, by what most of its land is used for.

    Returns the table, and the zones' local shapes and uses for those who build on them.
    """
    water = skeleton.road_class < 0
    lines = np.concatenate([streets.lines, skeleton.lines[water]])
    coords, index = shapely.get_coordinates(lines, return_index=True)
    same = index[1:] == index[:-1]
    segments = shapely.linestrings(np.stack([coords[:-1][same], coords[1:][same]], axis=1))
    blocks = shapely.get_parts(shapely.polygonize(segments))
    blocks = blocks[shapely.area(blocks) > 400]
    area = shapely.area(parcels.shape)
    place = shapely.point_on_surface(parcels.shape)
    use = np.array([USE_OF_LAND[u] for u in parcels.land_use])
    block, parcel = shapely.STRtree(place).query(blocks, predicate="contains")
    total = np.zeros((len(blocks), len(USES)))
    np.add.at(total, (block, use[parcel]), area[parcel])
    share = total / np.maximum(total.sum(axis=1, keepdims=True), 1.0)
    best = share.argmax(axis=1)
    best[(share[:, 1] > 0.16) & (best == 0)] = USES.index("mixed")
    best[total.sum(axis=1) == 0] = USES.index("green")
    zone = shapely.buffer(blocks, -3.5, join_style="mitre")
    bed = river.corridor(1.0)
    wet = shapely.intersects(zone, bed)
    zone[wet] = shapely.difference(zone[wet], bed)
    zone = shapely.simplify(zone, 0.3)
    good = (shapely.area(zone) > 200) & shapely.is_valid(zone)
    zone, best = zone[good], best[good]
    code = [f"{LETTERS[u]}-{i + 1:03d}" for i, u in enumerate(best.tolist())]
    made = table(
        plan,
        "zone",
        zone,
        code=code,
        use=np.array(USES, object)[best],
        max_height_m=MAX_HEIGHT_M[best],
        max_far=MAX_FAR[best],
    )
    return made, zone, best


def project_table(plan: Plan, zone: NDArray, use: NDArray, wards: Wards) -> Table:
    """New quarters on farm land at the edge of the city, and renewals in it."""
    rng = plan.rng("projects")
    area = shapely.area(zone)
    xy = shapely.get_coordinates(shapely.point_on_surface(zone))
    near = plan.urbanity(xy[:, 0], xy[:, 1])
    count = max(4, round(12 * plan.scale))
    farm = np.flatnonzero((use == USES.index("agriculture")) & (area > 2e4) & (area < 4e5))
    town = np.flatnonzero((use == USES.index("mixed")) | (use == USES.index("commercial")))
    chosen = np.concatenate(
        [
            farm[np.argsort(-near[farm], kind="stable")][: count * 2 // 3],
            rng.permutation(town)[: count // 3],
        ]
    )
    ward, site = shapely.STRtree(wards.areas).query_nearest(
        shapely.points(xy[chosen]), all_matches=False
    )
    ward_of = np.empty(len(chosen), object)
    ward_of[ward] = WARD_NAMES[site]
    words = ["Khu đô thị mới", "Khu dân cư", "Khu tái định cư", "Khu phức hợp thương mại"]
    names = [
        f"{words[i % 3] if u == 5 else words[3]} {w} {i + 1}"
        for i, (u, w) in enumerate(zip(use[chosen], ward_of, strict=True))
    ]
    return table(
        plan,
        "project",
        shapely.buffer(zone[chosen], -6.0, join_style="mitre"),
        name=names,
        status=rng.choice(
            np.array(["proposed", "approved", "building", "finished"], object), len(chosen)
        ),
        investor=rng.choice(np.array(INVESTORS, object), len(chosen)),
    )


def permit_table(plan: Plan, building_xy: NDArray, levels: NDArray) -> Table:
    """About one building in eighty has a recent permit."""
    rng = plan.rng("permits")
    chosen = np.sort(rng.permutation(len(building_xy))[: max(20, len(building_xy) // 80)])
    day = np.sort(rng.integers(0, 730, len(chosen)))
    issued = np.datetime64("2024-01-02") + day
    number = [f"{i + 1}/{str(d)[:4]}/GPXD" for i, d in enumerate(issued)]
    return table(
        plan,
        "permit",
        building_xy[chosen],
        number=number,
        issued_on=issued,
        floors=levels[chosen].astype(int),
    )
