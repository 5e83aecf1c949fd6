"""Streets and lots inside a district: rows that bend with it, cross streets, dead-end alleys.

A district has its own axes: u along its longer side, w across it, with w = v - bend(u) so that all
rows follow the bend. In (u, w) streets and lots are rectangles; `Axes.world` bends them into place,
and because lots back to back share their columns, they share their corners too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.demo.districts import Fabric
from twin.demo.frontage import widths
from twin.demo.road_classes import HALF_CORRIDOR_M, RESIDENTIAL, SERVICE

Span = tuple[float, float]
Place = NDArray | float
ALLEY = float(HALF_CORRIDOR_M[SERVICE])


@dataclass
class Inside:
    """What a district holds: lots (n, 4, 2), campuses, their houses, street lines with class."""

    lots: list[NDArray] = field(default_factory=list)
    campuses: list[NDArray] = field(default_factory=list)  # rings (m, 2)
    halls: list[tuple[int, NDArray]] = field(default_factory=list)  # (campus, (k, 4, 2))
    streets: list[tuple[NDArray, int]] = field(default_factory=list)


class Axes:
    """The turned and bent axes of a piece of land."""

    def __init__(self, land: shapely.Geometry, rng: np.random.Generator):
        box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(land))
        a, b = box[1] - box[0], box[2] - box[1]
        ratio = np.hypot(*a) / np.hypot(*b)
        along = a if ratio > 1 else b
        if 0.75 < ratio < 1.33 and rng.random() < 0.5:
            along = b if ratio > 1 else a
        angle = np.arctan2(along[1], along[0]) + np.clip(rng.normal(0, 0.05), -0.1, 0.1)
        self.cos, self.sin = np.cos(angle), np.sin(angle)
        self.origin = box[:4].mean(axis=0)
        uv = self._turn(shapely.get_coordinates(land.exterior))
        self.u = (uv[:, 0].min(), uv[:, 0].max())
        self.bend = self._bend(land)
        w = uv[:, 1] - self.bend(uv[:, 0])
        self.w = (w.min(), w.max())

    def _turn(self, xy: NDArray) -> NDArray:
        d = xy - self.origin
        return np.column_stack(
            [d[:, 0] * self.cos + d[:, 1] * self.sin, d[:, 1] * self.cos - d[:, 0] * self.sin]
        )

    def _bend(self, land: shapely.Geometry) -> np.polynomial.Polynomial:
        """A cubic through the middles of the land's sections across u, no steeper than 0.2."""
        u = np.linspace(*self.u, 13)[1:-1]
        reach = 1e4
        cuts = shapely.linestrings(
            [self._straight(np.full(2, value), np.array([-reach, reach])) for value in u]
        )
        inside = shapely.intersection(cuts, land)
        full = ~shapely.is_empty(inside)
        if full.sum() < 5:
            return np.polynomial.Polynomial([0.0])
        middle = self._turn(shapely.get_coordinates(shapely.centroid(inside[full])))
        bend = np.polynomial.Polynomial.fit(middle[:, 0], middle[:, 1], 3)
        steepest = np.abs(bend.deriv()(np.linspace(*self.u, 20))).max()
        return bend if steepest < 0.2 else bend * (0.2 / steepest)

    def _straight(self, u: NDArray, v: NDArray) -> NDArray:
        return (
            np.stack([u * self.cos - v * self.sin, u * self.sin + v * self.cos], axis=-1)
            + self.origin
        )

    def world(self, u: Place, w: Place) -> NDArray:
        """(..., 2) local metres of the place u, w."""
        u, w = np.broadcast_arrays(np.asarray(u, float), np.asarray(w, float))
        return self._straight(u, w + self.bend(u))

    def rectangles(self, u0: Place, u1: Place, w0: Place, w1: Place, front: str) -> NDArray:
        """(n, 4, 2) corners, the two of the street side (`s`, `n`, `w` or `e`) first."""
        corners = {
            "s": [(u0, w0), (u1, w0), (u1, w1), (u0, w1)],
            "n": [(u1, w1), (u0, w1), (u0, w0), (u1, w0)],
            "w": [(u0, w1), (u0, w0), (u1, w0), (u1, w1)],
            "e": [(u1, w0), (u1, w1), (u0, w1), (u0, w0)],
        }[front]
        return np.stack([self.world(*np.broadcast_arrays(*c)) for c in corners], axis=1)


