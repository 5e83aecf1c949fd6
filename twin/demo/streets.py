"""The street network: from main roads and the districts' raw street lines to noded, named ways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.demo.lines import (
    Graph,
    cut_at_vertices,
    graph_of,
    insert_vertices,
    main_component,
    node_at_crossings,
    node_at_ends,
    on_lattice,
    vertex_ids,
)
from twin.demo.names import street_names
from twin.demo.plan import Plan
from twin.demo.river import River
from twin.demo.road_classes import HALF_CORRIDOR_M, RESIDENTIAL, SERVICE
from twin.demo.skeleton import Skeleton


@dataclass(frozen=True)
class Streets:
    """Ways that share vertices where they meet, and their graph."""

    lines: NDArray
    road_class: NDArray
    name: NDArray
    bridge: NDArray
    graph: Graph

    def corridors(self, less_m: float = 0.0) -> NDArray:
        """The land of each way as polygons, `less_m` narrower on each side."""
        return shapely.buffer(self.lines, HALF_CORRIDOR_M[self.road_class] - less_m, quad_segs=3)


def clip_streets(
    raw: NDArray, dry: NDArray, inner: NDArray, least_m: float = 24.0
) -> tuple[NDArray, NDArray]:
    """Raw street lines cut by their district's dry land: lines and the raw line of each.

    Pieces that only cross a far corner of the district, past its `inner` land, are left out.
    """
    parts, index = shapely.get_parts(shapely.intersection(raw, dry), return_index=True)
    keep = (shapely.get_type_id(parts) == 1) & (shapely.length(parts) > least_m)
    keep &= shapely.intersects(parts, inner[index])
    return on_lattice(parts[keep]), index[keep]


def build_streets(
    plan: Plan, river: River, skeleton: Skeleton, local: NDArray, local_class: NDArray
) -> Streets:
    """Join the skeleton's roads and the clipped local streets to one network."""
    road = skeleton.road_class >= 0
    lines = np.concatenate([skeleton.lines[road], local])
    road_class = np.concatenate([skeleton.road_class[road], local_class])
    name = np.concatenate([skeleton.name[road], np.full(len(local), "", object)])
    lines, origin = _cut_at_water(river, node_at_crossings(node_at_ends(lines)))
    road_class, name = road_class[origin], name[origin]
    main = main_component(lines)
    lines, road_class, name = lines[main], road_class[main], name[main]
    middle = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    bridge = shapely.intersects(_bridged(river), middle)
    streets = Streets(
        lines, road_class, _named(plan, lines, road_class, name), bridge, graph_of(lines)
    )
    return streets


def _bridged(river: River) -> shapely.Geometry:
    area = shapely.union(river.channel(24.0), river.brook_area(5.0))
    shapely.prepare(area)
    return area


def _cut_at_water(river: River, lines: NDArray) -> tuple[NDArray, NDArray]:
    """Lines cut where they go onto and off a bridge, and the line of each piece."""
    bank = shapely.boundary(_bridged(river))
    hit = np.flatnonzero(shapely.intersects(lines, bank))
    points, which = shapely.get_parts(shapely.intersection(lines[hit], bank), return_index=True)
    xy, part = shapely.get_coordinates(on_lattice(points), return_index=True)
    lines = insert_vertices(lines, hit[which[part]], xy)
    ids, unique, _ = vertex_ids(lines)
    _, at = shapely.STRtree(shapely.points(unique)).query(shapely.points(xy), "dwithin", 0.0004)
    flag = np.zeros(len(unique), bool)
    flag[at] = True
    return cut_at_vertices(lines, flag[ids])


def _named(plan: Plan, lines: NDArray, road_class: NDArray, name: NDArray) -> NDArray:
    """Names for the local streets: long ones from the list, short ones and alleys as Kiệt."""
    rng = plan.rng("street names")
    name = name.copy()
    free = np.flatnonzero(name == "")
    own = free[(road_class[free] == RESIDENTIAL) & (shapely.length(lines[free]) > 170)]
    name[own] = street_names(rng, len(own))
    rest = np.flatnonzero(name == "")
    named = np.flatnonzero(name != "")
    nearest = named[shapely.STRtree(lines[named]).nearest(lines[rest])]
    start = shapely.get_point(lines[rest], 0)
    along = shapely.line_locate_point(lines[nearest], start)
    number = (along / 6.0).astype(int) * 2 + 1 + rng.integers(0, 2, len(rest))
    word = np.where(road_class[rest] == SERVICE, "Kiệt", "Ngõ")
    name[rest] = [f"{w} {n} {name[i]}" for w, n, i in zip(word, number, nearest, strict=True)]
    return name
