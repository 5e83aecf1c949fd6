"""Things along the streets: roads, junctions, signals, bus stops, lamps, cabinets and cameras."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twin.demo.plan import Plan
from twin.demo.road_classes import (
    CARRIAGEWAY_M,
    CLASS_NAMES,
    RESIDENTIAL,
    SECONDARY,
    SERVICE,
    TERTIARY,
)
from twin.demo.served import Junctions, Service, spread, stations, stations_at
from twin.demo.streets import Streets
from twin.demo.tables import Table, codes, table

SIGNALS, CAMERAS = 40, 60
LANES = np.array([4.0, 2.0, 2.0, 2.0, 1.0])


def road_table(plan: Plan, streets: Streets) -> Table:
    """The street network; ways share vertices where they meet."""
    road = streets.road_class
    return table(
        plan,
        "road",
        streets.lines,
        name=streets.name,
        highway_class=CLASS_NAMES[road],
        lanes=LANES[road],
        width_m=CARRIAGEWAY_M[road],
        oneway=np.zeros(len(road), bool),
        bridge=streets.bridge,
        tunnel=np.zeros(len(road), bool),
        level=streets.bridge.astype(int),
        surface=np.where(road <= TERTIARY, "asphalt", "concrete").astype(object),
    )


def main_junctions(plan: Plan, service: Service, junctions: Junctions, count: int) -> NDArray:
    """Indices of the `count` weightiest junctions, 110 m apart; the central ones first."""
    xy = service.graph.nodes[junctions.node]
    score = junctions.weight - 2.2 * plan.urbanity(xy[:, 0], xy[:, 1])
    eligible = np.flatnonzero(junctions.weight <= TERTIARY + RESIDENTIAL)
    order = eligible[np.argsort(score[eligible], kind="stable")]
    return spread(xy, order, count, 110.0)


def junction_tables(plan: Plan, service: Service, junctions: Junctions) -> dict[str, Table]:
    """Every named intersection; signals at the main ones."""
    nodes = service.graph.nodes
    main = main_junctions(plan, service, junctions, max(8, round(SIGNALS * plan.scale)))
    names = junctions.names
    return {
        "intersections": table(plan, "junction", nodes[junctions.node], name=names),
        "signals": table(
            plan,
            "signal",
            nodes[junctions.node[main]],
            code=codes("DTH", len(main)),
            name=[f"Nút {n}" for n in names[main]],
            intersection_name=names[main],
        ),
    }


def lamp_tables(plan: Plan, service: Service) -> dict[str, Table]:
    """Lamps about every 35 m along served streets (both sides of primary roads), cabinets."""
    rng = plan.rng("lamps")
    graph = service.graph
    edges = np.flatnonzero((service.served | service.bridge) & (graph.length > 12))
    places = stations(
        graph.edges, edges, np.where(service.road_class[edges] <= SECONDARY, 32.0, 36.0)
    )
    road = service.road_class[places.edge]
    offset = CARRIAGEWAY_M[road] / 2 + np.where(road == SERVICE, 0.15, 0.75)
    side = np.where(np.arange(len(road)) % 2 == 0, 1.0, -1.0)
    both = road == 0
    xy = np.concatenate(
        [places.beside(offset * side), places.take(both).beside(-(offset * side)[both])]
    )
    road = np.concatenate([road, road[both]])
    cabinets = _cabinets(plan, xy)
    fed = np.bincount(cKDTree(cabinets).query(xy)[1], minlength=len(cabinets))
    state = rng.choice(np.array(["on", "off", "fault"], object), len(xy), p=[0.96, 0.02, 0.02])
    return {
        "lamps": table(
            plan,
            "lamp",
            xy,
            code=codes("D", len(xy)),
            power_w=np.array([150.0, 120.0, 90.0, 60.0, 30.0])[road],
            kind=np.where(
                rng.random(len(xy)) < np.where(road <= TERTIARY, 0.85, 0.5), "led", "sodium"
            ).astype(object),
            state=state,
        ),
        "lighting_cabinets": table(
            plan, "cabinet", cabinets, code=codes("TCS", len(cabinets)), lamps_fed=fed
        ),
    }


def _cabinets(plan: Plan, lamps: NDArray) -> NDArray:
    """One cabinet beside a lamp for about 55 lamps."""
    tile = np.floor((lamps + plan.half_m) / 250.0).astype(int)
    order = np.lexsort((lamps[:, 0], np.where(tile[:, 1] % 2, -tile[:, 0], tile[:, 0]), tile[:, 1]))
    return lamps[order[27::55]] + 0.6


def bus_table(plan: Plan, service: Service) -> Table:
    """Stops along main roads, on both sides in turn."""
    rng = plan.rng("bus")
    graph = service.graph
    edges = np.flatnonzero(service.served & (service.road_class <= SECONDARY) & (graph.length > 40))
    places = stations(graph.edges, edges, 90.0)
    chosen = spread(places.xy, np.arange(len(places.edge)), len(places.edge), 260.0)
    places = places.take(chosen)
    side = np.where(np.arange(len(chosen)) % 2 == 0, -1.0, 1.0)
    street = service.name[places.edge]
    count: dict[str, int] = {}
    names = []
    for name in street.tolist():
        count[name] = count.get(name, 0) + 1
        names.append(f"Trạm {name} {count[name]}")
    return table(
        plan,
        "bus",
        places.beside(side * (CARRIAGEWAY_M[service.road_class[places.edge]] / 2 + 1.0)),
        name=names,
        code=codes("XB", len(chosen)),
        shelter=rng.random(len(chosen)) < 0.4,
    )


def camera_table(plan: Plan, service: Service, junctions: Junctions) -> Table:
    """Cameras on poles at main junctions, each looking along one of the streets."""
    rng = plan.rng("cameras")
    graph = service.graph
    count = max(12, round(CAMERAS * plan.scale))
    main = main_junctions(plan, service, junctions, max(8, round(SIGNALS * plan.scale)))
    pick = np.arange(count) % len(main)
    turn = np.arange(count) // len(main)
    node = junctions.node[main][pick]
    ends = np.concatenate([graph.start, graph.end])
    order = np.lexsort((np.concatenate([service.road_class] * 2), ends))
    first = np.searchsorted(ends[order], node)
    degree = graph.degree[node]
    chosen = order[first + turn % degree]
    edge = chosen % len(graph.edges)
    at_start = chosen < len(graph.edges)
    length = graph.length[edge]
    near = stations_at(
        graph.edges, edge, np.where(at_start, np.minimum(9.0, length), np.maximum(length - 9.0, 0))
    )
    direction = np.where(at_start[:, None], near.heading, -near.heading)
    right = np.column_stack([direction[:, 1], -direction[:, 0]])
    xy = near.xy + right * (CARRIAGEWAY_M[service.road_class[edge]] / 2 + 0.9)[:, None]
    bearing = np.degrees(np.arctan2(direction[:, 0], direction[:, 1])) % 360
    return table(
        plan,
        "camera",
        xy,
        code=codes("CAM", count),
        name=[f"{junctions.names[main[p]]} ({t + 1})" for p, t in zip(pick, turn, strict=True)],
        height_m=np.round(rng.uniform(6, 9, count), 1),
        bearing_deg=np.round(bearing, 1),
        state=np.where(rng.random(count) < 0.95, "online", "offline").astype(object),
    )
