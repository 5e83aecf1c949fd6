"""Per-cell updates of the flood: (i, j, state, params) in, one cell of the state changed.

Each function runs unchanged in plain Python, under numba's loops and as a CUDA kernel. Arrays are
padded by `PAD` dry wall cells, so that no neighbour needs a bounds check: cell (0, 0) of the grid
is [PAD, PAD], and its own faces are the western `qx[i, j]` and the northern `qy[i, j]`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy import sqrt

from simulation.flood.physics import (
    ZERO,
    add_exactly,
    donor_factor,
    flux_inertial,
    limited,
    net_inflow,
    normal_discharge,
    speed,
)

PAD = 3
WALL = 1e30  # bed of cells that hold no water: outside the grid, nodata, closed lines
WALL_ABOVE = 1e29
NORTH, SOUTH, WEST, EAST = 1, 2, 3, 4

Array = Any


class State(NamedTuple):
    """The water of one moment; all arrays (rows + 2 PAD, cols + 2 PAD) of one precision."""

    h: Array  # depth [m]
    h_new: Array  # depth after the step
    carry: Array  # what rounding has kept out of h so far [m]
    qx: Array  # unit discharge through western faces [m²/s], positive eastward
    qy: Array  # through northern faces, positive southward
    qx_new: Array
    qy_new: Array
    z: Array  # bed above the reference level [m]
    n: Array  # Manning [s/m^(1/3)]


class Params(NamedTuple):
    """Scalars of one step, all of the state's precision."""

    dt: Any  # s
    inv_dx: Any  # 1/m
    inv_dy: Any
    g: Any  # m/s²
    dry: Any  # m
    keep: Any
    rain: Any  # depth that falls in this step [m]
    wall: Any  # WALL_ABOVE
    half: Any  # 0.5


class Sources(NamedTuple):
    """Cells that receive water of their own, each cell once."""

    i: Array
    j: Array
    depth: Array  # added in this step [m]


class Edges(NamedTuple):
    """Cells that exchange water with the world outside, each cell once."""

    i: Array
    j: Array
    inner_i: Array  # the neighbour whose level gives the surface slope; the cell itself if none
    inner_j: Array
    is_stage: Array  # 1: the cell is held at `depth`; 0: free outflow
    fall: Array  # bed of that neighbour less the cell's own [m]
    n: Array  # Manning of the cell [s/m^(1/3)]
    slope: Array  # of the outflow; below 0: the water surface's, at least `slope_floor`
    inv_size: Array  # 1 / extent of the cell along the outflow [1/m]
    side: Array  # NORTH, SOUTH, WEST or EAST: the face that lets water out; 0 for lines
    depth: Array  # target depth of stage cells [m]
    leaving: Array  # unit discharge of outflow cells [m²/s]
    gained: Array  # depth that came in so far [m], with its rounding carry
    gained_carry: Array
    lost: Array
    lost_carry: Array


class Peaks(NamedTuple):
    """What a run remembers of each cell; unpadded arrays (rows, cols)."""

    depth: Array  # greatest depth [m]
    arrival: Array  # first time the depth reached `arrival_depth` [s], below 0 where it never did
    speed: Array  # greatest speed [m/s]


def flux_x(i, j, state, p):
    """New discharge through the western face of cell (i, j), before the volume limit."""
    return flux_inertial(
        state.qx[i, j],
        state.qx[i, j - 1],
        state.qx[i, j + 1],
        (state.qy[i, j - 1] + state.qy[i, j]) + (state.qy[i + 1, j - 1] + state.qy[i + 1, j]),
        state.h[i, j - 1],
        state.h[i, j],
        state.z[i, j] - state.z[i, j - 1],
        p.half * (state.n[i, j - 1] + state.n[i, j]),
        p.dt,
        p.inv_dx,
        p.g,
        p.dry,
    )


def flux_y(i, j, state, p):
    """New discharge through the northern face of cell (i, j), before the volume limit."""
    return flux_inertial(
        state.qy[i, j],
        state.qy[i - 1, j],
        state.qy[i + 1, j],
        (state.qx[i - 1, j] + state.qx[i - 1, j + 1]) + (state.qx[i, j] + state.qx[i, j + 1]),
        state.h[i - 1, j],
        state.h[i, j],
        state.z[i, j] - state.z[i - 1, j],
        p.half * (state.n[i - 1, j] + state.n[i, j]),
        p.dt,
        p.inv_dy,
        p.g,
        p.dry,
    )