def fill(
    land: shapely.Geometry, fabric: Fabric, rng: np.random.Generator, campus_share: float
) -> Inside:
    """Rows of streets and lots over the bounding box of `land` (they are clipped later)."""
    inside = Inside()
    axes = Axes(land, rng)
    height = axes.w[1] - axes.w[0]
    rows = round(height / (2 * fabric.depth + 2 * fabric.street))
    if rows < 1 or height < 1.1 * (fabric.depth + fabric.street):
        return inside
    pitch = height / rows
    depth = min(pitch / 2 - fabric.street, 1.35 * fabric.depth)
    street_w = list(axes.w[0] + pitch * (np.arange(rows) + 0.5))
    deep = set()
    for j in range(1, rows - 1):  # a row left out makes one deep block, served by alleys
        if j - 1 not in deep and rng.random() < fabric.deep_share:
            deep.add(j)
    street_w = [w for j, w in enumerate(street_w) if j not in deep]
    u_line = np.arange(axes.u[0] - 150, axes.u[1] + 150, 11.0)
    for w in street_w:
        inside.streets.append((axes.world(u_line, w), RESIDENTIAL))
    s = fabric.street
    bands = [
        (None, street_w[0]),
        *pairwise(street_w),
        (street_w[-1], None),
    ]
    for low, high in bands:
        u = axes.u[0] - rng.uniform(0, fabric.block[0])
        cross = []
        while u < axes.u[1] + fabric.block[1]:
            cross.append(u)
            u += rng.uniform(*fabric.block) * (1.0 if low is not None and high is not None else 1.5)
        for u in cross:
            w0 = low if low is not None else high - depth - 160
            w1 = high if high is not None else low + depth + 160
            inside.streets.append((axes.world(np.array([u, u]), np.array([w0, w1])), RESIDENTIAL))
        for a, b in pairwise(cross):
            a, b = a + s, b - s
            if low is None or high is None:
                edge = high - s if low is None else low + s
                _single_row(inside, axes, fabric, rng, (a, b), edge, depth, low is None)
            elif high - low > 1.5 * pitch:
                _deep_block(inside, axes, fabric, rng, (a, b), (low + s, high - s), depth)
            else:
                walls, spans = (low + s, high - s), [(a, b)]
                for _try in range(4 if b - a > 48 and rng.random() < campus_share else 0):
                    wide = rng.uniform(44, min(105, b - a))
                    c = rng.uniform(a, b - wide)
                    if _campus(inside, axes, land, rng, (c, c + wide), walls):
                        spans = [(a, c), (c + wide, b)]
                        break
                for span in spans:
                    _two_rows(inside, axes, fabric, rng, span, walls)
    return inside


def _two_rows(
    inside: Inside, axes: Axes, fabric: Fabric, rng: np.random.Generator, span: Span, walls: Span
) -> None:
    at = widths(rng, span[1] - span[0], *fabric.width) + span[0]
    low, middle, high = walls[0], (walls[0] + walls[1]) / 2, walls[1]
    inside.lots.append(axes.rectangles(at[:-1], at[1:], low, middle, "s"))
    inside.lots.append(axes.rectangles(at[:-1], at[1:], middle, high, "n"))


