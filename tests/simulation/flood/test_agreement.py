"""The same flood from plain Python, numba's row loops, its generic launcher, and any threads."""

from __future__ import annotations

import numpy as np
import pytest

from simulation.flood.case import Boundary, Inflow
from simulation.flood.kernels import CellKernels
from simulation.flood.series import Series
from tests.simulation.flood.tools import depth, discharges, hills, run, start, summary

WORDS = {
    "duration": 30.0,
    "depth": 0.2,
    "rain_mm_h": 200.0,
    "steps": 25,
    "inflows": [Inflow("river", ((5.5, 4.5),), Series.constant(2.0))],
    "boundaries": [
        Boundary("out", "open", edge="east"),
        Boundary("sea", "stage", edge="south", level=Series([0, 30], [0.5, 1.0])),
    ],
}


def fingerprint(state) -> list[np.ndarray]:
    host = state.device.host
    return [
        depth(state),
        *discharges(state),
        host(state.water.carry),
        np.array([state.time, *state.boundaries.volumes()]),
    ]


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_python_and_numba_agree_to_the_last_bit(precision):
    bed = hills(14, 17)
    python = run(bed, backend="python", precision=precision, **WORDS)
    numba = run(bed, backend="numba", precision=precision, **WORDS)

    assert depth(python).max() > 0.3
    for expected, found in zip(fingerprint(python), fingerprint(numba), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert summary(numba) == summary(python)


def test_the_generic_launcher_agrees_with_the_row_loops():
    bed = hills(40, 50)
    simulation, state = start(bed, **{key: WORDS[key] for key in WORDS if key != "steps"})
    state.kernels = CellKernels(state.device, *bed.shape, np.dtype("float32"))
    for _ in range(25):
        simulation.step(state, min(simulation.stable_dt(state), 0.1))
    simulation2, loops = start(bed, **{key: WORDS[key] for key in WORDS if key != "steps"})
    for _ in range(25):
        simulation2.step(loops, min(simulation2.stable_dt(loops), 0.1))

    for expected, found in zip(fingerprint(loops), fingerprint(state), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_threads_change_nothing():
    import numba

    if numba.config.NUMBA_NUM_THREADS < 2:
        pytest.skip("this machine has one CPU")
    bed = hills(200, 300)  # enough tiles and cells for two threads
    one, two = (run(bed, threads=count, **WORDS) for count in (1, 2))
    for expected, found in zip(fingerprint(one), fingerprint(two), strict=True):
        np.testing.assert_array_equal(found, expected)
