"""The skeleton: from a Plan and its River to roads that share vertices and the cells they bound.

Main roads, the river, its brooks and the city limit bound quarters; collector streets split those
into the cells that become districts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.demo.lines import (
    cut_at_vertices,
    graph_of,
    insert_vertices,
    node_at_ends,
    on_lattice,
)
from twin.demo.main_roads import main_roads
from twin.demo.names import street_names
from twin.demo.plan import Plan
from twin.demo.quarters import split_quarters
from twin.demo.river import River
from twin.demo.road_classes import RESIDENTIAL, TERTIARY, WATER


@dataclass(frozen=True)
class Skeleton:
    """Lines on the lattice that share vertices, with class and name; the cells between them."""

    lines: NDArray
    road_class: NDArray  # WATER for lines that are no road
    name: NDArray
    cells: NDArray
    limit: shapely.Geometry


def city_limit(plan: Plan) -> shapely.Geometry:
    """The city's outline: a wavy square inside the terrain."""
    rng = plan.rng("limit")
    h = plan.half_m
    angle = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    waves = sum(
        rng.uniform(0.3, 1) * np.cos(k * angle + rng.uniform(0, 6.28)) / k for k in (2, 3, 5, 7)
    )
    c, s = np.cos(angle), np.sin(angle)
    radius = h * (0.93 + 0.016 * waves) / (np.abs(c) ** 9 + np.abs(s) ** 9) ** (1 / 9)
    return shapely.polygons(np.round(np.column_stack([radius * c, radius * s]), 3))


def build_skeleton(plan: Plan, river: River) -> Skeleton:
    """Cut the main roads against each other and the water, then split the quarters they bound."""
    limit = city_limit(plan)
    roads = main_roads(plan, river)
    names = [name for _, _, name in roads] + [""] * 8
    classes = [c for _, c, _ in roads] + [WATER] * 8
    raw = [shapely.linestrings(points) for points, _, _ in roads]
    raw += [shapely.linestrings(river.offset_line(0.0)), *river.brooks, limit.exterior]
    noded = shapely.get_parts(shapely.union_all(raw))
    middle = shapely.line_interpolate_point(noded, 0.5, normalized=True)
    distance = shapely.distance(middle[:, None], np.array(raw)[None, :])
    source = distance.argmin(axis=1)
    noded = noded[shapely.covered_by(middle, shapely.buffer(limit, 1.0))].copy()
    source = source[shapely.covered_by(middle, shapely.buffer(limit, 1.0))]
    lines = on_lattice(noded)
    keep = _without_stubs(lines, 200.0)
    lines, source = lines[keep], source[keep]
    road_class = np.array(classes)[source]
    name = np.array(names, object)[source]

    quarters = shapely.get_parts(shapely.polygonize(lines))
    splits, depth = split_quarters(plan, river, quarters)
    splits, wet, origin = _cut_at_brooks(river, splits)
    depth = depth[origin]
    rng = plan.rng("collector names")
    split_class = np.where(wet, WATER, np.where(depth <= 2, TERTIARY, RESIDENTIAL))
    split_names = np.array(street_names(rng, len(wet)), object)[origin]
    lines = node_at_ends(np.concatenate([lines, splits]))
    segments = _segments(lines)
    return Skeleton(
        lines,
        np.concatenate([road_class, split_class]),
        np.concatenate([name, split_names]),
        shapely.get_parts(shapely.polygonize(segments)),
        limit,
    )


def _without_stubs(lines: NDArray, length_m: float) -> NDArray:
    """Flags of the lines that are no short dead end."""
    keep = np.ones(len(lines), bool)
    for _ in range(3):
        index = np.flatnonzero(keep)
        graph = graph_of(lines[index])
        loose = (graph.degree[graph.start] == 1) | (graph.degree[graph.end] == 1)
        keep[index[graph.line[loose & (graph.length < length_m)]]] = False
    return keep


def _segments(lines: NDArray) -> NDArray:
    """Every two-point segment of the lines."""
    coords, index = shapely.get_coordinates(lines, return_index=True)
    same = index[1:] == index[:-1]
    return shapely.linestrings(np.stack([coords[:-1][same], coords[1:][same]], axis=1))


def _cut_at_brooks(river: River, lines: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """The lines cut at the banks of the brooks: pieces, whether each is wet, the line of each."""
    if len(lines) == 0:
        return lines, np.empty(0, bool), np.empty(0, int)
    brooks = river.brook_area(6.0)
    banks = shapely.boundary(brooks)
    hit = np.flatnonzero(shapely.intersects(lines, banks))
    parts, which = shapely.get_parts(
        on_lattice(shapely.intersection(lines[hit], banks)), return_index=True
    )
    xy, part = shapely.get_coordinates(parts, return_index=True)
    lines = insert_vertices(lines, hit[which[part]], xy)
    coords = shapely.get_coordinates(lines)
    key = {tuple(p) for p in xy.tolist()}
    cut = np.array([tuple(p) in key for p in coords.tolist()], bool)
    pieces, origin = cut_at_vertices(lines, cut)
    middle = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    return pieces, shapely.intersects(brooks, middle), origin
