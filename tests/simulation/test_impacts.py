"""Impacts: what PostGIS finds adds up with an independent computation by shapely."""

from __future__ import annotations

import uuid
from collections import defaultdict

import numpy as np
import pytest
import shapely
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.gis.geos import Polygon
from django.db import transaction
from scipy.ndimage import gaussian_filter

from layers.models import Building, Parcel, Road, Ward
from simulation import impacts
from simulation.impacts import CLASS_EDGES_M, Ground
from simulation.inputs import outline
from simulation.scenarios import Impact, Run, Scenario
from tests.simulation.storms import EPSG, NORTH, WEST, geos, grid_of
from twin.core.errors import NotLoggedIn
from twin.core.users import set_user

pytestmark = pytest.mark.django_db

ROWS, COLS, CELL = 60, 70, 10.0


def make_run(grid) -> Run:
    scenario = Scenario.objects.create(title="test", form={}, created_by="hoa")
    return Run.objects.create(
        scenario=scenario,
        title="test",
        requested_by="hoa",
        area=Polygon(outline(grid)),
        cell_m=grid.cell_size[0],
        duration_s=3600,
    )


class City:
    """Random features, their shapes in the model's CRS kept for the independent computation."""

    def __init__(self, count: int = 150):
        rng = np.random.default_rng(7)
        width, height = COLS * CELL, ROWS * CELL
        self.buildings, self.parcels, self.roads = {}, {}, {}
        for k in range(count):
            x, y = WEST + rng.uniform(0, width), NORTH - rng.uniform(0, height)
            parcel = shapely.affinity.rotate(shapely.box(x, y, x + 23, y + 17), rng.uniform(0, 90))
            building = shapely.buffer(parcel, -4)
            self.parcels[uuid.uuid4()] = parcel
            self.buildings[uuid.uuid4()] = building
            if k % 3 == 0:
                path = np.cumsum(rng.uniform(-60, 60, (5, 2)), axis=0) + np.array([x, y])
                self.roads[uuid.uuid4()] = shapely.LineString(path)
        Building.objects.bulk_create(
            Building(id=key, name=f"house {n}", geom=geos(shape, "area"))
            for n, (key, shape) in enumerate(self.buildings.items())
        )
        Parcel.objects.bulk_create(
            Parcel(
                id=key, former_commune="P", map_sheet=1, parcel_number=n, geom=geos(shape, "area")
            )
            for n, (key, shape) in enumerate(self.parcels.items())
        )
        Road.objects.bulk_create(
            Road(id=key, name=f"street {n}", geom=geos(shape, "line"))
            for n, (key, shape) in enumerate(self.roads.items())
        )
        across = shapely.LineString([(WEST, NORTH - height), (WEST + width, NORTH)])
        for raised in ({"bridge": True}, {"tunnel": True}, {"level": 1}):
            Road.objects.create(name="not on the ground", geom=geos(across, "line"), **raised)
        middle = WEST + width / 2
        self.wards = {
            "west": shapely.box(WEST - 50, NORTH - height - 50, middle, NORTH + 50),
            "east": shapely.box(middle, NORTH - height / 2, WEST + width + 50, NORTH + 50),
        }
        self.ward_ids = {}
        for name, shape in self.wards.items():
            self.ward_ids[name] = Ward.objects.create(name=name, geom=geos(shape, "area")).pk
        whole = shapely.box(WEST - 50, NORTH - height - 50, WEST + width + 50, NORTH + 50)
        Ward.objects.create(name="all", former=True, geom=geos(whole, "area"))

    def ward_of(self, place: shapely.Point) -> str | None:
        return next((name for name, area in self.wards.items() if area.covers(place)), None)


def flood() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    depth = gaussian_filter(rng.normal(0, 1, (ROWS, COLS)), 3) * 12
    depth = np.clip(depth, 0, None)
    depth[:3] = np.nan
    arrival = np.where(depth >= 0.1, 600 + 10 * np.arange(COLS), np.nan)
    left_out = np.zeros((ROWS, COLS), bool)
    left_out[20:25, 10:30] = True
    return depth, arrival, left_out


def wet_cells(depth, left_out):
    cells = []
    for i, j in zip(*np.nonzero((depth >= 0.1) & ~left_out), strict=True):
        x, y = WEST + j * CELL, NORTH - i * CELL
        cells.append((shapely.box(x, y - CELL, x + CELL, y), float(depth[i, j]), j))
    return cells


def class_of(depth: float) -> int:
    return max(k for k, edge in enumerate(CLASS_EDGES_M) if depth >= edge)


@pytest.fixture
def assessed():
    grid = grid_of(ROWS, COLS, CELL)
    city, run = City(), make_run(grid)
    depth, arrival, left_out = flood()
    with transaction.atomic():
        impacts.store(
            run=run, depth=depth, arrival=arrival, grid=grid, ground=Ground(left_out, EPSG)
        )
    cells = wet_cells(depth, left_out)
    tree = shapely.STRtree([box for box, *_ in cells])
    return city, run, cells, tree


