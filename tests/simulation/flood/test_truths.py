"""Truths: what must hold of any flood, whatever the scheme."""

from __future__ import annotations

import numpy as np
import pytest

from simulation.flood.case import Boundary, Inflow
from simulation.flood.series import Series
from simulation.flood.terrain import as_stored
from tests.simulation.flood.tools import depth, discharges, hills, run, summary

STORM = Series([0, 20, 40, 90], [80, 0, 300, 10], blocks=True)  # mm/h
RIVER = Inflow("river", ((20.5, 10.5),), Series([0, 60, 90], [0.0, 3.0, 1.0]))


@pytest.mark.parametrize(("precision", "still"), [("float32", 5e-6), ("float64", 1e-12)])
def test_a_lake_with_islands_stays_at_rest(precision, still):
    y, x = np.mgrid[0:50, 0:60]
    bed = 0.8 * np.exp(-((x - 30) ** 2 + (y - 25) ** 2) / 60) + 0.1 * np.sin(x / 5.0)
    bed = as_stored(bed, precision)
    state = run(bed, depth=np.maximum(0.5 - bed, 0), duration=100.0, precision=precision)

    # A unit in the last place of half a metre is 6e-8 in float32; nothing damps its ripples.
    h = depth(state)
    wet = h > 1e-3
    assert not wet.all(), "the bump must stand out of the water"
    assert np.abs((h + bed)[wet] - 0.5).max() < still
    for q in discharges(state):
        assert np.abs(q).max() < still


@pytest.mark.parametrize("height", [0.0, 1500.0])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_water_is_conserved_on_a_closed_domain(height, precision):
    state = run(
        hills(64, 70) + height,
        duration=90.0,
        depth=0.3,
        rain_mm_h=STORM,
        inflows=[RIVER],
        precision=precision,
    )
    result = summary(state)

    assert abs(result["mass_error_rel"]) <= 1e-6
    assert result["outflow_m3"] == 0
    assert depth(state).min() >= 0
    # The volumes that came in are those that were asked for, by hand:
    cells = 64 * 70 - 6
    assert result["rain_m3"] == pytest.approx(cells * (80 * 20 + 300 * 50) / 3.6e6, rel=1e-6)
    assert result["inflow_m3"] == pytest.approx(60 * 3 / 2 + 30 * 2, rel=1e-6)
    assert result["initial_m3"] == pytest.approx(0.3 * cells, rel=1e-6)
    assert result["stored_m3"] == pytest.approx(
        0.3 * cells + result["rain_m3"] + result["inflow_m3"], rel=1e-6
    )


def test_a_raised_bed_gives_the_same_flood():
    words = {"duration": 60.0, "rain_mm_h": 100.0, "depth": 0.05}
    low, high = (run(hills(40, 40) + height, **words) for height in (0.0, 1500.0))

    # In float32 levels near 1,500 m are 0.12 mm apart; depths must not feel it.
    assert np.abs(depth(high) - depth(low)).max() < 2e-5


def test_rain_too_light_for_float32_is_not_lost():
    # 10 m of water; a step of 0.06 s adds 3e-8 m, far below the 9.5e-7 m that float32 tells apart.
    state = run(np.zeros((8, 8)), depth=10.0, rain_mm_h=2.0, duration=120.0)

    assert state.steps > 1000
    gained = summary(state)["stored_m3"] - 640.0
    assert gained == pytest.approx(64 * 2e-3 / 3600 * 120, rel=1e-4)


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, np.transpose])
def test_a_turned_bed_gives_the_turned_flood(turn):
    y, x = np.mgrid[0:40, 0:40]
    bed = 0.02 * x + 0.3 * np.sin(x / 3.0) * np.cos(y / 4.0)
    start = np.where((x > 12) & (x < 20) & (y > 8) & (y < 24), 1.0, 0.0)
    plain = depth(run(bed, depth=start, duration=20.0, precision="float64"))
    turned = depth(run(turn(bed), depth=turn(start), duration=20.0, precision="float64"))

    assert plain.max() > 0.2
    assert np.abs(turned - turn(plain)).max() < 1e-11


def plane(rows: int, length: int, slope: float) -> np.ndarray:
    return np.tile(slope * np.arange(length, 0, -1.0), (rows, 1))


def test_rain_on_a_plane_runs_off_as_the_kinematic_wave_says():
    slope, n, length, rate = 0.02, 0.03, 100.0, 72.0
    rain = rate / 3.6e6
    concentration = (length * n / (slope**0.5 * rain ** (2 / 3))) ** 0.6  # s

    def at_foot(time: float) -> float:
        state = run(
            2.0 * plane(3, 50, slope),
            2.0,
            duration=time,
            manning=n,
            rain_mm_h=rate,
            boundaries=[Boundary("east", "open", edge="east", slope=slope)],
        )
        return float(discharges(state)[0][1, -1])  # of 98 m of plane: the last cell lies below

    for part in (0.4, 0.7):
        time = part * concentration
        assert at_foot(time) == pytest.approx(slope**0.5 / n * (rain * time) ** (5 / 3), rel=0.04)
    assert at_foot(2.0 * concentration) == pytest.approx(rain * 98.0, rel=1e-3)


