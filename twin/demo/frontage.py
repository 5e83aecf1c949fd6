"""Lots along the roads that bound a district: from its land to quadrilaterals facing outwards."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

CORNER_RAD = 0.6


def widths(rng: np.random.Generator, length: float, low: float, high: float) -> NDArray:
    """Stations from 0 to `length` [m] whose steps are about `low` to `high`; [] where none fits."""
    count = round(length / ((low + high) / 2))
    if count < 1 or length < low:
        return np.empty(0)
    step = rng.uniform(low, high, count)
    return np.concatenate([[0.0], np.cumsum(step)]) * (length / step.sum())


def strip_lots(
    land: shapely.Geometry, depth: float, low: float, high: float, rng: np.random.Generator
) -> NDArray:
    """(n, 4, 2) lots in a strip inside the ring of `land`: front left, front right, back, back.

    land: polygon [m] with its exterior counter-clockwise. At each convex corner the side that ends
    there takes the corner and the next begins one depth later, so strips do not cross.
    """
    ring = shapely.get_coordinates(shapely.simplify(land.exterior, 0.5))[:-1]
    if len(ring) < 3:
        return np.empty((0, 4, 2))
    step = np.roll(ring, -1, axis=0) - ring
    heading = np.arctan2(step[:, 1], step[:, 0])
    turn = (heading - np.roll(heading, 1) + np.pi) % (2 * np.pi) - np.pi  # at each vertex
    corners = np.flatnonzero(np.abs(turn) > CORNER_RAD)
    if len(corners) == 0:
        corners = np.array([0])
    lots = []
    for k, first in enumerate(corners):
        last = corners[(k + 1) % len(corners)]
        count = (last - first) % len(ring) or len(ring)
        side = ring[(first + np.arange(count + 1)) % len(ring)]
        along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(side, axis=0).T))])
        begin = depth * 1.02 if turn[first] > CORNER_RAD else 0.0
        at = widths(rng, along[-1] - begin, low, high)
        if len(at) < 2:
            continue
        at += begin
        x, y = (np.interp(at, along, side[:, i]) for i in (0, 1))
        before, after = np.clip(at - 6, 0, along[-1]), np.clip(at + 6, 0, along[-1])
        dx = np.interp(after, along, side[:, 0]) - np.interp(before, along, side[:, 0])
        dy = np.interp(after, along, side[:, 1]) - np.interp(before, along, side[:, 1])
        norm = np.hypot(dx, dy)
        front = np.column_stack([x, y])
        back = front + np.column_stack([-dy, dx]) / norm[:, None] * depth
        lots.append(np.stack([front[:-1], front[1:], back[1:], back[:-1]], axis=1))
    if not lots:
        return np.empty((0, 4, 2))
    quads = np.concatenate(lots)
    return quads[_is_convex(quads) & (np.hypot(*(quads[:, 2] - quads[:, 3]).T) > 0.55 * low)]


def _is_convex(quads: NDArray) -> NDArray:
    """Flags of the quadrilaterals that turn left at every corner."""
    edge = np.roll(quads, -1, axis=1) - quads
    following = np.roll(edge, -1, axis=1)
    cross = edge[..., 0] * following[..., 1] - edge[..., 1] * following[..., 0]
    return (cross > 0.5).all(axis=1)
