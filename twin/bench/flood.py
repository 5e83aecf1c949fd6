"""Cell updates a second of the flood's kernel on rain over streets, beside the memory's speed.

A town of blocks 4 m high with streets between them on a gentle slope, 100 mm/h everywhere, open
edges, 600 s. Rain keeps every tile wet, so this is the kernel's hardest case. The triad
a = b + s c of STREAM runs on the same threads just before and after; both are medians.
"""

from __future__ import annotations

import json as jsonlib
import os
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from simulation.launch import parallel_range

BLOCK, STREET = 24, 8  # cells
BLOCK_HEIGHT = 4.0  # m
CELL = 2.0  # m
RAIN = 100.0  # mm/h
# h, carry, z, n, qx, qy are read and h, carry, qx, qy written once an update; reading the lines
# to be written is not counted, neither here nor in the triad.
NUMBERS_AN_UPDATE = 10


def streets(size: int, seed: int = 1) -> np.ndarray:
    """Bed [m] of a town of size x size cells: blocks, streets, 0.3 % slope, cobbles of 2 cm."""
    y, x = np.mgrid[0:size, 0:size]
    period = BLOCK + STREET
    block = (x % period < BLOCK) & (y % period < BLOCK)
    cobbles = 0.02 * np.random.default_rng(seed).random((size, size))
    return 0.003 * CELL * (x + 0.5 * y) + BLOCK_HEIGHT * block + cobbles


def run(
    json: bool = False,
    *,
    size: int = 1000,
    seconds: float = 600.0,
    repeats: int = 3,
    threads: int = 0,
) -> dict[str, Any]:
    """Measure both precisions on one thread and on all (`threads` 0) or on that many."""
    from simulation.launch import open_device

    most = threads or open_device("numba").threads
    report: dict[str, Any] = {
        "size": size,
        "simulated_s": seconds,
        "repeats": repeats,
        # Other work on the machine lowers every figure: above the CPU count, measure again.
        "load_before": round(os.getloadavg()[0], 1),
        "runs": [
            measure(streets(size), seconds, precision, count, repeats)
            for precision in ("float32", "float64")
            for count in sorted({1, most})
        ],
    }
    print(jsonlib.dumps(report, indent=2) if json else table(report))
    return report


def measure(
    bed: np.ndarray, seconds: float, precision: str, threads: int, repeats: int
) -> dict[str, Any]:
    """Medians of `repeats` runs; compiling is done before the clock starts."""
    flood(bed[:64, :64], 1.0, precision, threads)
    triads = [triad(precision, threads)]
    runs = []
    for _ in range(repeats):
        runs.append(flood(bed, seconds, precision, threads))
        triads.append(triad(precision, threads))
    cpu = statistics.median(run["cell_updates"] / run["cpu_s"] for run in runs)
    wall = statistics.median(run["cell_updates"] / run["wall_s"] for run in runs)
    moved = wall * NUMBERS_AN_UPDATE * np.dtype(precision).itemsize
    memory = statistics.median(triads)
    return {
        "precision": precision,
        "threads": threads,
        "steps": runs[0]["steps"],
        "updates_per_cpu_s": round(cpu),
        "updates_per_s": round(wall),
        "bytes_per_s": round(moved),
        "triad_bytes_per_s": round(memory),
        "share_of_triad": round(moved / memory, 3),
        "mass_error_rel": runs[0]["mass_error_rel"],
    }


def flood(bed: np.ndarray, seconds: float, precision: str, threads: int) -> dict[str, Any]:
    """One run without output files; the balance, and the seconds its steps took."""
    from simulation.driver import next_step
    from simulation.flood.case import Boundary, Case, FloodParams, GridSpec
    from simulation.flood.model import Flood
    from simulation.flood.series import Series
    from simulation.flood.terrain import FloodInputs
    from simulation.launch import open_device
    from twin.core.grid import Grid

    params = FloodParams(seconds, seconds, precision=precision, threads=threads)
    case = Case(
        path=Path("streets"),
        grid=GridSpec(Path("streets"), crs="local"),
        params=params,
        rain=Series.constant(RAIN * 1e-3 / 3600.0),
        boundaries=[
            Boundary(edge, "open", edge=edge) for edge in ("north", "south", "east", "west")
        ],
    )
    inputs = FloodInputs(
        case=case,
        grid=Grid((CELL, 0, 0, 0, -CELL, CELL * bed.shape[0]), None, bed.shape),
        bed=bed,
        manning=np.full(bed.shape, 0.02),
        depth=np.zeros(bed.shape),
    )
    simulation = Flood()
    state = simulation.start(inputs, params, open_device("numba", threads))
    wall, cpu = time.perf_counter(), time.process_time()
    while state.time < seconds:
        dt = next_step(state.time, seconds, simulation.stable_dt(state))
        simulation.step(state, dt)
    clocks = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    return {**simulation.summary(state), "steps": state.steps, **clocks}


def triad(precision: str, threads: int) -> float:
    """Bytes a second of a = b + s c on arrays of 128 MB: the best of five passes, as STREAM."""
    from simulation.launch import open_device

    size = (1 << 27) // np.dtype(precision).itemsize
    a, b, c = (np.full(size, value, precision) for value in (0.0, 1.0, 2.0))
    loop = open_device("numba", threads).loop(triad_loop)  # type: ignore[attr-defined]
    scale = np.dtype(precision).type(3)
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        loop(a, b, c, scale)
        best = min(best, time.perf_counter() - start)
    return 3 * a.nbytes / best


def triad_loop(a: Any, b: Any, c: Any, scale: Any) -> None:
    """STREAM's triad."""
    for k in parallel_range(a.shape[0]):
        a[k] = b[k] + scale * c[k]


def table(report: dict[str, Any]) -> str:
    """The figures for people."""
    lines = [
        f"{report['size']} x {report['size']} cells, {report['simulated_s']:g} s, "
        f"median of {report['repeats']}, load before {report['load_before']}",
        "precision threads  M updates/CPU-s  M updates/s  GB/s  triad GB/s  share",
    ]
    lines += [
        f"{row['precision']:9} {row['threads']:7} {row['updates_per_cpu_s'] / 1e6:16.1f} "
        f"{row['updates_per_s'] / 1e6:12.1f} {row['bytes_per_s'] / 1e9:5.1f} "
        f"{row['triad_bytes_per_s'] / 1e9:11.1f} {row['share_of_triad']:6.2f}"
        for row in report["runs"]
    ]
    return "\n".join(lines)
