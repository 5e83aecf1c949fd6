"""Line work: share vertices where lines meet, cut lines, and read the graph that they form.

Coordinates live on a millimetre lattice, so "the same vertex" means equal numbers and survives
every later transformation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray


def on_lattice(shapes: NDArray) -> NDArray:
    """The shapes with coordinates rounded to the millimetre."""
    return shapely.transform(shapes, lambda xy: np.round(xy, 3))


def ends(lines: NDArray) -> NDArray:
    """(2 n, 2) first points of all lines, then last points."""
    return np.vstack(
        [
            shapely.get_coordinates(shapely.get_point(lines, 0)),
            shapely.get_coordinates(shapely.get_point(lines, -1)),
        ]
    )


def insert_vertices(lines: NDArray, which: NDArray, xy: NDArray) -> NDArray:
    """Lines with the points `xy` (n, 2) made vertices of lines[which]; points lie on them."""
    if len(which) == 0:
        return lines
    coords, index = shapely.get_coordinates(lines, return_index=True)
    step = np.zeros(len(coords))
    step[1:] = np.hypot(*np.diff(coords, axis=0).T) * (index[1:] == index[:-1])
    measure = np.cumsum(step)
    first = np.searchsorted(index, np.arange(len(lines)))
    measure -= measure[first][index]
    at = shapely.line_locate_point(lines[which], shapely.points(xy))
    all_index = np.concatenate([index, which])
    all_measure = np.concatenate([measure, at])
    all_xy = np.vstack([coords, xy])
    order = np.lexsort((all_measure, all_index))
    all_index, all_xy = all_index[order], all_xy[order]
    keep = np.ones(len(order), bool)
    keep[1:] = (all_index[1:] != all_index[:-1]) | (np.abs(np.diff(all_xy, axis=0)).max(axis=1) > 0)
    return shapely.linestrings(all_xy[keep], indices=all_index[keep])


def node_at_ends(lines: NDArray, tolerance_m: float = 0.2) -> NDArray:
    """Lines with a vertex wherever another line ends on them. Lines are on the lattice."""
    xy = np.unique(ends(lines), axis=0)
    points = shapely.points(xy)
    point, line = shapely.STRtree(lines).query(points, predicate="dwithin", distance=tolerance_m)
    return insert_vertices(lines, line, xy[point])


def node_at_crossings(lines: NDArray) -> NDArray:
    """Lines with shared vertices wherever two of them cross."""
    a, b = shapely.STRtree(lines).query(lines, predicate="crosses")
    a, b = a[a < b], b[a < b]
    places, pair = shapely.get_parts(
        on_lattice(shapely.intersection(lines[a], lines[b])), return_index=True
    )
    point = shapely.get_type_id(places) == 0
    xy, pair = shapely.get_coordinates(places[point]), pair[point]
    which = np.concatenate([a[pair], b[pair]])
    return insert_vertices(lines, which, np.concatenate([xy, xy]))


def cut_at_vertices(lines: NDArray, cut: NDArray) -> tuple[NDArray, NDArray]:
    """Lines cut at the vertices flagged in `cut` (one per coordinate); and each piece's line."""
    coords, index = shapely.get_coordinates(lines, return_index=True)
    inner = np.zeros(len(coords), bool)
    inner[1:-1] = (index[1:-1] == index[:-2]) & (index[1:-1] == index[2:])
    cut = cut & inner
    # A cut vertex ends one piece and starts the next: it appears twice.
    repeat = np.where(cut, 2, 1)
    source = np.repeat(np.arange(len(coords)), repeat)
    second = np.concatenate([[False], source[1:] == source[:-1]])
    new_line = np.concatenate([[True], index[source][1:] != index[source][:-1]])
    piece = np.cumsum(second | new_line) - 1
    pieces = shapely.linestrings(coords[source], indices=piece)
    return pieces, index[source][np.searchsorted(piece, np.arange(piece[-1] + 1))]


@dataclass(frozen=True)
class Graph:
    """The network of noded lines: nodes where lines meet or end, edges between them.

    nodes: (n, 2) [m]; degree: (n,) edges at each node; start, end: (m,) node of each edge;
    edges: (m,) line strings; line: (m,) the line each edge is part of.
    """

    nodes: NDArray
    degree: NDArray
    start: NDArray
    end: NDArray
    edges: NDArray
    line: NDArray

    @property
    def length(self) -> NDArray:
        """Length of each edge [m]."""
        return shapely.length(self.edges)


def vertex_ids(lines: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """(id per coordinate, unique (n, 2) coordinates, line index per coordinate)."""
    coords, index = shapely.get_coordinates(lines, return_index=True)
    grid = np.round(coords * 1000).astype(np.int64)
    key = (grid[:, 0] << 32) + grid[:, 1]
    _, first, ids = np.unique(key, return_index=True, return_inverse=True)
    return ids, coords[first], index


def graph_of(lines: NDArray) -> Graph:
    """The graph of lines that share vertices where they meet."""
    ids, unique, index = vertex_ids(lines)
    count = np.bincount(ids, minlength=len(unique))
    is_end = np.ones(len(ids), bool)
    is_end[1:-1] = (index[1:-1] != index[:-2]) | (index[1:-1] != index[2:])
    node = count > 1
    node[ids[is_end]] = True
    edges, line = cut_at_vertices(lines, node[ids])
    number = np.cumsum(node) - 1
    edge_ids, edge_unique, edge_index = vertex_ids(edges)
    del edge_unique  # the same coordinates in the same order as `unique`
    begin = np.searchsorted(edge_index, np.arange(len(edges)))
    finish = np.concatenate([begin[1:], [len(edge_index)]]) - 1
    start, end = number[edge_ids[begin]], number[edge_ids[finish]]
    degree = np.bincount(np.concatenate([start, end]), minlength=int(node.sum()))
    return Graph(unique[node], degree, start, end, edges, line)


def main_component(lines: NDArray) -> NDArray:
    """Flags of the lines that belong to the largest connected network (by length)."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    ids, unique, index = vertex_ids(lines)
    first = ids[np.searchsorted(index, np.arange(len(lines)))]
    links = coo_matrix((np.ones(len(ids), np.int8), (first[index], ids)), shape=(len(unique),) * 2)
    _, label = connected_components(links, directed=False)
    of_line = label[first]
    size = np.bincount(of_line, weights=shapely.length(lines))
    return of_line == int(size.argmax())
