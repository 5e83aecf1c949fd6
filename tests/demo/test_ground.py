"""The river's bed falls, it carries its baseflow, levees stand over low land, hills over both."""

from __future__ import annotations

import numpy as np
import shapely

from twin.demo.plan import Plan
from twin.demo.river import BASEFLOW_M3_S, MANNING, River


def sampled(city, raster, line, step=12.0):
    a, _, c, _, e, f = city.grid.transform
    at = np.arange(15.0, line.length - 15.0, step)
    xy = shapely.get_coordinates(shapely.line_interpolate_point(line, at))
    return raster[((xy[:, 1] - f) / e).astype(int), ((xy[:, 0] - c) / a).astype(int)]


def test_the_river_falls_all_the_way(city, metric):
    bed = sampled(city, city.dem, metric("rivers")[0])
    assert (np.diff(bed) < 1e-3).all()
    assert 1.0 < bed[0] - bed[-1] < 3.0


def test_brooks_fall_to_the_river(city, metric):
    for line in metric("rivers")[1:]:
        bed = sampled(city, city.dem, line)
        assert bed[0] > bed[-1] + 0.3
        assert (np.maximum(np.diff(bed), 0)).max() < 0.15  # a cell beside the line, no dam


def test_the_river_is_wet_before_any_storm(city, metric):
    level = sampled(city, city.baseflow.level, metric("rivers")[0])
    bed = sampled(city, city.dem, metric("rivers")[0])
    assert np.isfinite(level).all()
    assert (level - bed > 0.4).all()
    assert 0.005 < np.isfinite(city.baseflow.level).mean() < 0.1
    wet = np.isfinite(city.baseflow.level)
    assert (city.baseflow.level[wet] > city.dem[wet]).all()


def test_the_level_carries_the_baseflow():
    """Manning's sum over the section at the level gives the discharge within a few percent."""
    river = River(Plan(1, 15_000))
    x = np.linspace(-2000, 2000, 9)
    ratio = np.linspace(-1.25, 1.25, 4001)
    bed = river.thalweg(x)[:, None] + river.bed_above_thalweg(np.abs(ratio))[None, :]
    depth = np.maximum(river.level(x)[:, None] - bed, 0)
    dy = river.width(x) / 2 * (ratio[1] - ratio[0])
    flow = (depth ** (5 / 3)).sum(axis=1) * dy * np.sqrt(river.slope) / MANNING
    assert np.abs(flow / BASEFLOW_M3_S - 1).max() < 0.06


def test_the_inflow_lies_in_the_channel(city):
    a, _, c, _, e, f = city.grid.transform
    row, col = int((city.baseflow.y - f) / e), int((city.baseflow.x - c) / a)
    assert col < 5
    assert np.isfinite(city.baseflow.level[row, col])


def test_levees_protect_lower_land(city, metric):
    crest = city.layers["levees"].columns["crest_m"].astype(float)
    for line, top in zip(metric("levees"), crest, strict=True):
        if line.length > 300:
            ground = sampled(city, city.dem, line)
            assert np.median(ground) > top - 0.6
            inland = np.median(city.dem[np.abs(city.dem - top) < 10])
            assert inland < top


def test_hills_rise_in_the_southwest(city):
    assert city.dem[-200:, :200].mean() > city.dem[500:700, 500:700].mean() + 8


def test_most_land_drains(city):
    """Few cells are pits (lower than all eight neighbors)."""
    from scipy.ndimage import minimum_filter

    around = np.ones((3, 3), bool)
    around[1, 1] = False
    pits = city.dem < minimum_filter(city.dem, footprint=around)
    assert pits.mean() < 0.01
