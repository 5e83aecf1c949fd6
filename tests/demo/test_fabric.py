"""Streets hang together, lots and houses keep off them and off each other."""

from __future__ import annotations

import numpy as np
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components


def overlaps(shapes, least_m2):
    """Pairs of shapes that share more than `least_m2`."""
    a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    a, b = a[a < b], b[a < b]
    area = shapely.area(shapely.intersection(shapes[a], shapes[b]))
    return int((area > least_m2).sum())


def corridors(city, metric, share):
    width = city.layers["roads"].columns["width_m"].astype(float)
    return shapely.buffer(metric("roads"), width / 2 * share, cap_style="flat")


def test_no_building_overlaps_another(metric):
    assert overlaps(metric("buildings"), 0.02) == 0


def test_no_building_stands_on_a_carriageway(city, metric):
    houses = metric("buildings")
    hits = shapely.STRtree(houses).query(corridors(city, metric, 1.0), predicate="intersects")
    assert hits.shape[1] == 0


def test_no_building_stands_in_water(city, metric):
    hits = shapely.STRtree(metric("buildings")).query(
        metric("water_bodies"), predicate="intersects"
    )
    assert hits.shape[1] == 0


def test_every_building_lies_in_a_parcel(metric):
    parcels = shapely.buffer(metric("parcels"), 0.02)
    building, _ = shapely.STRtree(parcels).query(metric("buildings"), predicate="within")
    assert len(np.unique(building)) == len(metric("buildings"))


def test_parcels_do_not_overlap_and_keep_to_their_ward(city, metric):
    parcels = metric("parcels")
    assert overlaps(parcels, 0.5) == 0
    a, b = shapely.STRtree(parcels).query(parcels, predicate="overlaps")
    shared = shapely.area(shapely.intersection(parcels[a], parcels[b])).sum() / 2
    assert shared < 1e-5 * shapely.area(parcels).sum()
    name = city.layers["wards"].columns["name"]
    commune = city.layers["parcels"].columns["former_commune"]
    ward = dict(zip(name.tolist(), metric("wards"), strict=True))
    grown = np.array([shapely.buffer(ward[c], 0.05) for c in np.unique(commune)], object)
    shapely.prepare(grown)
    mine = grown[np.searchsorted(np.unique(commune), commune)]
    assert shapely.covers(mine, parcels).all()


def test_parcels_are_unique_by_commune_sheet_and_number(city):
    columns = city.layers["parcels"].columns
    keys = list(
        zip(columns["former_commune"], columns["map_sheet"], columns["parcel_number"], strict=True)
    )
    assert len(set(keys)) == len(keys)
    measured = columns["measured_area_m2"].astype(float)
    legal = columns["legal_area_m2"].astype(float)
    assert (np.abs(legal / measured - 1) < 0.1).all()
    assert 0.3 < (legal != measured).mean() < 0.6


def test_streets_share_vertices_and_hang_together(city):
    roads = city.layers["roads"].geometry
    coords, index = shapely.get_coordinates(roads, return_index=True)
    _, vertex = np.unique(coords, axis=0, return_inverse=True)
    size = vertex.max() + 1 + len(roads)
    links = coo_matrix(
        (np.ones(len(vertex)), (vertex, index + vertex.max() + 1)), shape=(size, size)
    )
    count, _ = connected_components(links, directed=False)
    assert count == 1


def test_streets_cross_only_at_shared_vertices(metric):
    roads = metric("roads")
    a, b = shapely.STRtree(roads).query(roads, predicate="crosses")
    a, b = a[a < b], b[a < b]
    places = shapely.get_coordinates(shapely.intersection(roads[a], roads[b]))
    vertices = shapely.points(shapely.get_coordinates(roads))
    _, gap = shapely.STRtree(vertices).query_nearest(shapely.points(places), return_distance=True)
    assert (gap < 0.01).all()


def test_bridges_carry_the_roads_over_the_river(city, metric):
    columns = city.layers["roads"].columns
    bridge = columns["bridge"].astype(bool)
    assert (columns["level"][bridge] == 1).all()
    river = metric("rivers")[list(city.layers["rivers"].columns["name"]).index("Sông Hiếu")]
    over = shapely.crosses(metric("roads"), river)
    assert over.sum() >= 3
    assert bridge[over].all()
    assert not shapely.intersects(metric("roads")[~bridge], metric("water_bodies")[0]).any()


def test_the_street_plan_is_no_chessboard(metric):
    """Directions of streets, folded to a quarter turn, spread over all angles."""
    coords, index = shapely.get_coordinates(metric("roads"), return_index=True)
    step = np.diff(coords, axis=0)[index[1:] == index[:-1]]
    angle = np.degrees(np.arctan2(step[:, 1], step[:, 0])) % 90
    share, _ = np.histogram(angle, bins=9, range=(0, 90), weights=np.hypot(*step.T), density=True)
    assert (share * 10).max() < 0.32
    assert (share * 10).min() > 0.004
