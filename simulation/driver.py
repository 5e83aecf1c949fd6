"""Run a simulation: inputs and parameters in, a folder of results and a summary out.

The driver owns the clock. Each step is as long as the simulation allows, but ends exactly on the
times at which snapshots are due; a rest shorter than two steps is halved, so that no sliver of a
step is left over.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from simulation.launch import open_device
from simulation.protocol import Simulation
from simulation.results import SUMMARY, Folder, Results
from twin.core.errors import TwinError

PROGRESS_INTERVAL = 0.5  # s of wall time between reports
SHORTEST_STEP = 1e-5  # s; below it a run would not end

Progress = Callable[[float, str], object]  # fraction 0 to 1, message


class Canceled(TwinError):
    """Someone asked the run to stop before its end."""

    status = 409
    exit_code = 3
    default_code = "canceled"


def output_times(duration: float, interval: float) -> list[float]:
    """0, every interval, and the end of the run [s]."""
    whole = math.floor(duration / interval * (1 + 1e-12))
    times = [k * interval for k in range(whole + 1)]
    if duration - times[-1] > 1e-9 * duration:
        times.append(duration)
    times[-1] = duration
    return times


def next_step(now: float, due: float, stable: float) -> float:
    """The next time step [s]: at most `stable`, ending on `due` without a sliver before it."""
    rest = due - now
    if rest <= stable:
        return rest
    return min(stable, rest / 2)


def run(
    simulation: Simulation,
    inputs: Any,
    params: Any,
    out: str,
    progress: Progress = lambda fraction, message: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Run to the end of `params.duration`; returns the summary that it also writes.

    `progress(fraction, message)` is called about twice a second and at every snapshot;
    `cancelled()` is asked before every step. Raises Canceled, or whatever stopped the run; then
    the folder holds no results.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    device = open_device(params.backend, params.threads)
    state = simulation.start(inputs, params, device)
    folder = Folder(out)
    results = Results(folder, simulation.outputs, simulation.grid(state))
    times = output_times(params.duration, params.output_interval)
    series = []
    try:
        for due in times:
            _advance(simulation, state, due, params.duration, progress, cancelled)
            snapshot = simulation.snapshot(state)
            results.write(due, snapshot)
            small = [name for name in snapshot.data_vars if "y" not in snapshot[name].dims]
            series.append(snapshot[small].expand_dims(time=[due]))
            progress(due / params.duration, _message(state, due))
        summary = simulation.summary(state)
        summary = {
            "steps": state.steps,
            "wall_s": round(time.perf_counter() - wall, 3),
            "cpu_s": round(time.process_time() - cpu, 3),
            **summary,
            "backend": device.name,
            "threads": device.threads,
        }
        rest = simulation.finish(state)
        import xarray

        simulation.publish(state, xarray.merge([xarray.concat(series, "time"), rest]), folder)
        results.finish(rest, {"title": f"{simulation.name} run"})
        folder.write_json(SUMMARY, summary)
    except BaseException:
        results.discard()
        raise
    return summary


def _message(state: Any, at: float) -> str:
    return f"{at:.0f} s simulated in {state.steps} steps"


def _advance(
    simulation: Simulation,
    state: Any,
    due: float,
    duration: float,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> None:
    reported = time.perf_counter()
    while state.time < due:
        if cancelled():
            raise Canceled(f"The run was canceled at {state.time:.0f} s of {duration:.0f} s")
        stable = simulation.stable_dt(state)
        if not stable >= SHORTEST_STEP:
            raise TwinError(
                f"The time step fell to {stable:g} s at {state.time:.1f} s of the run: the "
                "deepest or fastest cell leaves no longer step. Look there for an error in the "
                "bed or the inflow, or use larger cells"
            )
        dt = next_step(state.time, due, stable)
        last = dt == due - state.time
        simulation.step(state, dt)
        if last:
            state.time = due
        if time.perf_counter() - reported > PROGRESS_INTERVAL:
            reported = time.perf_counter()
            progress(state.time / duration, _message(state, state.time))
