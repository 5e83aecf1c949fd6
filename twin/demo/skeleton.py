"""Main roads and districts: from a Plan and its River to named roads and the cells they bound.

The main roads follow Đông Hà's: two national roads, river-side streets, bridges and cross streets.
With the river, its brooks and the city limit they bound quarters, which are then split by collector
streets across their longer side until they have the size that fits their urbanity.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from twin.demo.lines import (
    cut_at_vertices,
    graph_of,
    insert_vertices,
    node_at_ends,
    on_lattice,
)
from twin.demo.names import street_names
from twin.demo.noise import Noise
from twin.demo.plan import Plan
from twin.demo.river import River, spline

PRIMARY, SECONDARY, TERTIARY, RESIDENTIAL, SERVICE = range(5)
CLASS_NAMES = np.array(["primary", "secondary", "tertiary", "residential", "service"], object)
CARRIAGEWAY_M = np.array([15.0, 10.5, 8.0, 5.5, 3.0])
HALF_CORRIDOR_M = np.array([11.0, 8.0, 6.0, 3.8, 1.8])  # from the centre line to the parcels
WATER = -1  # river, brook and city limit: they bound cells and carry no traffic


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
        road(PRIMARY, "Lê Duẩn", (0.16, 1.03), (0.06, 0.7), (-0.02, 0.4), (-0.04, 0.1), (-0.02, -0.3),
             (0.08, -0.62), (0.26, -1.03)),
        road(PRIMARY, "Quốc lộ 9", (-1.03, -0.16), (-0.72, -0.24), (-0.42, -0.13), (-0.02, -0.16),
             (0.3, -0.11), (0.62, -0.14), (1.03, -0.02)),
        road(SECONDARY, "Hùng Vương", (0.2, 0.2), (0.21, 0.0), (0.24, -0.25), (0.29, -0.6), (0.52, -1.03)),
        road(SECONDARY, "Điện Biên Phủ", (0.5, 1.03), (0.56, 0.7), (0.5, 0.35), (0.52, -0.1), (0.6, -0.5),
             (0.82, -1.03)),
        road(SECONDARY, "Đặng Dung", (-0.72, 1.03), (-0.66, 0.6), (-0.56, 0.2), (-0.53, -0.2), (-0.58, -0.6),
             (-0.42, -1.03)),
        road(SECONDARY, "Lý Thường Kiệt", (-1.03, -0.6), (-0.6, -0.47), (-0.2, -0.42), (0.2, -0.4), (0.6, -0.46),
             (1.03, -0.38)),
        road(SECONDARY, "Hoàng Hữu Chấp", (-1.03, 0.68), (-0.5, 0.6), (0.0, 0.68), (0.5, 0.63), (1.03, 0.7)),
        road(TERTIARY, "Nguyễn Trãi", (-0.28, 0.2), (-0.27, -0.15), (-0.22, -0.5), (-0.12, -1.03)),
        road(TERTIARY, "Lê Lợi", (-0.6, -0.31), (-0.2, -0.28), (0.24, -0.27), (0.62, -0.3)),
        road(TERTIARY, "Nguyễn Huệ", (0.37, 0.22), (0.38, -0.1), (0.42, -0.46)),
        along(SECONDARY, "Bạch Đằng", -62.0),
        along(SECONDARY, "Hoàng Diệu", 66.0),
        along(SECONDARY, "Trần Hưng Đạo", -ring),
        along(TERTIARY, "Nguyễn Công Hoan", ring * 1.15),
    ]


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
    splits, depth = _split_quarters(plan, river, quarters)
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


def district_area(urbanity: float) -> float:
    """Area [m²] at which a district is left whole."""
    return float(np.interp(urbanity, [0.1, 0.35, 0.6, 0.9], [4.2e5, 2.2e5, 1.1e5, 6.5e4]))


def _split_quarters(plan: Plan, river: River, quarters: NDArray) -> tuple[NDArray, NDArray]:
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


def quarters_boundary(quarters: NDArray) -> NDArray:
    """Boundaries of the quarters as lines."""
    return shapely.get_parts(shapely.union_all(shapely.boundary(quarters)))


def ends(line: shapely.Geometry) -> NDArray:
    """(2, 2) first and last point of a line."""
    return shapely.get_coordinates(line)[[0, -1]]


def _bin(xy: NDArray) -> tuple[int, int]:
    return int(xy[0] // 45), int(xy[1] // 45)


def _chord(cell: shapely.Geometry, rng: np.random.Generator, junctions: dict) -> shapely.Geometry | None:
    """A slightly bent line across the longer side of a cell, its ends drawn to near junctions."""
    box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(cell))
    if len(box) < 5:
        return None
    side = box[1:3] - box[0:2]
    long, short = (side[0], side[1]) if np.hypot(*side[0]) > np.hypot(*side[1]) else (side[1], side[0])
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
    near = [junctions[k] for di in (-1, 0, 1) for dj in (-1, 0, 1) if (k := (i + di, j + dj)) in junctions]
    near = [p for p in near if np.hypot(*(p - xy)) < 38 and shapely.dwithin(cell.exterior, shapely.points(p), 0.01)]
    return min(near, key=lambda p: float(np.hypot(*(p - xy)))) if near else xy