def test_roads_add_up_by_ward_and_class(assessed):
    city, run, cells, tree = assessed
    expected: dict = defaultdict(float)
    for key, line in city.roads.items():
        for k in tree.query(line):
            box, depth, _ = cells[k]
            length = line.intersection(box).length
            if length:
                expected[key, city.ward_of(box.centroid), class_of(depth)] += length
    names = {pk: name for name, pk in city.ward_ids.items()} | {None: None}
    found = {
        (row.feature_id, names[row.ward_id], row.depth_class): row.length_m
        for row in Impact.objects.filter(run=run, layer="roads")
    }
    assert len(expected) > 50
    assert found.keys() == expected.keys()
    assert found == {key: pytest.approx(length, abs=0.02) for key, length in expected.items()}


def test_parcels_add_up_and_slivers_do_not_count(assessed):
    city, run, cells, tree = assessed
    expected: dict = {}
    for key, parcel in city.parcels.items():
        areas = np.zeros(len(CLASS_EDGES_M))
        for k in tree.query(parcel):
            areas[class_of(cells[k][1])] += parcel.intersection(cells[k][0]).area
        enough = np.cumsum(areas[::-1])[::-1] >= 0.05 * parcel.area
        if enough.any():
            expected[key] = (int(np.flatnonzero(enough & (areas > 0)).max()), areas)
    rows = list(Impact.objects.filter(run=run, layer="parcels"))
    assert {row.feature_id for row in rows} == expected.keys()
    assert len(expected) > 30
    for row in rows:
        counted, areas = expected[row.feature_id]
        assert row.area_m2 == pytest.approx(areas[row.depth_class], abs=0.05)
        assert row.deepest == (row.depth_class == counted)


def test_buildings_count_with_the_deepest_water_at_their_walls(assessed):
    city, run, cells, tree = assessed
    expected = {}
    for key, building in city.buildings.items():
        near = tree.query(building, predicate="dwithin", distance=CELL / 2)
        if len(near):
            expected[key] = (
                max(cells[k][1] for k in near),
                min(600 + 10 * cells[k][2] for k in near),
                city.ward_of(building.representative_point()),
            )
    rows = list(Impact.objects.filter(run=run, layer="buildings"))
    assert {row.feature_id for row in rows} == expected.keys()
    names = {pk: name for name, pk in city.ward_ids.items()} | {None: None}
    for row in rows:
        depth, arrival, ward = expected[row.feature_id]
        assert row.max_depth_m == pytest.approx(depth, abs=1e-4)
        assert row.depth_class == class_of(depth)
        assert row.arrival_s == arrival
        assert names[row.ward_id] == ward


def test_the_table_counts_each_feature_once_and_parcels_only_for_those_who_may_see_them(assessed):
    _, run, _, _ = assessed
    set_user("hoa", "a good password", roles=["flood_officer"])
    hoa = User.objects.get(username="hoa")
    current = impacts.table(run, hoa)
    former = impacts.table(run, hoa, "former")
    for rows in (current, former):
        for layer in impacts.LAYERS:
            ids = Impact.objects.filter(run=run, layer=layer).values("feature_id").distinct()
            assert sum(row["count"] for row in rows if row["layer"] == layer) == ids.count()
    assert {row["ward"] for row in current} == {"west", "east", None}
    assert {row["ward"] for row in former} == {"all"}
    stranger = impacts.table(run, AnonymousUser())
    assert {row["layer"] for row in stranger} == {"buildings", "roads"}
    with pytest.raises(NotLoggedIn):
        impacts.features(run, AnonymousUser(), "parcels", ward_id=None, min_class=0, wards=None)


def test_features_come_deepest_first_and_by_ward(assessed):
    city, run, _, _ = assessed
    everyone = AnonymousUser()
    found = impacts.features(run, everyone, "buildings", ward_id=None, min_class=0, wards=None)
    depths = [feature["max_depth_m"] for feature in found["features"]]
    assert depths == sorted(depths, reverse=True)
    assert found["total"] == len(depths) == Impact.objects.filter(layer="buildings").count()
    totals = {
        ward: impacts.features(
            run, everyone, "buildings", ward_id=str(ward), min_class=2, wards=None
        )
        for ward in [*city.ward_ids.values(), "none"]
    }
    assert sum(part["total"] for part in totals.values()) == sum(depth >= 0.5 for depth in depths)
    assert all(f["class"] >= 2 for part in totals.values() for f in part["features"])


def test_rows_go_with_their_run(assessed):
    _, run, _, _ = assessed
    assert Impact.objects.count() > 0
    run.delete()
    assert Impact.objects.count() == 0
