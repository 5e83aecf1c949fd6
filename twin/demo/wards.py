"""Former wards: from the districts' cells to a partition with borders along streets and water."""

from __future__ import annotations

from dataclasses import dataclass
from unicodedata import normalize

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.demo.plan import Plan
from twin.demo.river import River

# Name, place in half sides, how much nearer it seems (half sides): centres of Đông Hà's wards.
WARDS = [
    ("Phường 1", 0.06, -0.06, -0.05),
    ("Phường 2", 0.36, 0.04, -0.02),
    ("Phường 3", -0.26, -0.10, 0.0),
    ("Phường 4", -0.76, -0.22, 0.05),
    ("Phường 5", 0.10, -0.36, 0.0),
    ("Đông Giang", 0.50, 0.62, 0.0),
    ("Đông Thanh", -0.30, 0.66, 0.0),
    ("Đông Lễ", 0.74, -0.36, 0.05),
    ("Đông Lương", 0.02, -0.80, 0.08),
]
WARD_NAMES = np.array([normalize("NFC", name) for name, *_ in WARDS], object)
CODES = np.array([f"193{i:02d}" for i in (27, 30, 33, 36, 39, 42, 45, 48, 51)], object)


@dataclass(frozen=True)
class Wards:
    """of_cell: ward of each district cell; areas: (9,) polygons that share their borders."""

    of_cell: NDArray
    areas: NDArray


def build_wards(plan: Plan, river: River, cells: NDArray) -> Wards:
    """Give each cell to the nearest centre on its bank, keep every ward in one piece."""
    h = plan.half_m
    xy = shapely.get_coordinates(shapely.point_on_surface(cells))
    centers = np.array([(x, y) for _, x, y, _ in WARDS]) * h
    bonus = np.array([b for *_, b in WARDS]) * h
    away = np.hypot(*(xy[:, None, :] - centers[None, :, :]).transpose(2, 0, 1)) - bonus
    north = river.distance(xy[:, 0], xy[:, 1]) > 0
    other_bank = north[:, None] != (river.distance(*centers.T) > 0)[None, :]
    away[other_bank] += 1e6
    ward = away.argmin(axis=1)
    a, b = shapely.STRtree(cells).query(cells, predicate="intersects")
    a, b = a[a != b], b[a != b]
    border = shapely.length(shapely.intersection(cells[a], cells[b]))
    a, b, border = a[border > 1], b[border > 1], border[border > 1]
    for _ in range(4):
        stray = _strays(ward, cells, a, b)
        if not len(stray):
            break
        for cell in stray:
            mine = (a == cell) & (ward[b] != ward[cell])
            votes = np.bincount(ward[b[mine]], weights=border[mine], minlength=len(WARDS))
            votes[other_bank[cell]] *= 0.001
            if votes.any():
                ward[cell] = int(votes.argmax())
    areas = np.array([shapely.union_all(cells[ward == k]) for k in range(len(WARDS))])
    return Wards(ward, areas)


def _strays(ward: NDArray, cells: NDArray, a: NDArray, b: NDArray) -> NDArray:
    """Cells that do not hang together with the largest piece of their ward."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    same = ward[a] == ward[b]
    links = coo_matrix((np.ones(same.sum(), np.int8), (a[same], b[same])), shape=(len(cells),) * 2)
    _, piece = connected_components(links, directed=False)
    area = np.bincount(piece, weights=shapely.area(cells))
    largest = {
        k: max(set(piece[ward == k]), key=lambda p: area[p], default=-1) for k in set(ward.tolist())
    }
    return np.flatnonzero(piece != np.array([largest[k] for k in ward.tolist()]))
