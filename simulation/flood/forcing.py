"""Water from outside: rain, inflows and boundaries of a case become lists of cells and amounts.

What each step adds is the exact integral of its series, kept in float64; the part that the
state's precision can't hold waits for the next step, so no volume is lost on the way in.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simulation.flood.case import Boundary, Inflow
from simulation.flood.cells import EAST, NORTH, PAD, SOUTH, WEST, Edges, Sources
from simulation.flood.series import Series
from simulation.flood.terrain import FloodInputs, cells_of
from simulation.launch import Device
from twin.core.errors import BadInput

EDGES = {"north": NORTH, "south": SOUTH, "west": WEST, "east": EAST}
SLOPE_FLOOR = 1e-3  # least slope of a free outflow whose slope the case leaves open


def edge_cells(bed: np.ndarray, edge: str) -> list[tuple[int, int]]:
    """The first cell with data of each row or column, seen from that edge."""
    wet = ~np.isnan(bed)
    if edge in ("east", "south"):
        wet = wet[::-1, ::-1]
    axis = 0 if edge in ("north", "south") else 1
    first = wet.argmax(axis=axis)
    along = np.flatnonzero(wet.any(axis=axis))
    pairs = [(int(first[k]), int(k)) if axis == 0 else (int(k), int(first[k])) for k in along]
    if edge in ("east", "south"):
        rows, cols = bed.shape
        pairs = [(rows - 1 - i, cols - 1 - j) for i, j in pairs]
    return pairs


class Rain:
    """Uniform rain; the same depth in every cell with a bed."""

    def __init__(self, series: Series | None, dtype: np.dtype):
        self.series = series
        self.dtype = dtype
        self.fallen = 0.0  # depth that has reached the state so far [m]
        self.asked = 0.0

    def rate(self, start: float, end: float) -> float:
        """The greatest intensity [m/s] from start to end."""
        return self.series.highest(start, end) if self.series else 0.0

    def depth(self, start: float, end: float) -> Any:
        """The depth [m] to add from start to end, in the state's precision."""
        if self.series is not None:
            self.asked += self.series.total(start, end)
        falls = self.dtype.type(max(self.asked - self.fallen, 0.0))
        self.fallen += float(falls)
        return falls


class Inflows:
    """Points and lines that pour water into cells."""

    def __init__(self, inflows: list[Inflow], inputs: FloodInputs, device: Device, dtype: np.dtype):
        grid, where = inputs.grid, inputs.case.path
        shares: dict[tuple[int, int], np.ndarray] = {}
        self.series = [inflow.discharge for inflow in inflows]
        for number, inflow in enumerate(inflows):
            name = f'{where}: [[inflow]] "{inflow.name}"'
            found = cells_of(grid, inflow.line, name)
            wet = [at for at in found if not np.isnan(inputs.bed[at])]
            if not wet:
                raise BadInput(f"{name}: its cells have no data in the DEM; move it onto the bed")
            for at in wet:
                share = shares.setdefault(at, np.zeros(len(inflows)))
                share[number] += 1.0 / len(wet)
        self.i = np.array([i + PAD for i, _ in shares], np.int64)
        self.j = np.array([j + PAD for _, j in shares], np.int64)
        self.shares = np.array(list(shares.values())).reshape(len(shares), len(inflows))
        self.area = grid.cell_area
        self.dtype = dtype
        self.asked = np.zeros(len(shares))  # depths [m]
        self.poured = np.zeros(len(shares))
        self.device = device
        self.where = (device.array(self.i), device.array(self.j))

    def rate(self, start: float, end: float) -> float:
        """The fastest rise [m/s] of a cell's depth from start to end."""
        if not len(self.i):
            return 0.0
        discharges = np.array([series.highest(start, end) for series in self.series])
        return float((self.shares @ discharges).max()) / self.area

    def sources(self, start: float, end: float) -> Sources | None:
        """What to pour from start to end; None where nothing runs."""
        if not len(self.i):
            return None
        volumes = np.array([series.total(start, end) for series in self.series])
        self.asked += self.shares @ volumes / self.area
        depth = np.maximum(self.asked - self.poured, 0.0).astype(self.dtype)
        if not depth.any():
            return None
        self.poured += depth
        return Sources(*self.where, self.device.array(depth))

    def volume(self) -> float:
        """What was poured so far [m³]."""
        return float(self.poured.sum()) * self.area