def update_faces(i, j, state, p):
    """First pass: the discharges of a cell's own two faces."""
    state.qx_new[i, j] = flux_x(i, j, state, p)
    state.qy_new[i, j] = flux_y(i, j, state, p)


def share(i, j, state, p):
    """The share of its outgoing discharges that cell (i, j) can pay."""
    return donor_factor(
        state.h[i, j],
        state.qx_new[i, j],
        state.qx_new[i, j + 1],
        state.qy_new[i, j],
        state.qy_new[i + 1, j],
        p.dt * p.inv_dx,
        p.dt * p.inv_dy,
        p.keep,
    )


def update_depth(i, j, state, p):
    """Second pass: limit the faces of a cell, then let in what they and the rain bring."""
    here = share(i, j, state, p)
    west = limited(state.qx_new[i, j], share(i, j - 1, state, p), here)
    east = limited(state.qx_new[i, j + 1], here, share(i, j + 1, state, p))
    north = limited(state.qy_new[i, j], share(i - 1, j, state, p), here)
    south = limited(state.qy_new[i + 1, j], here, share(i + 1, j, state, p))
    state.qx[i, j] = west
    state.qy[i, j] = north

    flow = net_inflow(west, east, north, south, p.dt * p.inv_dx, p.dt * p.inv_dy)
    rain = p.rain if state.z[i, j] < p.wall else ZERO
    state.h_new[i, j], state.carry[i, j] = add_exactly(
        state.h[i, j], flow + (rain + state.carry[i, j])
    )


def add_water(k, state, sources):
    """Pour source k's water of this step into its cell."""
    i = sources.i[k]
    j = sources.j[k]
    state.h[i, j], state.carry[i, j] = add_exactly(
        state.h[i, j], sources.depth[k] + state.carry[i, j]
    )


def drain(k, state, edges, p, slope_floor):
    """What will leave through free outflow cell k, from the water before the step."""
    i = edges.i[k]
    j = edges.j[k]
    h = state.h[i, j]
    q = ZERO * h
    if h > p.dry:
        slope = edges.slope[k]
        if slope < ZERO:
            a = edges.inner_i[k]
            b = edges.inner_j[k]
            fall = edges.fall[k] + (state.h[a, b] - h)
            slope = max(fall * edges.inv_size[k], slope_floor)
        q = normal_discharge(h, sqrt(slope), edges.n[k], p.g)
    edges.leaving[k] = q


def exchange(k, state, edges, p):
    """Let out what `drain` found, or hold the cell at its stage, and count what crossed.

    Both come after the step, so that the discharges inside see the same water as the outflow.
    The outflow also goes to the face on the edge, where it is the neighbours' momentum.
    """
    i = edges.i[k]
    j = edges.j[k]
    h = state.h[i, j]
    if edges.is_stage[k] != 0:
        change = (edges.depth[k] - h) - state.carry[i, j]
        state.h[i, j] = edges.depth[k]
        state.carry[i, j] = ZERO
    else:
        q = edges.leaving[k]
        if edges.side[k] == NORTH:
            state.qy[i, j] = -q
        elif edges.side[k] == SOUTH:
            state.qy[i + 1, j] = q
        elif edges.side[k] == WEST:
            state.qx[i, j] = -q
        elif edges.side[k] == EAST:
            state.qx[i, j + 1] = q
        change = -min(q * p.dt * edges.inv_size[k], h * p.keep)
        state.h[i, j], state.carry[i, j] = add_exactly(h, change + state.carry[i, j])
    if change > ZERO:
        edges.gained[k], lost = add_exactly(edges.gained[k], change + edges.gained_carry[k])
        edges.gained_carry[k] = lost
    else:
        edges.lost[k], lost = add_exactly(edges.lost[k], edges.lost_carry[k] - change)
        edges.lost_carry[k] = lost


def observe(i, j, state, peaks, time, arrival_depth, shallow):
    """Remember the greatest depth and speed of a cell and when the water reached it."""
    h = state.h[i, j]
    a = i - PAD
    b = j - PAD
    peaks.depth[a, b] = max(peaks.depth[a, b], h)
    first = h >= arrival_depth and peaks.arrival[a, b] < ZERO
    peaks.arrival[a, b] = time if first else peaks.arrival[a, b]
    v = speed(h, state.qx[i, j], state.qx[i, j + 1], state.qy[i, j], state.qy[i + 1, j], shallow)
    peaks.speed[a, b] = max(peaks.speed[a, b], v)
