"""Where services run: from the street graph and the built lots to edges, junctions and stations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.demo.lines import Graph
from twin.demo.lots import Lots
from twin.demo.streets import Streets


@dataclass(frozen=True)
class Stations:
    """Places along edges: edge index, metres from its start, (n, 2) place, unit heading (n, 2)."""

    edge: NDArray
    at: NDArray
    xy: NDArray
    heading: NDArray

    def beside(self, offset_m: NDArray | float) -> NDArray:
        """(n, 2) places `offset_m` to the left of the stations (negative: right)."""
        left = np.column_stack([-self.heading[:, 1], self.heading[:, 0]])
        return self.xy + left * np.broadcast_to(offset_m, len(left))[:, None]

    def take(self, index: NDArray) -> Stations:
        """The stations of an index or of flags."""
        return Stations(self.edge[index], self.at[index], self.xy[index], self.heading[index])


def stations(lines: NDArray, edges: NDArray, step_m: NDArray | float) -> Stations:
    """Places every `step_m` (at least one) along the chosen edges, half a step from the ends."""
    length = shapely.length(lines[edges])
    count = np.maximum((length / step_m).astype(int), 1)
    which = np.repeat(np.arange(len(edges)), count)
    order = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    at = (order + 0.5) * (length / count)[which]
    return stations_at(lines, edges[which], at)


def stations_at(lines: NDArray, edge: NDArray, at: NDArray) -> Stations:
    """Places at given metres of edges."""
    line = lines[edge]
    xy = shapely.get_coordinates(shapely.line_interpolate_point(line, at))
    length = shapely.length(line)
    before = shapely.get_coordinates(shapely.line_interpolate_point(line, np.maximum(at - 2.0, 0)))
    after = shapely.get_coordinates(
        shapely.line_interpolate_point(line, np.minimum(at + 2.0, length))
    )
    heading = after - before
    return Stations(edge, at, xy, heading / np.hypot(*heading.T)[:, None])


@dataclass(frozen=True)
class Service:
    """The street graph with what lies along it.

    lots: built lots in front of each edge; served: edges with houses; road_class: of each edge.
    """

    graph: Graph
    road_class: NDArray
    name: NDArray
    bridge: NDArray
    lots: NDArray
    served: NDArray


def build_service(streets: Streets, lots: Lots, built: NDArray) -> Service:
    """Count the houses along every edge."""
    graph = streets.graph
    front = shapely.points(lots.quads[built, :2].mean(axis=1))
    nearest = shapely.STRtree(graph.edges).nearest(front)
    count = np.bincount(nearest, minlength=len(graph.edges))
    served = (count >= 1) & (count > graph.length / 90.0)
    line = graph.line
    return Service(
        graph,
        streets.road_class[line],
        streets.name[line],
        streets.bridge[line],
        count,
        served & ~streets.bridge[line],
    )


@dataclass(frozen=True)
class Junctions:
    """Nodes where at least two differently named streets meet, the weightiest first two of each."""

    node: NDArray
    first: NDArray  # street names
    second: NDArray
    weight: NDArray  # low: important (sum of the two classes)

    @property
    def names(self) -> NDArray:
        """ "Lê Duẩn – Hùng Vương" for each."""
        pairs = zip(self.first, self.second, strict=True)
        return np.array([f"{a} – {b}" for a, b in pairs], object)


def build_junctions(service: Service) -> Junctions:
    """All junctions of differently named streets."""
    graph = service.graph
    node = np.concatenate([graph.start, graph.end])
    road = np.concatenate([service.road_class] * 2)
    _, name_id = np.unique(service.name.astype(str), return_inverse=True)
    label = np.concatenate([name_id] * 2)
    order = np.lexsort((road, label, node))
    node, road, label = node[order], road[order], label[order]
    new = np.ones(len(node), bool)
    new[1:] = (node[1:] != node[:-1]) | (label[1:] != label[:-1])
    node, road, label = node[new], road[new], label[new]
    order = np.lexsort((label, road, node))
    node, road, label = node[order], road[order], label[order]
    first = np.ones(len(node), bool)
    first[1:] = node[1:] != node[:-1]
    pair = np.flatnonzero(first[:-1] & ~first[1:])
    words = np.unique(service.name.astype(str)).astype(object)
    return Junctions(
        node[pair], words[label[pair]], words[label[pair + 1]], road[pair] + road[pair + 1]
    )


def spread(xy: NDArray, order: NDArray, count: int, apart_m: float) -> NDArray:
    """The first `count` of `order` whose places keep `apart_m` from those taken before."""
    taken: list[int] = []
    bins: dict[tuple[int, int], list[int]] = {}
    for i in order.tolist():
        a, b = int(xy[i, 0] // apart_m), int(xy[i, 1] // apart_m)
        near = [k for da in (-1, 0, 1) for db in (-1, 0, 1) for k in bins.get((a + da, b + db), [])]
        if all(np.hypot(*(xy[k] - xy[i])) >= apart_m for k in near):
            taken.append(i)
            bins.setdefault((a, b), []).append(i)
            if len(taken) == count:
                break
    return np.array(taken, int)