@pytest.mark.parametrize("slope", [0.0005, 0.005])
def test_a_long_channel_runs_at_normal_depth(slope):
    n, q = 0.03, 0.5
    normal = (q * n / slope**0.5) ** 0.6
    state = run(
        10.0 * plane(1, 60, slope),
        10.0,
        duration=4 * 3600.0,
        manning=n,
        depth=normal / 2,
        inflows=[Inflow("head", ((5.0, 5.0),), Series.constant(q * 10.0))],
        boundaries=[Boundary("east", "open", edge="east", slope=slope)],
    )
    h = depth(state)[0]
    flow = discharges(state)[0][0]

    assert flow[1:] == pytest.approx(q, rel=1e-5)
    assert h[1:] == pytest.approx(normal, rel=1e-4)
    result = summary(state)
    assert abs(result["mass_error_rel"]) < 1e-6
    assert result["outflow_m3"] > 0.8 * result["inflow_m3"]


def test_flow_down_a_diagonal_is_as_deep_as_along_an_axis():
    # Bed and friction know no axes: the same slope must carry the same discharge any way.
    slope, n, h = 0.002, 0.04, 0.5
    q = h ** (5 / 3) * slope**0.5 / n
    y, x = np.mgrid[0:161, 0:161]
    for bed in (-slope * x, -slope * (x + y) / 2**0.5):
        state = run(bed * 10.0, 10.0, depth=h, manning=n, duration=220.0)
        qx, qy = (values[80, 80] for values in discharges(state))
        assert np.hypot(qx, qy) == pytest.approx(q, rel=0.02)


def test_a_stage_fills_a_basin_to_its_level():
    bed = np.full((20, 30), 2.0)
    bed[8:12, 10:20] = 1.0
    tide = Series([0, 4000, 9000], [1.5, 3.0, 3.0])
    state = run(
        bed,
        5.0,
        duration=9000.0,
        boundaries=[Boundary("sea", "stage", edge="west", level=tide)],
    )

    assert depth(state) + bed == pytest.approx(3.0, abs=5e-3)
    result = summary(state)
    net = result["inflow_m3"] - result["outflow_m3"]
    assert net == pytest.approx(result["stored_m3"], rel=1e-6)
    assert net == pytest.approx((20 * 30 + 40) * 25.0, rel=5e-3)


def test_a_stage_below_the_water_drains_it():
    bed = np.zeros((10, 40))
    level = Series.constant(0.4)
    state = run(
        bed,
        5.0,
        depth=1.0,
        duration=3600.0,
        boundaries=[Boundary("sea", "stage", edge="east", level=level)],
    )
    assert depth(state) == pytest.approx(0.4, abs=5e-3)
    assert abs(summary(state)["mass_error_rel"]) < 1e-6


def test_open_edges_lose_what_closed_edges_keep():
    bed = plane(20, 20, 0.01)
    closed = run(bed, depth=0.2, duration=200.0)
    opened = run(bed, depth=0.2, duration=200.0, boundaries=[Boundary("out", "open", edge="east")])
    assert depth(closed).sum() == pytest.approx(80.0, rel=1e-6)
    result = summary(opened)
    assert result["outflow_m3"] > 60.0
    assert result["outflow_m3"] + result["stored_m3"] == pytest.approx(80.0, rel=1e-6)


def test_steep_blocks_gain_no_water():
    # Four-metre walls in a one-metre flood: clipping negative depths would make water here.
    bed = np.zeros((60, 60))
    bed[10:50:10, 10:50] = 4.0
    start = np.where(bed > 0, 0.8, 0.0)
    state = run(bed, 2.0, depth=start, duration=120.0, manning=0.015)
    assert depth(state).min() >= 0
    assert abs(summary(state)["mass_error_rel"]) < 1e-6


def test_nodata_is_a_wall():
    bed = np.zeros((10, 11))
    bed[:, 5] = np.nan
    start = np.zeros((10, 11))
    start[:, :5] = 1.0
    h = depth(run(bed, depth=start, duration=60.0))
    assert h[:, :5] == pytest.approx(1.0)
    assert (h[:, 5:] == 0).all()


def test_dry_tiles_are_not_computed():
    bed = np.zeros((256, 1024))
    start = np.zeros(bed.shape)
    start[:8, :8] = 1.0
    state = run(bed, depth=start, duration=20.0)
    assert 0 < state.cell_updates < 0.2 * state.steps * bed.size
    assert abs(summary(state)["mass_error_rel"]) < 1e-6
