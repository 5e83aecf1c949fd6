"""The flood simulation: a case's ground and water go in, depths and speeds over time come out.

Local inertia on a staggered grid, as `physics.py` tells it. A step finds all
discharges from the water there is, moves it and lets it rain, then pours the inflows and lets the
boundaries exchange theirs. Depths are stored
rather than levels, and the bed relative to the middle of the relief, so that float32 serves a
valley at 1,500 m as well as a coast.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import xarray

from simulation.flood import cells
from simulation.flood.case import FloodParams
from simulation.flood.cells import PAD, Params, Peaks, State
from simulation.flood.forcing import SLOPE_FLOOR, Boundaries, Inflows, Rain
from simulation.flood.kernels import CellKernels, open_kernels
from simulation.flood.publish import publish
from simulation.flood.terrain import FloodInputs, cells_of, meters, reference_level
from simulation.launch import Device
from simulation.results import Folder
from twin.core.errors import BadInput, TwinError
from twin.core.grid import Grid
from twin.core.variables import Variable

GRAVITY = 9.81  # m/s²
OBSERVE_EVERY = 10  # steps between updates of the peaks; snapshots update them too
SHALLOW = 1e-2  # m, shallower water has no speed worth showing


@dataclass
class FloodState:
    """A run at one moment. Volumes are float64; `water` and `peaks` lie on the device."""

    inputs: FloodInputs
    params: FloodParams
    device: Device
    kernels: CellKernels
    water: State
    scalars: Params
    peaks: Peaks
    rain: Rain
    inflows: Inflows
    boundaries: Boundaries
    holds_water: np.ndarray  # bool (rows, cols)
    gauge_cells: list[tuple[int, int]]
    initial_m3: float
    highest: float  # greatest depth [m]
    time: float = 0.0
    steps: int = 0
    cell_updates: int = 0


class Flood:
    """`simulation.protocol.Simulation` for surface water."""

    name: ClassVar[str] = "flood"
    inputs: ClassVar[tuple[Variable, ...]] = (
        Variable("bed", "m", ("y", "x"), "surface_altitude", "bed level in the DEM's datum"),
        Variable("manning", "s m-1/3", ("y", "x"), None, "Manning roughness"),
        Variable("rain", "m s-1", ("time",), "rainfall_rate", "rain intensity"),
        Variable("discharge", "m3 s-1", ("time",), None, "discharge of an inflow"),
    )
    outputs: ClassVar[tuple[Variable, ...]] = (
        Variable("depth", "m", ("time", "y", "x"), "flood_water_thickness", "water depth"),
        Variable("bed", "m", ("y", "x"), "surface_altitude", "bed level in the DEM's datum"),
        Variable("max_depth", "m", ("y", "x"), "flood_water_thickness", "greatest water depth"),
        Variable("arrival_time", "s", ("y", "x"), None, "time at which 0.1 m was first reached"),
        Variable("max_speed", "m s-1", ("y", "x"), "flood_water_speed", "greatest water speed"),
        Variable("gauge_depth", "m", ("time", "gauge"), "flood_water_thickness", "depth at gauges"),
        Variable("gauge_level", "m", ("time", "gauge"), None, "water level at gauges"),
        Variable("gauge_speed", "m s-1", ("time", "gauge"), "flood_water_speed", "speed at gauges"),
    )

    def start(self, inputs: FloodInputs, params: FloodParams, device: Device) -> FloodState:
        """The state at time 0; raises BadInput for points outside the grid or in nodata."""
        case, grid = inputs.case, inputs.grid
        dtype = np.dtype(params.precision)
        walls = np.isnan(inputs.bed)
        boundaries = Boundaries(case.boundaries, inputs, device, dtype)
        inflows = Inflows(case.inflows, inputs, device, dtype)
        gauge_cells = []
        for gauge in case.gauges:
            where = f'{case.path}: [[gauge]] "{gauge.name}"'
            (at,) = cells_of(grid, ((gauge.x, gauge.y),), where)
            if walls[at]:
                raise BadInput(
                    f"{where}: the cell at x = {meters(gauge.x)}, y = {meters(gauge.y)} has no "
                    "data in the DEM or is a wall; move the gauge onto the bed"
                )
            gauge_cells.append(at)

        reference = reference_level(inputs.bed)
        depth = np.where(walls, 0.0, inputs.depth)
        rounded = depth.astype(dtype)
        rows, cols = grid.shape

        def padded(values: np.ndarray, outside: float = 0.0) -> Any:
            return device.array(np.pad(values.astype(dtype), PAD, constant_values=outside))

        zeros = np.zeros(grid.shape)
        water = State(
            h=padded(rounded),
            h_new=padded(rounded),
            carry=padded(depth - rounded.astype(float)),
            qx=padded(zeros),
            qy=padded(zeros),
            qx_new=padded(zeros),
            qy_new=padded(zeros),
            z=padded(np.where(walls, cells.WALL, inputs.bed - reference), cells.WALL),
            n=padded(inputs.manning),
        )
        width, height = grid.cell_size
        real = dtype.type
        scalars = Params(
            dt=real(0),
            inv_dx=real(1 / width),
            inv_dy=real(1 / height),
            g=real(GRAVITY),
            dry=real(params.dry_depth),
            keep=real(1 - 16 * np.finfo(dtype).eps),
            rain=real(0),
            wall=real(cells.WALL_ABOVE),
            half=real(0.5),
        )
        peaks = Peaks(
            depth=device.array(rounded),
            arrival=device.array(
                np.where(rounded >= params.arrival_depth, 0.0, -1.0).astype(dtype)
            ),
            speed=device.array(zeros.astype(dtype)),
        )
        return FloodState(
            inputs=inputs,
            params=params,
            device=device,
            kernels=open_kernels(device, rows, cols, dtype),
            water=water,
            scalars=scalars,
            peaks=peaks,
            rain=Rain(case.rain, dtype),
            inflows=inflows,
            boundaries=boundaries,
            holds_water=~walls,
            gauge_cells=gauge_cells,
            initial_m3=float(depth.sum()) * grid.cell_area,
            highest=float(depth.max()),
        )

    def grid(self, state: FloodState) -> Grid:
        """The grid of the case."""
        return state.inputs.grid

    def stable_dt(self, state: FloodState) -> float:
        """CFL of the gravity wave on the deepest water there can be by the end of the step [s].

        Water that is about to be poured counts: into a dry cell it would otherwise come in one
        step that its own depth forbids.
        """
        params = state.params
        size = min(state.inputs.grid.cell_size)
        dt = params.longest_step
        rise = state.rain.rate(state.time, state.time + dt)
        rise += state.inflows.rate(state.time, state.time + dt)
        held = state.boundaries.highest(state.time + dt)
        for _ in range(4):
            depth = max(state.highest + rise * dt, held)
            if math.isnan(depth):
                raise TwinError(
                    f"The depth is no longer a number at {state.time:.1f} s of the run; look for "
                    "an error in the bed or the inflow"
                )
            if depth > 0:
                wave = params.courant * size / math.sqrt(GRAVITY * depth)
                dt = min(dt, wave)
        return dt

    def step(self, state: FloodState, dt: float) -> None:
        """Advance by dt [s]."""
        end = state.time + dt
        kernels, water = state.kernels, state.water
        p = state.scalars._replace(
            dt=type(state.scalars.dt)(dt), rain=state.rain.depth(state.time, end)
        )
        edges = state.boundaries.at(end)
        if edges is not None:
            kernels.drain(water, edges, p, type(p.dt)(SLOPE_FLOOR))
        water, highest, computed = kernels.step(water, p)
        sources = state.inflows.sources(state.time, end)
        if sources is not None:
            kernels.pour(water, sources)
            kernels.wake(state.inflows.i, state.inflows.j)
        if edges is not None:
            kernels.exchange(water, edges, p)
            kernels.wake(*state.boundaries.springs)
        state.water = water
        # What was poured after the step can only have deepened its own cells.
        state.highest = highest + state.inflows.rate(state.time, end) * dt
        state.time = end
        state.steps += 1
        state.cell_updates += computed
        if state.steps % OBSERVE_EVERY == 0:
            self._observe(state)

    def snapshot(self, state: FloodState) -> xarray.Dataset:
        """Depth on the grid; depth, level and speed at the gauges."""
        self._observe(state)
        inside = slice(PAD, -PAD)
        depth = state.device.host(state.water.h)[inside, inside].astype(np.float32)
        depth[~state.holds_water] = np.nan
        found: dict[str, Any] = {"depth": (("y", "x"), depth)}
        coordinates = {}
        if state.gauge_cells:
            readings = np.array([self._read(state, i, j) for i, j in state.gauge_cells])
            for k, name in enumerate(("depth", "level", "speed")):
                found[f"gauge_{name}"] = (("gauge",), readings[:, k])
            names = [gauge.name for gauge in state.inputs.case.gauges]
            coordinates["gauge"] = np.array(names, object)
        return xarray.Dataset(found, coordinates)

    def finish(self, state: FloodState) -> xarray.Dataset:
        """Bed, greatest depth and speed, arrival time (NaN where the water never came)."""
        host = state.device.host
        arrival = host(state.peaks.arrival).astype(np.float32)
        datum = state.inputs.case.grid.vertical_datum
        fields = {
            "bed": state.inputs.bed,
            "max_depth": host(state.peaks.depth).astype(np.float32),
            "arrival_time": np.where(arrival < 0, np.float32(np.nan), arrival),
            "max_speed": host(state.peaks.speed).astype(np.float32),
        }
        return xarray.Dataset(
            {
                name: (("y", "x"), np.where(state.holds_water, values, np.float32(np.nan)))
                for name, values in fields.items()
            },
            attrs={"vertical_datum": datum} if datum else {},
        )

    def summary(self, state: FloodState) -> dict[str, Any]:
        """Volumes [m³], the balance's relative error and what was run."""
        area = state.inputs.grid.cell_area
        water = state.water
        host = state.device.host
        stored = float(host(water.h).sum(dtype=float) + host(water.carry).sum(dtype=float)) * area
        rain = state.rain.fallen * int(state.holds_water.sum()) * area
        gained, lost = state.boundaries.volumes()
        inflow = state.inflows.volume() + gained
        given = state.initial_m3 + rain + inflow
        error = stored + lost - given
        return {
            "cell_updates": state.cell_updates,
            "mass_error_rel": error / given if given > 0 else 0.0,
            "initial_m3": state.initial_m3,
            "rain_m3": rain,
            "inflow_m3": inflow,
            "outflow_m3": lost,
            "stored_m3": stored,
            "max_depth_m": float(host(state.peaks.depth).max()),
            "solver": state.params.solver,
            "precision": state.params.precision,
        }

    def publish(self, state: FloodState, results: xarray.Dataset, out: Folder) -> None:
        """Write gauges.csv and max_depth.tif."""
        publish(state.inputs.grid, results, out, state.inputs.case.grid.vertical_datum)

    def _observe(self, state: FloodState) -> None:
        real = type(state.scalars.dt)
        limits = (state.time, state.params.arrival_depth, SHALLOW)
        state.kernels.observe(state.water, state.peaks, *map(real, limits))

    def _read(self, state: FloodState, i: int, j: int) -> tuple[float, float, float]:
        a, b = i + PAD, j + PAD
        water = state.water
        h = float(water.h[a, b])
        u = (float(water.qx[a, b]) + float(water.qx[a, b + 1])) / 2
        v = (float(water.qy[a, b]) + float(water.qy[a + 1, b])) / 2
        speed = math.hypot(u, v) / h if h > SHALLOW else 0.0
        return h, float(state.inputs.bed[i, j]) + h, speed
