"""The river, its brooks and levees: from a Plan to lines, sections and levels in local metres.

The river is a graph y = course(x) flowing from west to east, so every place has a closed-form
distance to it. Its bed falls evenly; the baseflow runs at Manning's normal depth over it, so the
level handed out here is (nearly) the steady state of any shallow-water model with that roughness.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline

from twin.demo.noise import Noise, smoothstep
from twin.demo.plan import Plan

BASEFLOW_M3_S = 40.0
MANNING = 0.035
BANK_ABOVE_LEVEL_M = 2.3
LEVEE_ABOVE_LEVEL_M = 3.5
BROOK_HALF_WIDTH_M = 7.0


class River:
    """Course, width, bed and baseflow level of the river; the brooks that reach it."""

    def __init__(self, plan: Plan):
        rng = plan.rng("river")
        self.half_m = h = plan.half_m
        self.phase = rng.uniform(-0.35, 0.35, 3) + np.array([0.4, 2.1, 1.0])
        self.width_noise = Noise(rng, 1500.0)
        self.base_width_m = 135.0 * plan.scale**0.3
        x = np.arange(-1.04 * h, 1.04 * h + 5.0, 5.0)
        station = np.concatenate([[0], np.cumsum(np.hypot(np.diff(x), np.diff(self.course(x))))])
        self._x, self._station = x, station
        fall_m = min(2.2, 2.8e-4 * station[-1])
        self.slope = fall_m / station[-1]
        self._thalweg = 0.1 + fall_m * (1 - station / station[-1])
        depth = self._normal_depth(self.width(x))
        kernel = np.hanning(161)
        padded = np.pad(depth, 80, mode="edge")
        self._level = self._thalweg + np.convolve(padded, kernel / kernel.sum(), mode="valid")
        self.brooks = self._brooks(rng)

    def course(self, x: ArrayLike) -> NDArray:
        """y of the centre line [m] at x [m]."""
        x, h = np.asarray(x, float), self.half_m
        a, b, c = self.phase
        large = 0.25 + 0.10 * np.sin(2 * np.pi * x / (1.3 * h) + a)
        middle = 0.035 * np.sin(2 * np.pi * x / (0.62 * h) + b)
        return h * (large + middle) + 38.0 * np.sin(2 * np.pi * x / 1150.0 + c)

    def slope_of_course(self, x: ArrayLike) -> NDArray:
        """dy/dx of the centre line at x [m]."""
        x = np.asarray(x, float)
        return (self.course(x + 0.5) - self.course(x - 0.5)) / 1.0

    def distance(self, x: ArrayLike, y: ArrayLike) -> NDArray:
        """Signed distance [m] to the centre line, north positive (exact near it)."""
        x = np.asarray(x, float)
        return (np.asarray(y, float) - self.course(x)) / np.hypot(1.0, self.slope_of_course(x))

    def width(self, x: ArrayLike) -> NDArray:
        """Width between the banks [m] at x."""
        return self.base_width_m * (1 + 0.09 * self.width_noise(x, 0.0))

    def level(self, x: NDArray | float) -> NDArray:
        """Water level of the baseflow [m above datum] at x."""
        return np.interp(x, self._x, self._level)

    def thalweg(self, x: NDArray | float) -> NDArray:
        """Lowest bed level [m above datum] at x."""
        return np.interp(x, self._x, self._thalweg)

    def bed_above_thalweg(self, ratio: ArrayLike) -> NDArray:
        """Height of the bed over the thalweg [m] at |distance| / half width: flat, then banks."""
        ratio = np.asarray(ratio, float)
        return 0.3 * np.minimum(ratio / 0.8, 1) ** 2 + 3.0 * smoothstep(ratio, 0.8, 1.25)

    def _normal_depth(self, width: NDArray) -> NDArray:
        """Depth over the thalweg [m] that carries the baseflow: Q = sum h^(5/3) sqrt(S)/n dy."""
        ratio = np.linspace(-1.25, 1.25, 101)
        bed = self.bed_above_thalweg(np.abs(ratio))
        low, high = np.zeros_like(width), np.full_like(width, 6.0)
        for _ in range(40):
            depth = (low + high) / 2
            h = np.maximum(depth[:, None] - bed, 0.0)
            flow = (h ** (5 / 3)).sum(axis=1) * width / 2 * 0.025 * np.sqrt(self.slope) / MANNING
            low, high = (
                np.where(flow < BASEFLOW_M3_S, depth, low),
                np.where(flow < BASEFLOW_M3_S, high, depth),
            )
        return (low + high) / 2

    def offset_line(
        self, offset: float | Callable[[NDArray], NDArray], start: float = -1.04, end: float = 1.04
    ) -> NDArray:
        """(n, 2) points along the river at an offset [m], north positive; start, end in halves."""
        x = np.linspace(
            start * self.half_m, end * self.half_m, int((end - start) * self.half_m / 14)
        )
        slope = self.slope_of_course(x)
        norm = np.hypot(1.0, slope)
        away = offset(x) if callable(offset) else offset
        return np.column_stack([x - slope / norm * away, self.course(x) + away / norm])

    def channel(self, extra_m: float) -> shapely.Geometry:
        """The river's area, its banks moved out by `extra_m`."""
        north = self.offset_line(lambda x: self.width(x) / 2 + extra_m)
        south = self.offset_line(lambda x: -self.width(x) / 2 - extra_m)
        return shapely.make_valid(shapely.polygons(np.vstack([north, south[::-1]])))

    def brook_area(self, extra_m: float) -> shapely.Geometry:
        """The brooks' area, their banks moved out by `extra_m`."""
        return shapely.union_all(shapely.buffer(self.brooks, BROOK_HALF_WIDTH_M + extra_m))

    def corridor(self, extra_m: float) -> shapely.Geometry:
        """The area of river and brooks, their banks moved out by `extra_m`."""
        return shapely.union(self.channel(extra_m), self.brook_area(extra_m))

    def levee_offset(self, x: NDArray) -> NDArray:
        """Distance [m] of the levee crest from the centre line at x."""
        return 0.625 * self.width(x) + 26.0

    def levees(self) -> list[tuple[str, NDArray]]:
        """(name, points) of the crests: along the low reach, on both sides."""
        return [
            ("Đê tả sông Hiếu", self.offset_line(self.levee_offset, -0.62, 1.04)),
            ("Đê hữu sông Hiếu", self.offset_line(lambda x: -self.levee_offset(x), -0.45, 1.04)),
        ]

    def _brooks(self, rng: np.random.Generator) -> NDArray:
        """Brook lines from the hills down to the river's centre line."""
        courses = [
            [
                (-0.97, -0.62),
                (-0.7, -0.58),
                (-0.46, -0.42),
                (-0.40, -0.20),
                (-0.44, 0.02),
                (-0.40, None),
            ],
            [
                (-0.20, -0.97),
                (0.02, -0.80),
                (0.30, -0.66),
                (0.50, -0.34),
                (0.76, -0.16),
                (0.82, None),
            ],
            [(-0.52, 0.97), (-0.36, 0.80), (-0.38, 0.60), (-0.30, None)],
        ]
        lines = []
        for course in courses:
            nodes = np.array(
                [
                    (
                        x * self.half_m,
                        self.course(x * self.half_m) if y is None else y * self.half_m,
                    )
                    for x, y in course
                ]
            )
            nodes[1:-1] += rng.normal(0, 0.015 * self.half_m, nodes[1:-1].shape)
            lines.append(shapely.linestrings(spline(nodes, 12.0)))
        return np.array(lines)


def spline(nodes: NDArray, step_m: float) -> NDArray:
    """(n, 2) points about `step_m` apart on a smooth curve through the nodes."""
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(nodes, axis=0).T))])
    count = max(int(along[-1] / step_m), 2)
    return CubicSpline(along, nodes)(np.linspace(0, along[-1], count + 1))