class Boundaries:
    """Edges and lines where water may cross; the first boundary that names a cell owns it."""

    def __init__(
        self,
        boundaries: list[Boundary],
        inputs: FloodInputs,
        device: Device,
        dtype: np.dtype,
    ):
        """Raises BadInput for a line that leaves the grid."""
        grid, bed = inputs.grid, inputs.bed
        width, height = grid.cell_size
        owned: dict[tuple[int, int], tuple[Any, ...]] = {}
        owners: list[int] = []
        for number, boundary in enumerate(boundaries):
            where = f"{inputs.case.path}: {boundary.name}"
            if boundary.edge:
                found = edge_cells(bed, boundary.edge)
            else:
                found = cells_of(grid, boundary.line, where)
            along_y = boundary.edge in ("north", "south")
            for cell in found:
                i, j = cell
                if np.isnan(bed[cell]) or cell in owned:
                    continue
                di, dj = {"north": (1, 0), "south": (-1, 0), "west": (0, 1), "east": (0, -1)}.get(
                    boundary.edge or "", (0, 0)
                )
                a, b = i + di, j + dj
                inside = 0 <= a < grid.shape[0] and 0 <= b < grid.shape[1]
                if not inside or np.isnan(bed[a, b]):
                    a, b = i, j
                slope = -1.0 if boundary.slope is None else boundary.slope
                size = height if along_y else width
                side = EDGES[boundary.edge] if boundary.edge else 0
                owned[cell] = (a, b, boundary.kind == "stage", slope, size, side)
                owners.append(number)
        # A closed edge owns its cells, so that a corner it names first stays closed.
        kept = [k for k, number in enumerate(owners) if boundaries[number].kind != "closed"]
        rows = [(*list(owned)[k], *list(owned.values())[k]) for k in kept]
        self.count = len(rows)
        self.area = grid.cell_area
        self.boundaries, self.dtype, self.device = boundaries, dtype, device
        if not rows:
            return
        table = [np.array(column) for column in zip(*rows, strict=True)]
        at, inner = tuple(table[:2]), tuple(table[2:4])
        self.is_stage, slopes, sizes, sides = table[4:]
        self.i, self.j = at[0] + PAD, at[1] + PAD
        self.bed = bed[at]
        self.springs = self.i[self.is_stage], self.j[self.is_stage]  # cells that can bring water
        self.owners = np.array(owners)[kept]
        zeros = np.zeros(self.count, dtype)
        self.edges = Edges(
            i=device.array(self.i),
            j=device.array(self.j),
            inner_i=device.array(inner[0] + PAD),
            inner_j=device.array(inner[1] + PAD),
            is_stage=device.array(self.is_stage.astype(np.int32)),
            fall=device.array((bed[inner] - bed[at]).astype(dtype)),
            n=device.array(inputs.manning[at].astype(dtype)),
            slope=device.array(slopes.astype(dtype)),
            inv_size=device.array((1.0 / sizes).astype(dtype)),
            side=device.array(sides.astype(np.int32)),
            depth=device.array(zeros),
            leaving=device.array(zeros),
            gained=device.array(zeros),
            gained_carry=device.array(zeros),
            lost=device.array(zeros),
            lost_carry=device.array(zeros),
        )
        self.targets: np.ndarray | None = None

    def highest(self, time: float) -> float:
        """The greatest depth [m] at which a stage holds its cells."""
        return float(self._targets(time).max()) if self.count else 0.0

    def at(self, time: float) -> Edges | None:
        """The edges with the stages of that time; None where there are none."""
        if not self.count:
            return None
        if self.is_stage.any():
            targets = self._targets(time).astype(self.dtype)
            if self.targets is None or not np.array_equal(targets, self.targets):
                self.targets = targets
                self.edges = self.edges._replace(depth=self.device.array(targets))
        return self.edges

    def volumes(self) -> tuple[float, float]:
        """(gained, lost) so far [m³]."""
        if not self.count:
            return 0.0, 0.0
        host, edges = self.device.host, self.edges
        gained = host(edges.gained).astype(float).sum() + host(edges.gained_carry).sum(dtype=float)
        lost = host(edges.lost).astype(float).sum() + host(edges.lost_carry).sum(dtype=float)
        return float(gained) * self.area, float(lost) * self.area

    def _targets(self, time: float) -> np.ndarray:
        depth = np.zeros(self.count)
        for number in np.unique(self.owners[self.is_stage]):
            level = self.boundaries[number].level
            assert level is not None
            mine = self.owners == number
            depth[mine] = np.maximum(level.at(time) - self.bed[mine], 0.0)
        return depth
