"""The flood's kernels on one device: a padded state goes in, it comes back one step later.

`TileKernels` are the CPU's row loops over wet tiles, `CellKernels` the same updates cell by cell
on every other device. Both give the same numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simulation.flood import cells, loops
from simulation.flood.cells import PAD, Edges, Params, Peaks, Sources, State
from simulation.launch import Device

CELLS_A_THREAD = 20_000  # a thread with fewer cells costs more in waiting than it saves


class CellKernels:
    """One launch a pass over all cells."""

    def __init__(self, device: Device, rows: int, cols: int, dtype: np.dtype):
        self.device = device
        self.rows, self.cols = rows, cols
        self._faces = device.cells(cells.update_faces)
        self._depth = device.cells(cells.update_depth)
        self._observe = device.cells(cells.observe)
        self._pour = device.items(cells.add_water)
        self._drain = device.items(cells.drain)
        self._exchange = device.items(cells.exchange)

    def step(self, state: State, p: Params) -> tuple[State, float, int]:
        """The state after one step, its greatest depth [m] and the number of cells computed."""
        # One cell further than the grid on each side: a donor's share needs all of its faces.
        self._faces(PAD - 1, PAD + self.rows + 2, PAD - 1, PAD + self.cols + 2, state, p)
        self._depth(PAD, PAD + self.rows, PAD, PAD + self.cols, state, p)
        state = state._replace(h=state.h_new, h_new=state.h)
        return state, self.device.highest(state.h), self.rows * self.cols

    def pour(self, state: State, sources: Sources) -> None:
        """Add the sources' water."""
        self._pour(len(sources.i), state, sources)

    def drain(self, state: State, edges: Edges, p: Params, slope_floor: Any) -> None:
        """Find what leaves through the edges; before the step."""
        self._drain(len(edges.i), state, edges, p, slope_floor)

    def exchange(self, state: State, edges: Edges, p: Params) -> None:
        """Let the edges exchange their water; after the step."""
        self._exchange(len(edges.i), state, edges, p)

    def wake(self, i: np.ndarray, j: np.ndarray) -> None:
        """Say that cells (padded indices) may hold water that no kernel brought."""

    def observe(self, state: State, peaks: Peaks, *limits: Any) -> None:
        """Update the peaks."""
        self._observe(PAD, PAD + self.rows, PAD, PAD + self.cols, state, peaks, *limits)


class TileKernels(CellKernels):
    """Row loops over the tiles where water can move."""

    def __init__(self, device: Any, rows: int, cols: int, dtype: np.dtype):
        self.device = device
        shape = (-(-rows // loops.TILE_ROWS), -(-cols // loops.TILE_COLS))
        self.tiles = loops.Tiles(
            life=np.full(shape, loops.LIFE, np.int32),
            peak=np.zeros(shape, dtype),
            active=np.zeros(shape[0] * shape[1], np.int64),
        )
        self.computed = rows * cols  # cells in the last step
        self._step = device.loop(loops.step)
        self._observe = device.loop(loops.observe_tiles)
        self._pour = device.loop(loops.add_all_water, allocates=False)
        self._drain = device.loop(loops.drain_all, allocates=False)
        self._exchange = device.loop(loops.exchange_all, allocates=False)

    def step(self, state: State, p: Params) -> tuple[State, float, int]:
        """The state after one step, its greatest depth [m] and the number of cells computed."""
        threads = max(1, min(self.device.threads, self.computed // CELLS_A_THREAD))
        highest, computed = self._step(state, p, self.tiles, threads=threads)
        self.computed = int(computed)
        swapped = state._replace(
            h=state.h_new,
            h_new=state.h,
            qx=state.qx_new,
            qx_new=state.qx,
            qy=state.qy_new,
            qy_new=state.qy,
        )
        return swapped, float(highest), self.computed

    def wake(self, i: np.ndarray, j: np.ndarray) -> None:
        """Say that cells (padded indices) may hold water that no kernel brought."""
        rows = (i - PAD) // loops.TILE_ROWS
        self.tiles.life[rows, (j - PAD) // loops.TILE_COLS] = loops.LIFE

    def observe(self, state: State, peaks: Peaks, *limits: Any) -> None:
        """Update the peaks."""
        self._observe(state, peaks, self.tiles, *limits)


def open_kernels(device: Device, rows: int, cols: int, dtype: np.dtype) -> CellKernels:
    """The fastest kernels that the device runs."""
    return (TileKernels if device.runs_loops else CellKernels)(device, rows, cols, dtype)
