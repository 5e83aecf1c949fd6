"""Waste: bins along the streets, transfer stations, and the rounds of the collection vehicles."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from twin.demo.plan import Plan
from twin.demo.road_classes import CARRIAGEWAY_M, RESIDENTIAL
from twin.demo.served import Service, stations
from twin.demo.tables import Table, codes, table

STOPS_A_ROUND, MOST_ROUNDS = 9, 120


def waste_tables(plan: Plan, service: Service) -> dict[str, Table]:
    """Collection points and routes; every route starts and ends at the same station."""
    rng = plan.rng("waste")
    graph = service.graph
    edges = np.flatnonzero(
        service.served & (service.road_class <= RESIDENTIAL) & (graph.length > 30)
    )
    places = stations(graph.edges, edges, 210.0)
    xy = places.beside(-(CARRIAGEWAY_M[service.road_class[places.edge]] / 2 + 0.6))
    is_station = np.zeros(len(xy), bool)
    is_station[rng.permutation(len(xy))[: max(2, len(xy) // 90)]] = True
    routes = _rounds(plan, service, xy, rng)
    count = len(routes)
    return {
        "waste_points": table(
            plan,
            "waste",
            xy,
            code=codes("RT", len(xy)),
            capacity_l=np.where(is_station, 12000.0, rng.choice([240.0, 660.0], len(xy))),
            kind=np.where(is_station, "station", "bin").astype(object),
        ),
        "waste_routes": table(
            plan,
            "route",
            routes,
            code=codes("TR", count),
            vehicle=[f"74C-{10000 + 37 * i:05d}" for i in range(count)],
            shift=np.array(["morning", "afternoon", "night"], object)[np.arange(count) % 3],
        ),
    }


def _rounds(plan: Plan, service: Service, xy: NDArray, rng: np.random.Generator) -> NDArray:
    """One closed round on the streets for each cluster of points."""
    graph = service.graph
    size = (len(graph.nodes),) * 2
    lookup = _edge_lookup(service)
    pairs = np.array(list(lookup))
    length = np.maximum(graph.length[list(lookup.values())], 0.1)
    weights = coo_matrix((length, (pairs[:, 0], pairs[:, 1])), shape=size).tocsr()
    count = int(np.clip(len(xy) // (3 * STOPS_A_ROUND), 2, MOST_ROUNDS))
    _, cluster = kmeans2(xy, count, seed=rng, minit="++", iter=8)
    tree = cKDTree(graph.nodes)
    rounds = []
    for k in range(count):
        members = np.flatnonzero(cluster == k)
        if len(members) < 3:
            continue
        stops = xy[rng.permutation(members)[:STOPS_A_ROUND]]
        middle = stops.mean(axis=0)
        stops = stops[np.argsort(np.arctan2(*(stops - middle).T), kind="stable")]
        nodes = tree.query(stops)[1]
        nodes = np.append(nodes, nodes[0])
        _, before = dijkstra(
            weights, indices=np.unique(nodes), return_predecessors=True, limit=8000.0
        )
        row = {n: i for i, n in enumerate(np.unique(nodes).tolist())}
        used: dict[int, None] = {}
        for start, stop in zip(nodes[:-1].tolist(), nodes[1:].tolist(), strict=True):
            here = stop
            while here != start and before[row[start], here] >= 0:
                previous = int(before[row[start], here])
                used[lookup[(previous, here)]] = None
                here = previous
        if used:
            rounds.append(
                shapely.line_merge(shapely.multilinestrings(list(graph.edges[list(used)])))
            )
    return np.array(rounds, object)


def _edge_lookup(service: Service) -> dict[tuple[int, int], int]:
    """The shortest edge between two nodes, in both directions."""
    graph = service.graph
    found: dict[tuple[int, int], int] = {}
    order = np.argsort(-graph.length, kind="stable")
    for e, a, b in zip(
        order.tolist(), graph.start[order].tolist(), graph.end[order].tolist(), strict=True
    ):
        found[(a, b)] = found[(b, a)] = e
    return found
