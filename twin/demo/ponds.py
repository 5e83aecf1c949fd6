"""Ponds and park lakes: from districts to still-water polygons."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.demo.districts import FABRICS, PARK, RURAL, Districts
from twin.demo.ground import Relief
from twin.demo.plan import Plan
from twin.demo.river import River

LAKES = ["Hồ Đại An", "Hồ Khe Mây", "Hồ Trung Chỉ", "Hồ Khe Sắn"]


def build_ponds(
    plan: Plan, river: River, relief: Relief, districts: Districts
) -> tuple[NDArray, NDArray]:
    """(polygons, names): a lake in every park, ponds in low rural land."""
    rng = plan.rng("ponds")
    land = districts.land
    kind = districts.kind[districts.land_cell]
    shapes: list[shapely.Geometry] = []
    names: list[str | None] = []
    for number, park in enumerate(land[kind == PARK]):
        shape = _blob(rng, park, 0.36 * np.sqrt(shapely.area(park)), 12.0)
        if shape is not None:
            shapes.append(shape)
            names.append(LAKES[number] if number < len(LAKES) else f"Hồ công viên {number + 1}")
    rural = land[(kind == RURAL) & (shapely.area(land) > 6e4)]
    for place in rural:
        x, y = shapely.get_coordinates(shapely.point_on_surface(place))[0]
        low = float(relief(x, y) - river.level(x)) < 3.2
        if rng.random() < (0.4 if low else 0.08):
            shape = _blob(rng, place, rng.uniform(26, 70), FABRICS[RURAL].strip_depth + 10.0)
            if shape is not None:
                shapes.append(shape)
                names.append(None)
    return np.array(shapes, object), np.array(names, object)


def _blob(
    rng: np.random.Generator, land: shapely.Geometry, radius: float, margin: float
) -> shapely.Geometry | None:
    """A wavy round shape, `margin` [m] inside the land; None where it has no room."""
    center = shapely.get_coordinates(shapely.centroid(land))[0] + rng.normal(0, 0.25 * radius, 2)
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    wave = 1 + sum(
        rng.normal(0, 0.22) / k * np.cos(k * angle + rng.uniform(0, 6.3)) for k in (1, 2, 3, 4)
    )
    stretch = rng.uniform(0.7, 1.4)
    turn = rng.uniform(0, np.pi)
    x, y = radius * wave * np.cos(angle) * stretch, radius * wave * np.sin(angle) / stretch
    xy = np.column_stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)])
    shape = shapely.polygons(np.round(center + xy, 3))
    room = shapely.buffer(land, -margin)
    shape = shapely.intersection(shape, room)
    parts = shapely.get_parts(shape)
    parts = parts[shapely.area(parts) > 900] if len(parts) else parts
    return None if len(parts) == 0 else max(parts, key=lambda p: float(p.area))
