"""A real valley after a dam failure (UK Environment Agency test 5, 50 m), against LISFLOOD-FP 8.1.

`acc` is the peer's local-inertia solver, `fv1` its full shallow-water one, the better physics.
Measured: ours lies 0.04 to 0.21 m (root-mean-square) from fv1 at the seven points, where the
peer's own local inertia lies 0.07 to 0.38 m; peaks within 5 %, the front within 203 s of fv1's
and 400 s of acc's, which come 600 s apart at the last point. The gates leave a little room.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulation.driver import next_step
from simulation.flood.case import load_case
from simulation.flood.cells import PAD
from simulation.flood.model import Flood
from simulation.flood.terrain import load_inputs
from simulation.launch import open_device

LASTS = 15_000  # s: the front has reached all points; the whole case lasts 108,000 s
WET = 0.1


def write_case(folder: Path, data: Path) -> Path:
    cells = [line.split() for line in (data / "ea5-50m.bci").read_text().splitlines()]
    # QVAR is m²/s; a cell is 50 m wide.
    hydrograph = [line.split() for line in (data / "ea5-50m.bdy").read_text().splitlines()[3:]]
    rows = [f"{time},{float(q) * 50.0}" for q, time in hydrograph]
    (folder / "dam.csv").write_text("\n".join(["time_s,m3_per_s", *rows]))
    inflows = [
        f'[[inflow]]\nname = "dam {k}"\nx = {x}\ny = {y}\nseries = "dam.csv"'
        for k, (_, x, y, *_) in enumerate(cells)
    ]
    gauges = [
        f'[[gauge]]\nname = "{k}"\nx = {line.split()[0]}\ny = {line.split()[1]}'
        for k, line in enumerate((data / "ea5.stage").read_text().splitlines()[1:8])
    ]
    head = f"""
[grid]
dem = "{data / "ea5-50m.dem"}"
crs = "local"
[run]
duration = {LASTS}
output_interval = 100
[roughness]
manning = 0.04
"""
    path = folder / "case.toml"
    path.write_text("\n".join([head, *inflows, *gauges]))
    return path


def reference(path: Path) -> np.ndarray:
    rows = [line.split() for line in path.read_text().splitlines()]
    rows = [row for row in rows if len(row) == 8 and row[0].replace(".", "").isdigit()]
    return np.array(rows, float)


def arrivals(series: np.ndarray) -> np.ndarray:
    return np.array([series[series[:, k] > WET, 0][0] for k in range(1, 8)])


def distance(series: np.ndarray, to: np.ndarray) -> np.ndarray:
    """Root-mean-square of the difference of depths [m] at each of the seven points."""
    to = to[to[:, 0] <= LASTS]
    at = [np.interp(to[:, 0], series[:, 0], series[:, k]) for k in range(1, 8)]
    return np.sqrt(((np.array(at).T - to[:, 1:]) ** 2).mean(axis=0))


def test_the_valley_floods_as_the_peers_say(shared_data, tmp_path):
    data = shared_data / "flood" / "EA_T5"
    case = load_case(write_case(tmp_path, data))
    simulation = Flood()
    state = simulation.start(load_inputs(case), case.params, open_device("numba"))
    rows = []
    for due in range(0, LASTS + 1, 100):
        while state.time < due:
            simulation.step(state, next_step(state.time, due, simulation.stable_dt(state)))
        depths = [state.water.h[i + PAD, j + PAD] for i, j in state.gauge_cells]
        rows.append([due, *depths])
    ours = np.array(rows, float)

    result = simulation.summary(state)
    assert abs(result["mass_error_rel"]) <= 1e-6
    assert result["inflow_m3"] == pytest.approx(9_450_000, rel=1e-6)
    acc, fv1 = (reference(data / f"local_lisflood81_{name}_50m.stage") for name in ("acc", "fv1"))
    assert (distance(ours, fv1) < 0.75 * distance(acc, fv1)).all()
    for theirs, seconds in ((fv1, 300), (acc, 500)):
        theirs = theirs[theirs[:, 0] <= LASTS]
        assert (np.abs(arrivals(ours) - arrivals(theirs)) <= seconds).all()
        peaks = ours[:, 1:].max(axis=0) / theirs[:, 1:].max(axis=0)
        assert (np.abs(peaks - 1) <= 0.05).all()
