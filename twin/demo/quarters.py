"""Quarters: from the land between main roads to collector streets that split it into districts.

The largest piece is split first, across its longer side by a slightly bent line, until every piece
has the size that fits its urbanity. Ends are drawn to junctions near by, so that streets go on.
"""

from __future__ import annotations

import heapq

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.demo.lines import graph_of
from twin.demo.plan import Plan
from twin.demo.river import River


def district_area(urbanity: float) -> float:
    """Area [m²] at which a district is left whole."""
    return float(np.interp(urbanity, [0.1, 0.35, 0.6, 0.9], [4.2e5, 2.2e5, 1.1e5, 6.5e4]))


def split_quarters(plan: Plan, river: River, quarters: NDArray) -> tuple[NDArray, NDArray]:
    """Collector lines inside the quarters, and how often the land was split before each."""
    rng = plan.rng("collectors")
    channel = river.channel(6.0)
    shapely.prepare(channel)
    junctions: dict[tuple[int, int], NDArray] = {}
    for xy in graph_of(quarters_boundary(quarters)).nodes:
        junctions[_bin(xy)] = xy
    heap = [(-shapely.area(q), i, 0, q) for i, q in enumerate(quarters)]
    heapq.heapify(heap)
    number = len(quarters)
    lines, depths = [], []
    while heap:
        area, _, depth, cell = heapq.heappop(heap)
        x, y = shapely.get_coordinates(shapely.centroid(cell))[0]
        if -area < 1.35 * district_area(float(plan.urbanity(x, y))):
            continue
        parts = None
        for _try in range(6):
            line = _chord(cell, rng, junctions)
            if line is None or shapely.intersects(channel, line):
                continue
            ring = shapely.union_all([shapely.boundary(cell), line])
            parts = shapely.get_parts(shapely.polygonize(shapely.get_parts(ring)))
            if len(parts) == 2 and shapely.area(parts).min() > 0.28 * -area:
                break
            parts = None
        if parts is None:
            continue
        lines.append(line)
        depths.append(depth)
        for xy in ends(line):
            junctions[_bin(xy)] = xy
        for part in parts:
            number += 1
            heapq.heappush(heap, (-shapely.area(part), number, depth + 1, part))
    return np.array(lines, object), np.array(depths, int)


def quarters_boundary(quarters: NDArray) -> NDArray:
    """Boundaries of the quarters as lines."""
    return shapely.get_parts(shapely.union_all(shapely.boundary(quarters)))


def ends(line: shapely.Geometry) -> NDArray:
    """(2, 2) first and last point of a line."""
    return shapely.get_coordinates(line)[[0, -1]]


def _bin(xy: NDArray) -> tuple[int, int]:
    return int(xy[0] // 45), int(xy[1] // 45)


def _chord(
    cell: shapely.Geometry, rng: np.random.Generator, junctions: dict
) -> shapely.Geometry | None:
    """A slightly bent line across the longer side of a cell, its ends drawn to near junctions."""
    box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(cell))
    if len(box) < 5:
        return None
    side = box[1:3] - box[0:2]
    long, short = (
        (side[0], side[1]) if np.hypot(*side[0]) > np.hypot(*side[1]) else (side[1], side[0])
    )
    middle = box[:4].mean(axis=0) + long * rng.uniform(-0.09, 0.09)
    turn = np.arctan2(short[1], short[0]) + rng.normal(0, 0.16)
    reach = np.array([np.cos(turn), np.sin(turn)]) * np.hypot(*short)
    cut = shapely.intersection(shapely.linestrings([middle - reach, middle + reach]), cell)
    pieces = shapely.get_parts(cut)
    if len(pieces) != 1:
        return None
    a, b = ends(pieces[0])
    a, b = _drawn(a, junctions, cell), _drawn(b, junctions, cell)
    length = np.hypot(*(b - a))
    if length < 60:
        return None
    normal = np.array([a[1] - b[1], b[0] - a[0]])
    bow = rng.normal(0, 0.065) * np.sin(np.linspace(0, np.pi, 13)) + rng.normal(0, 0.025) * np.sin(
        np.linspace(0, 2 * np.pi, 13)
    )
    xy = np.round(a + np.linspace(0, 1, 13)[:, None] * (b - a) + bow[:, None] * normal, 3)
    line = shapely.linestrings(xy)
    inner = shapely.linestrings(xy[1:-1])
    return line if shapely.contains_properly(cell, inner) else None


def _drawn(xy: NDArray, junctions: dict, cell: shapely.Geometry) -> NDArray:
    """A junction on the cell's boundary within 38 m of xy, or xy itself."""
    i, j = _bin(xy)
    near = [
        junctions[k]
        for di in (-1, 0, 1)
        for dj in (-1, 0, 1)
        if (k := (i + di, j + dj)) in junctions
    ]
    near = [
        p
        for p in near
        if np.hypot(*(p - xy)) < 38 and shapely.dwithin(cell.exterior, shapely.points(p), 0.01)
    ]
    return min(near, key=lambda p: float(np.hypot(*(p - xy)))) if near else xy
