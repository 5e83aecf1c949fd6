"""The per-cell updates of `cells.py` as row loops over wet tiles, for numba on a CPU.

The formulas are those of `physics.py`, in the same order, so the result is the same to the last
bit; only the walk differs. A tile's rows are swept once: raw discharges, the donors' shares and
the new depths follow each other in row buffers that stay in the first-level cache, instead of
three passes through memory. Tiles where no water can move are skipped. Tiles depend on nothing
but the old state, so neither their order nor the number of threads can change the result.

Local inertia sends water at most one cell a step, so a tile needs work only where it or one of
its four neighbours holds water deep enough to move, or rain falls. `life` counts down the steps
after a tile last held such water: the swapped pair of states must both be at rest before it is
left alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from simulation.flood.cells import PAD, add_water, drain, exchange
from simulation.flood.physics import (
    ZERO,
    add_exactly,
    donor_factor,
    flux_inertial,
    limited,
    net_inflow,
    speed,
)
from simulation.launch import parallel_range

TILE_ROWS = 32
TILE_COLS = 256
LIFE = 3


Array = Any


class Tiles(NamedTuple):
    """Blocks of TILE_ROWS x TILE_COLS cells; arrays (tile rows, tile cols)."""

    life: Array  # steps for which the tile must still be computed
    peak: Array  # greatest depth after the last step [m]
    active: Array  # indices of the tiles to compute, flat


def raw_row_x(out, h, z, n, q, q_north, q_south, p):
    """Raw discharges of a row of western faces; slices start one cell west of the first face."""
    for k in range(out.shape[0]):
        out[k] = flux_inertial(
            q[k + 1],
            q[k],
            q[k + 2],
            (q_north[k] + q_north[k + 1]) + (q_south[k] + q_south[k + 1]),
            h[k],
            h[k + 1],
            z[k + 1] - z[k],
            p.half * (n[k] + n[k + 1]),
            p.dt,
            p.inv_dx,
            p.g,
            p.dry,
        )


def raw_row_y(
    out, h_near, h_far, z_near, z_far, n_near, n_far, q, q_before, q_after, qx_near, qx_far, p
):
    """Raw discharges of a row of northern faces."""
    for k in range(out.shape[0]):
        out[k] = flux_inertial(
            q[k],
            q_before[k],
            q_after[k],
            (qx_near[k] + qx_near[k + 1]) + (qx_far[k] + qx_far[k + 1]),
            h_near[k],
            h_far[k],
            z_far[k] - z_near[k],
            p.half * (n_near[k] + n_far[k]),
            p.dt,
            p.inv_dy,
            p.g,
            p.dry,
        )


def share_row(out, h, qx, q_north, q_south, dt_dx, dt_dy, keep):
    """Donors' shares of a row of cells; qx starts at the first cell's western face."""
    for k in range(out.shape[0]):
        out[k] = donor_factor(h[k], qx[k], qx[k + 1], q_north[k], q_south[k], dt_dx, dt_dy, keep)


def limit_row_x(out, raw, shares):
    """Limited western faces of a row; `shares` starts one cell further west."""
    for k in range(out.shape[0]):
        out[k] = limited(raw[k], shares[k], shares[k + 1])


def limit_row_y(out, raw, shares_near, shares_far):
    """Limited northern faces of a row."""
    for k in range(out.shape[0]):
        out[k] = limited(raw[k], shares_near[k], shares_far[k])


def depth_row(h_new, carry, highest, h, qx, q_north, q_south, z, rain, wall, dt_dx, dt_dy):
    """New depths of a row and the greatest so far in each column of the tile."""
    for k in range(h_new.shape[0]):
        flow = net_inflow(qx[k], qx[k + 1], q_north[k], q_south[k], dt_dx, dt_dy)
        fallen = rain if z[k] < wall else ZERO
        depth, lost = add_exactly(h[k], flow + (fallen + carry[k]))
        h_new[k] = depth
        carry[k] = lost
        highest[k] = max(highest[k], depth)


def sweep_tile(i0, i1, j0, j1, s, p):
    """Compute the cells [i0, i1) x [j0, j1) of the new state; returns their greatest depth [m]."""
    cols = j1 - j0
    a = j0 - 1  # first and last column with the halo of one cell that the shares need
    b = j1 + 1
    # Rows i and i-1 (or i+1) of each buffer lie at index i & 1.
    raw_x = np.empty((2, cols + 3), s.h.dtype)  # faces j0-1 .. j1+1
    raw_y = np.empty((2, cols + 2), s.h.dtype)  # cells j0-1 .. j1
    shares = np.empty((2, cols + 2), s.h.dtype)
    face_x = np.empty(cols + 1, s.h.dtype)
    face_y = np.empty((2, cols), s.h.dtype)
    highest = np.zeros(cols, s.h.dtype)
    dt_dx = p.dt * p.inv_dx
    dt_dy = p.dt * p.inv_dy

    for i in range(i0 - 2, i1 + 1):
        now = i & 1
        other = 1 - now
        raw_row_y(
            raw_y[other],  # the southern faces of row i
            s.h[i, a:b],
            s.h[i + 1, a:b],
            s.z[i, a:b],
            s.z[i + 1, a:b],
            s.n[i, a:b],
            s.n[i + 1, a:b],
            s.qy[i + 1, a:b],
            s.qy[i, a:b],
            s.qy[i + 2, a:b],
            s.qx[i, a : b + 1],
            s.qx[i + 1, a : b + 1],
            p,
        )
        if i == i0 - 2:
            continue
        raw_row_x(
            raw_x[now],
            s.h[i, a - 1 : b + 1],
            s.z[i, a - 1 : b + 1],
            s.n[i, a - 1 : b + 1],
            s.qx[i, a - 1 : b + 2],
            s.qy[i, a - 1 : b + 1],
            s.qy[i + 1, a - 1 : b + 1],
            p,
        )
        share_row(
            shares[now], s.h[i, a:b], raw_x[now], raw_y[now], raw_y[other], dt_dx, dt_dy, p.keep
        )
        if i == i0 - 1:
            continue
        limit_row_y(face_y[now], raw_y[now, 1:-1], shares[other, 1:-1], shares[now, 1:-1])
        if i < i1:
            s.qy_new[i, j0:j1] = face_y[now]
        if i == i0:
            continue
        # The shares of rows i-2, i-1 and i are known: row i-1 can be finished.
        limit_row_x(face_x, raw_x[other, 1:-1], shares[other])
        s.qx_new[i - 1, j0:j1] = face_x[:-1]
        depth_row(
            s.h_new[i - 1, j0:j1],
            s.carry[i - 1, j0:j1],
            highest,
            s.h[i - 1, j0:j1],
            face_x,
            face_y[other],
            face_y[now],
            s.z[i - 1, j0:j1],
            p.rain,
            p.wall,
            dt_dx,
            dt_dy,
        )
    return highest.max()


def choose_tiles(tiles, raining):
    """List the tiles that must be computed; returns how many."""
    rows, cols = tiles.life.shape
    count = 0
    for a in range(rows):
        for b in range(cols):
            wet = raining or tiles.life[a, b] > 0
            wet = wet or (a > 0 and tiles.life[a - 1, b] > 0)
            wet = wet or (a + 1 < rows and tiles.life[a + 1, b] > 0)
            wet = wet or (b > 0 and tiles.life[a, b - 1] > 0)
            wet = wet or (b + 1 < cols and tiles.life[a, b + 1] > 0)
            if wet:
                tiles.active[count] = a * cols + b
                count += 1
    return count


def compute_tile(number, state, p, tiles):
    """Compute tile `number` (counted along rows) and note its greatest depth."""
    rows = state.h.shape[0] - 2 * PAD
    cols = state.h.shape[1] - 2 * PAD
    a = number // tiles.life.shape[1]
    b = number % tiles.life.shape[1]
    i0 = PAD + a * TILE_ROWS
    j0 = PAD + b * TILE_COLS
    i1 = min(i0 + TILE_ROWS, PAD + rows)
    j1 = min(j0 + TILE_COLS, PAD + cols)
    tiles.peak[a, b] = sweep_tile(i0, i1, j0, j1, state, p)


def step(state, p, tiles):
    """One time step; returns (greatest depth [m], cells computed)."""
    rows = state.h.shape[0] - 2 * PAD
    cols = state.h.shape[1] - 2 * PAD
    across = tiles.life.shape[1]
    count = choose_tiles(tiles, p.rain > ZERO)
    for k in parallel_range(count):
        compute_tile(tiles.active[k], state, p, tiles)
    cells = 0
    highest = ZERO * p.dt
    for k in range(count):
        a = tiles.active[k] // across
        b = tiles.active[k] % across
        tall = min(TILE_ROWS, rows - a * TILE_ROWS)
        wide = min(TILE_COLS, cols - b * TILE_COLS)
        cells += tall * wide
        if tiles.peak[a, b] > p.dry:
            tiles.life[a, b] = LIFE
        elif tiles.life[a, b] > 0:
            tiles.life[a, b] -= 1
        highest = max(highest, tiles.peak[a, b])
    return highest, cells


def observe_tiles(state, peaks, tiles, time, arrival_depth, shallow):
    """Update the peaks of all cells in tiles that held moving water lately."""
    for number in parallel_range(tiles.life.size):
        if tiles.life[number // tiles.life.shape[1], number % tiles.life.shape[1]] > 0:
            observe_tile(number, state, peaks, tiles, time, arrival_depth, shallow)


def observe_tile(number, state, peaks, tiles, time, arrival_depth, shallow):
    """Update the peaks of one tile."""
    rows, cols = peaks.depth.shape
    i0 = number // tiles.life.shape[1] * TILE_ROWS
    j0 = number % tiles.life.shape[1] * TILE_COLS
    j1 = min(j0 + TILE_COLS, cols)
    for i in range(i0, min(i0 + TILE_ROWS, rows)):
        a = i + PAD
        observe_row(
            peaks.depth[i, j0:j1],
            peaks.arrival[i, j0:j1],
            peaks.speed[i, j0:j1],
            state.h[a, j0 + PAD : j1 + PAD],
            state.qx[a, j0 + PAD : j1 + PAD + 1],
            state.qy[a, j0 + PAD : j1 + PAD],
            state.qy[a + 1, j0 + PAD : j1 + PAD],
            time,
            arrival_depth,
            shallow,
        )


def observe_row(highest, arrival, fastest, h, qx, q_north, q_south, time, arrival_depth, shallow):
    """Update the peaks of a row of cells."""
    for k in range(h.shape[0]):
        highest[k] = max(highest[k], h[k])
        first = h[k] >= arrival_depth and arrival[k] < ZERO
        arrival[k] = time if first else arrival[k]
        v = speed(h[k], qx[k], qx[k + 1], q_north[k], q_south[k], shallow)
        fastest[k] = max(fastest[k], v)


def add_all_water(count, state, sources):
    """Pour every source's water of this step."""
    for k in range(count):
        add_water(k, state, sources)


def drain_all(count, state, edges, p, slope_floor):
    """Find what leaves through every free outflow cell."""
    for k in range(count):
        drain(k, state, edges, p, slope_floor)


def exchange_all(count, state, edges, p):
    """Let every edge cell exchange its water."""
    for k in range(count):
        exchange(k, state, edges, p)
