"""Storm drains: streets and ground come in; pipes that fall along the flow to outfalls go out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from twin.demo.ground import Ground
from twin.demo.plan import Plan
from twin.demo.river import River
from twin.demo.served import Service, spread, stations

COVER_M = 1.1  # from the street to the invert of a pipe's head
LEAST_SLOPE = 0.0008
LEAST_DROP_M = 0.002  # however short a pipe
SHIFT_M = np.array([1.0, -0.7])  # drains lie beside the centre line, mains on the other side
DIAMETERS_MM = np.array([400, 600, 800, 1000, 1500, 2000])
LENGTH_STEPS_M = np.array([350.0, 1000.0, 2500.0, 6000.0, 12000.0])  # of street drained


@dataclass(frozen=True)
class Drainage:
    """Lines run downstream; inverts [m above datum]."""

    lines: NDArray
    invert_up: NDArray
    invert_down: NDArray
    diameter_mm: NDArray
    kind: NDArray
    outfalls: NDArray  # (k, 2)
    outfall_invert: NDArray
    manholes: NDArray  # (m, 2)
    manhole_cover: NDArray
    manhole_invert: NDArray


def build_drainage(plan: Plan, river: River, ground: Ground, service: Service) -> Drainage:
    """Lead the streets' water along the cheapest downhill way to the nearest outfall."""
    graph = service.graph
    z = ground.at(graph.nodes)
    mouths, bank = _outfalls(plan, river, service)
    usable = np.flatnonzero(~service.bridge)
    a, b, length = graph.start[usable], graph.end[usable], graph.length[usable]
    climb = 70.0
    # Weights of the reversed flow: from the outfall upstream.
    up = length + climb * np.maximum(z[a] - z[b], 0), length + climb * np.maximum(z[b] - z[a], 0)
    weights = coo_matrix(
        (np.concatenate(up), (np.concatenate([a, b]), np.concatenate([b, a]))), shape=(len(z),) * 2
    ).tocsr()
    far, below, _ = dijkstra(weights, indices=mouths, return_predecessors=True, min_only=True)

    # Every usable edge flows from its farther end to its nearer one.
    reach = np.isfinite(far[a]) & np.isfinite(far[b]) & (a != b)
    edge, a, b, length = usable[reach], a[reach], b[reach], length[reach]
    forward = far[a] >= far[b]
    upper, lower = np.where(forward, a, b), np.where(forward, b, a)
    trunk = below[upper] == lower
    # Where two edges join the same nodes only one carries the trunk.
    key = upper.astype(np.int64) * len(z) + lower
    _, only = np.unique(np.where(trunk, key, -1 - np.arange(len(key))), return_index=True)
    single = np.zeros(len(key), bool)
    single[only] = True
    trunk &= single

    served = service.served[edge]
    load = np.zeros(len(z))
    invert = z - COVER_M
    drained = np.zeros(len(edge))
    head = np.zeros(len(edge))
    used = np.zeros(len(edge), bool)
    # From the far end downstream; a node's load and depth are final when its trunk is reached.
    leaf_first = np.lexsort((trunk, -far[upper]))
    for e in leaf_first.tolist():
        top, bottom = upper[e], lower[e]
        own = length[e] if served[e] else 0.0
        if trunk[e]:
            drained[e], head[e] = load[top] + own, invert[top]
        else:
            drained[e], head[e] = own, z[top] - COVER_M
        if drained[e] > 0:
            used[e] = True
            load[bottom] += drained[e]
            invert[bottom] = min(invert[bottom], head[e] - LEAST_SLOPE * length[e] - LEAST_DROP_M)
    edge, forward, upper, lower = edge[used], forward[used], upper[used], lower[used]
    lines = graph.edges[edge].copy()
    lines[~forward] = shapely.reverse(lines[~forward])
    lines = shapely.transform(lines, lambda xy: xy + SHIFT_M)
    size = np.searchsorted(LENGTH_STEPS_M, drained[used])
    busy = load[mouths] > 0
    mouths, bank = mouths[busy], bank[busy]
    start = graph.nodes[mouths] + SHIFT_M
    last = shapely.linestrings(np.stack([start, bank], axis=1))
    end_invert = invert[mouths] - LEAST_SLOPE * shapely.length(last) - LEAST_DROP_M
    last_size = np.searchsorted(LENGTH_STEPS_M, load[mouths])
    diameter = DIAMETERS_MM[np.concatenate([size, last_size])]
    manholes, cover, hole_invert = _manholes(lines, head[used], invert[lower], ground)
    return Drainage(
        np.concatenate([lines, last]),
        np.concatenate([head[used], invert[mouths]]),
        np.concatenate([invert[lower], end_invert]),
        diameter,
        np.where(
            np.arange(len(diameter)) >= len(lines),
            "culvert",
            np.where(diameter >= 1500, "culvert", "pipe"),
        ).astype(object),
        bank,
        end_invert,
        manholes,
        cover,
        hole_invert,
    )


def _outfalls(plan: Plan, river: River, service: Service) -> tuple[NDArray, NDArray]:
    """Street nodes near water that get an outfall, and the place on the bank of each."""
    graph = service.graph
    points = shapely.points(graph.nodes)
    bed = shapely.union(river.channel(0.0), river.brook_area(0.0))
    shapely.prepare(bed)
    wet = np.zeros(len(points), bool)
    wet[graph.start[service.bridge]] = wet[graph.end[service.bridge]] = True
    inside = np.hypot(*graph.nodes.T) < 1.5 * plan.half_m
    to_river = shapely.distance(points, river.channel(0.0))
    to_brook = shapely.distance(points, river.brook_area(0.0))
    near = np.flatnonzero(~wet & inside & ((to_river < 150) | (to_brook < 45)))
    order = near[np.argsort(np.minimum(to_river, to_brook)[near], kind="stable")]
    mouths = spread(graph.nodes, order, len(order), 170.0)
    lines = shapely.shortest_line(points[mouths], bed)
    return mouths, shapely.get_coordinates(shapely.get_point(lines, -1))


def _manholes(
    lines: NDArray, up: NDArray, down: NDArray, ground: Ground
) -> tuple[NDArray, NDArray, NDArray]:
    """Places about every 45 m, cover and invert levels."""
    places = stations(lines, np.arange(len(lines)), 45.0)
    share = places.at / np.maximum(shapely.length(lines[places.edge]), 1e-9)
    invert = up[places.edge] + (down - up)[places.edge] * share
    return places.xy, ground.at(places.xy), invert