def _single_row(
    inside: Inside,
    axes: Axes,
    fabric: Fabric,
    rng: np.random.Generator,
    span: Span,
    edge: float,
    depth: float,
    facing_north: bool,
) -> None:
    at = widths(rng, span[1] - span[0], *fabric.width) + span[0]
    if facing_north:
        inside.lots.append(axes.rectangles(at[:-1], at[1:], edge - depth, edge, "n"))
    else:
        inside.lots.append(axes.rectangles(at[:-1], at[1:], edge, edge + depth, "s"))


def _deep_block(
    inside: Inside,
    axes: Axes,
    fabric: Fabric,
    rng: np.random.Generator,
    span: Span,
    walls: Span,
    depth: float,
) -> None:
    """Front rows on both streets; between them dead-end alleys (kiệt) with lots on both sides."""
    length = span[1] - span[0]
    modules = max(1, round(length / (2 * 0.8 * fabric.depth + 2 * ALLEY)))
    step = length / modules
    if step < 2 * ALLEY + 16:
        return
    low, high = walls
    inner = (low + depth + 0.3, high - depth - 0.3)
    for k in range(modules):
        a = span[0] + k * step
        b = a + step
        u = (a + b) / 2 + rng.uniform(-0.08, 0.08) * step
        from_south = rng.random() < 0.5
        tail = (low - fabric.street, inner[1]) if from_south else (high + fabric.street, inner[0])
        inside.streets.append((axes.world(np.array([u, u]), np.array(tail)), SERVICE))
        for side, mouth, back, front in (
            ("s", from_south, low, low + depth),
            ("n", not from_south, high, high - depth),
        ):
            spans = [(a, u - ALLEY), (u + ALLEY, b)] if mouth else [(a, b)]
            for c, d in spans:
                at = widths(rng, d - c, *fabric.width) + c
                inside.lots.append(
                    axes.rectangles(at[:-1], at[1:], min(back, front), max(back, front), side)
                )
        at = widths(rng, inner[1] - inner[0], *fabric.width) + inner[0]
        inside.lots.append(
            axes.rectangles(
                np.full(len(at) - 1, a), np.full(len(at) - 1, u - ALLEY), at[:-1], at[1:], "e"
            )
        )
        inside.lots.append(
            axes.rectangles(
                np.full(len(at) - 1, u + ALLEY), np.full(len(at) - 1, b), at[:-1], at[1:], "w"
            )
        )


def _campus(
    inside: Inside,
    axes: Axes,
    land: shapely.Geometry,
    rng: np.random.Generator,
    span: Span,
    walls: Span,
) -> bool:
    """One plot over a whole block with several halls: a school, a market, a hospital."""
    (a, b), (low, high) = span, walls
    u = np.linspace(a, b, max(int((b - a) / 10), 2))
    ring = np.vstack([axes.world(u, low), axes.world(u[::-1], high)])
    if not shapely.contains(land, shapely.polygons(ring)):
        return False
    wide, deep = b - a, high - low
    plans: list[list[tuple[float, float, float, float]]] = [
        [(5, 6, wide - 10, 10), (5, 20, 10, deep - 27), (wide - 15, 20, 10, deep - 27)],  # U
        [(6, 7, wide - 12, 10), (6, deep - 17, wide - 12, 10)],  # two bars
        [(wide * 0.2, deep * 0.25, wide * 0.6, deep * 0.5)],  # one hall
        [(6, 6, wide * 0.4, deep - 12), (wide * 0.55, 6, wide * 0.35, deep * 0.4)],
    ]
    halls = []
    choice = int(rng.integers(len(plans)))
    if choice == 1 and deep < 42:  # no yard would be left between two bars
        choice = 2
    for x, y, dx, dy in plans[choice]:
        if dx > 5 and dy > 5:
            one = np.array([1.0])
            halls.append(
                axes.rectangles(
                    (a + x) * one, (a + x + dx) * one, (low + y) * one, (low + y + dy) * one, "s"
                )
            )
    inside.halls.append((len(inside.campuses), np.concatenate(halls)))
    inside.campuses.append(ring)
    return True
