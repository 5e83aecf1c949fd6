"""Main roads: from a Plan and its River to named lines in the pattern of Đông Hà.

Two national roads cross in the centre; streets follow the river on both banks, three bridges and
more streets cross it. The lines run past the places where the skeleton cuts them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from twin.demo.noise import Noise
from twin.demo.plan import Plan
from twin.demo.river import River, spline
from twin.demo.road_classes import PRIMARY, SECONDARY, TERTIARY


def main_roads(plan: Plan, river: River) -> list[tuple[NDArray, int, str]]:
    """(points, class, name) of the main roads, running past the places where they will be cut."""
    rng = plan.rng("main roads")
    h = plan.half_m

    def road(road_class: int, name: str, *nodes: tuple[float, float]) -> tuple[NDArray, int, str]:
        xy = np.array(nodes) * h
        xy[1:-1] += rng.normal(0, 0.016 * h, xy[1:-1].shape)
        return spline(xy, 14.0), road_class, name

    def along(road_class: int, name: str, offset_m: float) -> tuple[NDArray, int, str]:
        wobble = Noise(rng, 900.0)
        side = np.sign(offset_m)
        near = abs(offset_m) < 100

        def offset(x: NDArray) -> NDArray:
            bank = river.width(x) / 2 * 1.25
            return side * (bank + abs(offset_m) + (3 if near else 22) * wobble(x, 0.0))

        points = river.offset_line(offset, -1.03, 1.03)
        if not near:  # far inside a bend the offset folds; a street does not
            points = gaussian_filter1d(points, 11.0, axis=0, mode="nearest")
        return points, road_class, name

    ring = max(0.115 * h, 230.0)
    return [
        road(
            PRIMARY,
            "Lê Duẩn",
            (0.16, 1.03),
            (0.06, 0.7),
            (-0.02, 0.4),
            (-0.04, 0.1),
            (-0.02, -0.3),
            (0.08, -0.62),
            (0.26, -1.03),
        ),
        road(
            PRIMARY,
            "Quốc lộ 9",
            (-1.03, -0.16),
            (-0.72, -0.24),
            (-0.42, -0.13),
            (-0.02, -0.16),
            (0.3, -0.11),
            (0.62, -0.14),
            (1.03, -0.02),
        ),
        road(
            SECONDARY,
            "Hùng Vương",
            (0.2, 0.2),
            (0.21, 0.0),
            (0.24, -0.25),
            (0.29, -0.6),
            (0.52, -1.03),
        ),
        road(
            SECONDARY,
            "Điện Biên Phủ",
            (0.5, 1.03),
            (0.56, 0.7),
            (0.5, 0.35),
            (0.52, -0.1),
            (0.6, -0.5),
            (0.82, -1.03),
        ),
        road(
            SECONDARY,
            "Đặng Dung",
            (-0.72, 1.03),
            (-0.66, 0.6),
            (-0.56, 0.2),
            (-0.53, -0.2),
            (-0.58, -0.6),
            (-0.42, -1.03),
        ),
        road(
            SECONDARY,
            "Lý Thường Kiệt",
            (-1.03, -0.6),
            (-0.6, -0.47),
            (-0.2, -0.42),
            (0.2, -0.4),
            (0.6, -0.46),
            (1.03, -0.38),
        ),
        road(
            SECONDARY,
            "Hoàng Hữu Chấp",
            (-1.03, 0.68),
            (-0.5, 0.6),
            (0.0, 0.68),
            (0.5, 0.63),
            (1.03, 0.7),
        ),
        road(TERTIARY, "Nguyễn Trãi", (-0.28, 0.2), (-0.27, -0.15), (-0.22, -0.5), (-0.12, -1.03)),
        road(TERTIARY, "Lê Lợi", (-0.6, -0.31), (-0.2, -0.28), (0.24, -0.27), (0.62, -0.3)),
        road(TERTIARY, "Nguyễn Huệ", (0.37, 0.22), (0.38, -0.1), (0.42, -0.46)),
        along(SECONDARY, "Bạch Đằng", -62.0),
        along(SECONDARY, "Hoàng Diệu", 66.0),
        along(SECONDARY, "Trần Hưng Đạo", -ring),
        along(TERTIARY, "Nguyễn Công Hoan", ring * 1.15),
    ]
