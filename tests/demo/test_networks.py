"""Pipes fall, water reaches the river, devices stand where their names say."""

from __future__ import annotations

import numpy as np
import shapely
from scipy.spatial import cKDTree


def test_drains_fall_and_join(city):
    drains = city.layers["drains"]
    up, down = (drains.columns[k].astype(float) for k in ("invert_up_m", "invert_down_m"))
    assert (up > down).all()
    head = shapely.get_coordinates(shapely.get_point(drains.geometry, 0))
    foot = shapely.get_coordinates(shapely.get_point(drains.geometry, -1))
    starts: dict[tuple[float, float], list[int]] = {}
    for i, place in enumerate(map(tuple, head)):
        starts.setdefault(place, []).append(i)
    outfalls = {tuple(p) for p in shapely.get_coordinates(city.layers["outfalls"].geometry)}
    trunk = {}
    for i, place in enumerate(map(tuple, foot)):
        if place in outfalls:
            continue
        lower = [up[j] for j in starts[place]]
        assert min(lower) <= down[i] + 1e-9  # it goes on from here, no higher than it came
        trunk[i] = min(starts[place], key=lambda j: up[j])
    assert len(trunk) + len(outfalls) == len(drains)


def test_drains_lie_under_the_ground(city, metric):
    drains = city.layers["drains"].columns
    heads = shapely.get_coordinates(shapely.get_point(metric("drains"), 0))
    assert (ground_at(city, heads) - drains["invert_up_m"].astype(float) > 0.7).mean() > 0.99


def ground_at(city, xy):
    a, _, c, _, e, f = city.grid.transform
    return city.dem[((xy[:, 1] - f) / e).astype(int), ((xy[:, 0] - c) / a).astype(int)]


def test_outfalls_lie_at_water(city, metric):
    water = shapely.union_all(metric("water_bodies"))
    assert shapely.distance(metric("outfalls"), water).max() < 12


def test_signals_stand_at_the_intersections_they_name(city, metric):
    junctions, signals = city.layers["intersections"], city.layers["signals"]
    known = dict(zip(junctions.columns["name"], metric("intersections"), strict=True))
    assert " – " in signals.columns["intersection_name"][0]
    xy = shapely.get_coordinates(metric("signals"))
    gap, row = cKDTree(shapely.get_coordinates(metric("intersections"))).query(xy)
    assert gap.max() < 0.01
    assert (junctions.columns["name"][row] == signals.columns["intersection_name"]).all()
    roads = city.layers["roads"].columns["name"]
    for name, place in zip(signals.columns["intersection_name"], metric("signals"), strict=True):
        assert name in known
        for street in name.split(" – "):
            assert shapely.distance(metric("roads")[roads == street], place).min() < 0.01


def test_cameras_look_along_a_street(city, metric):
    bearing = np.radians(city.layers["cameras"].columns["bearing_deg"].astype(float))
    xy = shapely.get_coordinates(metric("cameras"))
    ahead = xy + 25.0 * np.column_stack([np.sin(bearing), np.cos(bearing)])
    roads = shapely.union_all(metric("roads"))
    assert (shapely.distance(shapely.points(ahead), roads) < 14).mean() > 0.9


def test_lamps_follow_the_streets(city, metric):
    lamps = shapely.get_coordinates(metric("lamps"))
    gap = cKDTree(lamps).query(lamps, k=2)[0][:, 1]
    assert 25 < np.median(gap) < 45
    width = city.layers["roads"].columns["width_m"].astype(float)
    _, away = shapely.STRtree(metric("roads")).query_nearest(
        metric("lamps"), return_distance=True, all_matches=False
    )
    assert away.max() < width.max()
    assert city.layers["lighting_cabinets"].columns["lamps_fed"].sum() == len(lamps)


def test_sensors_have_a_plausible_week(city):
    sensors, seen = city.layers["sensors"], city.observations
    kind = dict(zip(sensors.source_id, sensors.columns["kind"], strict=True))
    kinds = np.array([kind[s] for s in seen.sensor])
    assert set(kinds) == {"rain", "water_level", "air", "traffic", "noise"}
    assert np.isfinite(seen.value).all()
    assert seen.ts.max() - seen.ts.min() <= np.timedelta64(7, "D")
    assert (seen.value[kinds == "rain"] >= 0).all()
    assert seen.value[kinds == "rain"].max() > 1
    hour = (seen.ts.astype("datetime64[h]").astype(int) + 7) % 24
    traffic = kinds == "traffic"
    rush, night = (
        seen.value[traffic & (hour == 17)].mean(),
        seen.value[traffic & (hour == 2)].mean(),
    )
    assert rush > 5 * night
    level = sensors.columns["kind"] == "water_level"
    alarms = np.stack([sensors.columns[f"alarm_{i}"][level].astype(float) for i in (1, 2, 3)])
    assert (np.diff(alarms, axis=0) > 0).all()


def test_the_week_moves_with_its_end_and_keeps_its_values(city):
    import datetime as dt

    from tests.demo.conftest import END
    from twin.demo.city import generate

    first = generate(3, 600, end=END).observations
    later = generate(3, 600, end=END + dt.timedelta(days=2)).observations
    assert (later.ts - first.ts == np.timedelta64(2, "D")).all()
    assert np.array_equal(first.value, later.value)
