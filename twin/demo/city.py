"""The synthetic city: from (seed, buildings) to tables of all layers, terrain and observations.

Modelled on Đông Hà (Quảng Trị): its place, its nine former wards, a river like the Hiếu. Everything
in it is invented. Pure numpy and shapely: no database, the same seed gives the same city.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.core.grid import Grid
from twin.demo import networks, planning, streetside, waste, water
from twin.demo.buildings import build_buildings
from twin.demo.districts import build_districts
from twin.demo.drainage import build_drainage
from twin.demo.ground import Relief, build_ground
from twin.demo.lots import build_lots
from twin.demo.parcels import build_parcels, cadastre, choose_built
from twin.demo.plan import CENTER_LONLAT, CRS, DATUM, Plan
from twin.demo.ponds import build_ponds
from twin.demo.river import BASEFLOW_M3_S, MANNING, River
from twin.demo.sensors import Observations, build_sensors, last_midnight
from twin.demo.served import build_junctions, build_service
from twin.demo.skeleton import build_skeleton
from twin.demo.tables import Table, table
from twin.demo.wards import CODES, WARD_NAMES, build_wards

PROVINCE = "Quảng Trị"
PEOPLE_PER_HOUSE = 3.7


@dataclass(frozen=True)
class Baseflow:
    """What the river carries before any storm, and where it enters.

    lon, lat: the place in the channel at the western edge; x, y: the same in the terrain's CRS;
    line: (n, 2) longitude, latitude of the river's course, downstream.
    level: (rows, cols) water level [m above datum] of the terrain's grid, NaN where dry; it is in
    balance with `discharge_m3_s` and Manning's `manning`, so a run that starts from it (initial
    level) with this inflow stays about as it is until rain comes.
    """

    name: str
    lon: float
    lat: float
    x: float
    y: float
    discharge_m3_s: float
    manning: float
    line: NDArray
    level: NDArray


@dataclass(frozen=True)
class City:
    """All that the generator makes. Geometry in EPSG:4326, terrain in `grid.crs`."""

    seed: int
    buildings: int
    name: dict[str, str]
    center: tuple[float, float]
    bounds: tuple[float, float, float, float]
    crs: str
    datum: str
    layers: dict[str, Table]
    dem: NDArray
    grid: Grid
    baseflow: Baseflow
    observations: Observations


def generate(
    seed: int = 1,
    buildings: int = 15_000,
    *,
    end: dt.datetime | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> City:
    """Make the city. `end` closes the week of observations (the last midnight in Vietnam).

    Raises BadInput for a seed or a number of buildings out of range.
    """
    plan = Plan(seed, buildings)
    say = progress or (lambda _fraction, _message: None)
    say(0.0, "river and main roads")
    river = River(plan)
    skeleton = build_skeleton(plan, river)
    districts = build_districts(plan, river, skeleton)
    wards = build_wards(plan, river, districts.cells)
    relief = Relief(plan, river)
    ponds, pond_names = build_ponds(plan, river, relief, districts)
    say(0.1, "streets and lots")
    lots, streets = build_lots(plan, river, skeleton, districts)
    lots, built = choose_built(plan, lots, streets)
    say(0.45, "parcels and buildings")
    parcels = build_parcels(plan, river, relief, districts, lots, built, streets, ponds)
    houses = build_buildings(plan, lots, built, parcels.land_use, streets, wards)
    house_xy = shapely.get_coordinates(shapely.point_on_surface(houses.shape))
    say(0.6, "terrain")
    ground = build_ground(plan, river, relief, districts, streets, ponds)
    say(0.75, "networks")
    service = build_service(streets, lots, built)
    junctions = build_junctions(service)
    drainage = build_drainage(plan, river, ground, service)
    zones, zone_shapes, zone_uses = planning.zone_table(plan, river, skeleton, streets, parcels)
    sensors, observations = build_sensors(plan, river, service, junctions, end or last_midnight())

    people = np.bincount(
        wards.of_cell[lots.cell[houses.lot]],
        weights=houses.columns["use"] == "residential",
        minlength=len(WARD_NAMES),
    )
    population = np.round(people * PEOPLE_PER_HOUSE).astype(int)
    say(0.85, "tables")
    layers = {
        "city": table(
            plan, "city", np.array([skeleton.limit], object), name="Đông Hà (mô phỏng)", code="DH"
        ),
        "wards": table(
            plan,
            "ward",
            wards.areas,
            name=WARD_NAMES,
            code=CODES,
            province=PROVINCE,
            former=np.ones(len(WARD_NAMES), bool),
            population=population,
        ),
        **water.water_tables(plan, river, ponds, pond_names),
        "land_use_zones": zones,
        "parcels": table(plan, "parcel", parcels.shape, **cadastre(plan, parcels, wards)),
        "buildings": table(plan, "building", houses.shape, **houses.columns),
        "roads": streetside.road_table(plan, streets),
        **streetside.junction_tables(plan, service, junctions),
        "bus_stops": streetside.bus_table(plan, service),
        **networks.drainage_tables(plan, river, drainage),
        **networks.water_tables(plan, service),
        **networks.power_tables(plan, service),
        **networks.telecom_tables(plan, service, house_xy),
        **streetside.lamp_tables(plan, service),
        **waste.waste_tables(plan, service),
        "cameras": streetside.camera_table(plan, service, junctions),
        "sensors": sensors,
        "development_projects": planning.project_table(plan, zone_shapes, zone_uses, wards),
        "construction_permits": planning.permit_table(plan, house_xy, houses.columns["levels"]),
    }
    h = plan.half_m
    corners = plan.lonlat(np.array([(-h, -h), (-h, h), (h, -h), (h, h)]))
    west, south = corners.min(axis=0)
    east, north = corners.max(axis=0)
    say(1.0, "city ready")
    return City(
        seed,
        buildings,
        {"en": "Đông Hà (synthetic)", "vi": "Đông Hà (mô phỏng)"},
        CENTER_LONLAT,
        (float(west), float(south), float(east), float(north)),
        CRS,
        DATUM,
        layers,
        ground.bed,
        ground.grid,
        _baseflow(plan, river, ground.level, ground.grid),
        observations,
    )


def _baseflow(plan: Plan, river: River, level: NDArray, grid: Grid) -> Baseflow:
    x = -plan.half_m + 2.5 * plan.cell_m
    y = float(river.course(x))
    lon, lat = plan.lonlat(np.array([[x, y]]))[0]
    left, top = grid.transform[2], grid.transform[5]
    return Baseflow(
        "Sông Hiếu",
        float(lon),
        float(lat),
        left + x + plan.half_m,
        top - plan.half_m + y,
        BASEFLOW_M3_S,
        MANNING,
        plan.lonlat(river.offset_line(0.0)),
        level,
    )
