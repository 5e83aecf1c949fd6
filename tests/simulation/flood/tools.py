"""Small floods in memory: a bed and a few words in, the state at the end out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from simulation.driver import next_step
from simulation.flood.case import Boundary, Case, FloodParams, Gauge, GridSpec, Inflow
from simulation.flood.cells import PAD
from simulation.flood.model import Flood, FloodState
from simulation.flood.series import Series
from simulation.flood.terrain import FloodInputs
from simulation.launch import open_device
from twin.core.grid import Grid

INSIDE = (slice(PAD, -PAD), slice(PAD, -PAD))


def start(
    bed: np.ndarray,
    cell: float = 1.0,
    *,
    duration: float = 60.0,
    depth: np.ndarray | float = 0.0,
    manning: float = 0.03,
    rain_mm_h: float | Series | None = None,
    inflows: list[Inflow] | None = None,
    boundaries: list[Boundary] | None = None,
    gauges: list[Gauge] | None = None,
    **params: Any,
) -> tuple[Flood, FloodState]:
    """A flood at time 0 on a local grid whose south-western corner is (0, 0)."""
    rows, cols = bed.shape
    if isinstance(rain_mm_h, int | float):
        rain_mm_h = Series.constant(rain_mm_h)
    params = {"backend": "numba", "threads": 1} | params
    case = Case(
        path=Path("case.toml"),
        grid=GridSpec(Path("dem.tif"), crs="local"),
        params=FloodParams(duration=duration, output_interval=duration, **params),
        rain=None if rain_mm_h is None else rain_mm_h.scaled(1e-3 / 3600),
        inflows=inflows or [],
        boundaries=boundaries or [],
        gauges=gauges or [],
    )
    inputs = FloodInputs(
        case=case,
        grid=Grid((cell, 0, 0, 0, -cell, rows * cell), None, (rows, cols)),
        bed=np.asarray(bed, float),
        manning=np.full(bed.shape, manning),
        depth=np.where(np.isnan(bed), 0.0, depth),
    )
    simulation = Flood()
    device = open_device(case.params.backend, case.params.threads)
    return simulation, simulation.start(inputs, case.params, device)


def run(
    bed: np.ndarray, cell: float = 1.0, *, steps: int | None = None, **words: Any
) -> FloodState:
    """The state after `duration`, or after a number of steps."""
    simulation, state = start(bed, cell, **words)
    while state.time < state.params.duration and (steps is None or state.steps < steps):
        dt = next_step(state.time, state.params.duration, simulation.stable_dt(state))
        simulation.step(state, dt)
    return state


def summary(state: FloodState) -> dict[str, Any]:
    """The run's balance."""
    return Flood().summary(state)


def depth(state: FloodState) -> np.ndarray:
    """Depth [m], (rows, cols)."""
    return state.device.host(state.water.h)[INSIDE].copy()


def discharges(state: FloodState) -> tuple[np.ndarray, np.ndarray]:
    """Unit discharges [m²/s] through the western and northern faces, (rows, cols) each."""
    host = state.device.host
    return host(state.water.qx)[INSIDE].copy(), host(state.water.qy)[INSIDE].copy()


def hills(rows: int, cols: int, seed: int = 1) -> np.ndarray:
    """A rough bed with pits, walls of 4 m and a corner without data."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:cols]
    bed = 0.05 * x + 0.4 * np.sin(x / 3.0) * np.cos(y / 4.0) + 0.02 * random.random((rows, cols))
    bed[(x % 9 < 4) & (y % 9 < 4)] += 4.0
    bed[:2, :3] = np.nan
    return bed
