"""Utilities beside the drains: water, power and telecom along the streets, as tables of layers."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.demo.drainage import Drainage
from twin.demo.names import OPERATORS
from twin.demo.plan import Plan
from twin.demo.river import River, spline
from twin.demo.road_classes import CARRIAGEWAY_M, RESIDENTIAL, SECONDARY, TERTIARY
from twin.demo.served import Service, spread, stations, stations_at
from twin.demo.tables import Table, codes, table

WATER_SHIFT_M = np.array([-1.0, 0.7])
MAIN_MM = np.array([300, 250, 200, 110, 63])


def drainage_tables(plan: Plan, river: River, drainage: Drainage) -> dict[str, Table]:
    """Drains, manholes, outfalls; pumps at the lowest outfalls."""
    d = drainage
    box = d.kind == "culvert"
    ground_over_level = d.outfall_invert - river.level(d.outfalls[:, 0])
    count = min(max(3, round(8 * plan.scale)), len(d.outfalls))
    low = np.sort(np.argsort(ground_over_level, kind="stable")[:count])
    level = river.level(d.outfalls[low, 0])
    rng = plan.rng("pumps")
    return {
        "drains": table(
            plan,
            "drain",
            d.lines,
            code=codes("TN", len(d.lines)),
            diameter_mm=d.diameter_mm.astype(float),
            material=np.where(box | (d.diameter_mm >= 800), "BTCT", "HDPE").astype(object),
            invert_up_m=np.round(d.invert_up, 3),
            invert_down_m=np.round(d.invert_down, 3),
            kind=d.kind,
        ),
        "manholes": table(
            plan,
            "manhole",
            d.manholes,
            code=codes("HG", len(d.manholes)),
            cover_m=np.round(d.manhole_cover, 2),
            invert_m=np.round(d.manhole_invert, 3),
        ),
        "outfalls": table(
            plan,
            "outfall",
            d.outfalls,
            code=codes("CX", len(d.outfalls)),
            invert_m=np.round(d.outfall_invert, 3),
        ),
        "pumps": table(
            plan,
            "pump",
            d.outfalls[low] + 4.0,
            code=codes("TB", count),
            name=[f"Trạm bơm tiêu úng {i + 1}" for i in range(count)],
            capacity_m3_s=rng.choice([0.5, 1.0, 1.5, 2.5], count),
            level_on_m=np.round(level + 1.1, 2),
            level_off_m=np.round(level + 0.4, 2),
        ),
    }


def water_tables(plan: Plan, service: Service) -> dict[str, Table]:
    """Mains under the served streets and over the bridges, valves at their heads, hydrants."""
    rng = plan.rng("water")
    graph = service.graph
    middle = shapely.get_coordinates(
        shapely.line_interpolate_point(graph.edges, 0.5, normalized=True)
    )
    trunk = (service.road_class <= SECONDARY) & (plan.urbanity(middle[:, 0], middle[:, 1]) > 0.15)
    edges = np.flatnonzero(service.served | trunk)
    road = service.road_class[edges]
    lines = shapely.transform(graph.edges, lambda xy: xy + WATER_SHIFT_M)
    main = edges[(road <= TERTIARY) & (graph.length[edges] > 30)]
    valves = stations_at(lines, main, np.full(len(main), 5.0))
    hydrants = stations(lines, edges[(road <= RESIDENTIAL) & (graph.length[edges] > 60)], 160.0)
    side = CARRIAGEWAY_M[service.road_class[hydrants.edge]] / 2 + 0.5
    return {
        "water_mains": table(
            plan,
            "main",
            lines[edges],
            code=codes("CN", len(edges)),
            diameter_mm=MAIN_MM[road].astype(float),
            material=np.where(MAIN_MM[road] >= 200, "gang dẻo", "HDPE").astype(object),
            installed_year=rng.integers(1994, 2025, len(edges)),
            depth_m=np.round(rng.uniform(0.7, 1.3, len(edges)), 2),
        ),
        "water_valves": table(
            plan,
            "valve",
            valves.xy,
            code=codes("VN", len(main)),
            diameter_mm=MAIN_MM[service.road_class[main]].astype(float),
            state=np.where(rng.random(len(main)) < 0.03, "closed", "open").astype(object),
        ),
        "hydrants": table(
            plan,
            "hydrant",
            hydrants.beside(side),
            code=codes("TCC", len(hydrants.edge)),
            flow_l_s=np.round(rng.uniform(5, 20, len(hydrants.edge)), 1),
        ),
    }


def power_tables(plan: Plan, service: Service) -> dict[str, Table]:
    """A 110 kV line past the city, 22 kV along main streets, 0.4 kV to the houses, transformers."""
    rng = plan.rng("power")
    h, graph = plan.half_m, service.graph
    high = spline(
        np.array([(-0.92, -0.74), (-0.5, -0.82), (0.1, -0.7), (0.45, -0.76), (0.9, -0.2)]) * h,
        250.0,
    )
    edges = np.flatnonzero(service.served)
    road = service.road_class[edges]
    middle = shapely.get_coordinates(
        shapely.line_interpolate_point(graph.edges[edges], 0.5, normalized=True)
    )
    central = plan.urbanity(middle[:, 0], middle[:, 1]) > 0.86
    medium = road <= TERTIARY
    left = shapely.transform(graph.edges[edges], lambda xy: xy + np.array([1.9, 1.4]))
    main = edges[medium]
    count = max(1, plan.buildings // 75)
    step = max(graph.length[main].sum() / count, 30.0)
    places = stations(graph.edges, main, step)
    beside = places.beside(-(CARRIAGEWAY_M[service.road_class[places.edge]] / 2 + 1.2))
    return {
        "power_lines": table(
            plan,
            "power",
            np.concatenate([[shapely.linestrings(high)], left]),
            code=codes("DD", len(edges) + 1),
            voltage_kv=np.concatenate([[110.0], np.where(medium, 22.0, 0.4)]),
            kind=np.concatenate(
                [["overhead"], np.where(medium & central, "underground", "overhead")]
            ).astype(object),
        ),
        "transformers": table(
            plan,
            "transformer",
            beside,
            code=codes("TBA", len(beside)),
            rating_kva=rng.choice([160.0, 250.0, 400.0, 630.0], len(beside)),
        ),
    }


def telecom_tables(plan: Plan, service: Service, building_xy: NDArray) -> dict[str, Table]:
    """Fiber along main streets, copper in the older quarters, base stations on roofs."""
    rng = plan.rng("telecom")
    graph = service.graph
    edges = np.flatnonzero(service.served & (service.road_class <= RESIDENTIAL))
    road = service.road_class[edges]
    keep = (road <= TERTIARY) | (rng.random(len(edges)) < 0.5)
    edges, road = edges[keep], road[keep]
    lines = shapely.transform(graph.edges[edges], lambda xy: xy + np.array([-1.9, -1.4]))
    count = max(3, plan.buildings // 420)
    roofs = spread(building_xy, rng.permutation(len(building_xy))[: 12 * count], count, 180.0)
    return {
        "telecom_lines": table(
            plan,
            "telecom",
            lines,
            code=codes("CQ", len(edges)),
            kind=np.where(
                road <= TERTIARY, "fiber", np.where(rng.random(len(edges)) < 0.4, "copper", "fiber")
            ).astype(object),
            operator=rng.choice(np.array(OPERATORS, object), len(edges), p=[0.45, 0.4, 0.15]),
        ),
        "base_stations": table(
            plan,
            "bts",
            building_xy[roofs],
            code=codes("BTS", len(roofs)),
            operator=rng.choice(np.array(OPERATORS, object), len(roofs)),
            height_m=rng.choice([18.0, 24.0, 36.0, 42.0], len(roofs)),
        ),
    }
