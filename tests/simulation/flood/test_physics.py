"""The scalar formulas against what they stand for, in both precisions."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.flood import physics

KINDS = {np.float32: 3e-7, np.float64: 1e-10}


@pytest.mark.parametrize("kind", KINDS)
def test_the_inverse_cube_root_is_exact_to_rounding(kind):
    for x in np.geomspace(1e-6, 1e4, 301):
        found = physics.inverse_cube_root(kind(x))
        assert type(found) is kind
        assert float(found) == pytest.approx(x ** (-1 / 3), rel=KINDS[kind])


@given(st.floats(0, 10), st.floats(0, 10), st.floats(-5, 5))
def test_flow_depth_is_the_higher_level_less_the_higher_bed(near, far, dz):
    expected = max(near, far + dz) - max(0.0, dz)
    found = physics.flow_depth(*map(np.float64, (near, far, dz)))
    assert found == pytest.approx(expected, abs=1e-12)


def flux(q: float, near: float, far: float, dz: float, n: float = 0.03, dt: float = 0.1) -> float:
    values = (q, q, q, 0.0, near, far, dz, n, dt, 0.1, 9.81, 1e-5)
    return float(physics.flux_inertial(*map(np.float64, values)))


@given(st.floats(0.01, 3), st.floats(1e-4, 1e-2), st.floats(0.01, 0.1))
def test_manning_flow_is_a_fixed_point(h, slope, n):
    q = h ** (5 / 3) * sqrt(slope) / n
    if q > h * sqrt(9.81 * h):  # supercritical: capped
        q = h * sqrt(9.81 * h)
    assert flux(q, h, h, -10 * slope, n) == pytest.approx(q, rel=1e-6)


@given(st.floats(-30, 30), st.floats(0, 5), st.floats(0, 5), st.floats(-5, 5))
def test_flow_mirrors_and_never_passes_critical(q, near, far, dz):
    found = flux(q, near, far, dz)
    assert flux(-q, far, near, -dz) == -found
    depth = float(physics.flow_depth(*map(np.float64, (near, far, dz))))
    assert abs(found) <= max(depth, 1e-5) * sqrt(9.81 * max(depth, 1e-5)) * (1 + 1e-12)
    if depth <= 1e-5:
        assert found == 0


@given(st.floats(0, 2), *[st.floats(-50, 50)] * 4)
def test_a_cell_never_pays_more_than_it_has(h, west, east, north, south):
    keep = 1 - 1e-9
    values = (h, west, east, north, south, 0.1, 0.2, keep)
    share = float(physics.donor_factor(*map(np.float64, values)))
    assert 0 <= share <= 1
    paid = 0.1 * (max(east, 0) - min(west, 0)) + 0.2 * (max(south, 0) - min(north, 0))
    assert share * paid <= h * (1 + 1e-12)


@given(st.floats(0, 100, width=32), st.floats(-1, 1, width=32))
def test_adding_loses_nothing(h, added):
    total, lost = physics.add_exactly(np.float32(h), np.float32(added))
    assert float(total) + float(lost) == h + added
