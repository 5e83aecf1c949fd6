"""Local-inertia shallow water: depths and discharges go in, a face's new discharge comes out.

Every function takes and returns scalars of one precision and knows of no array, thread or device.
Constants are typed (a bare literal would widen float32 arithmetic to float64) and exact in both
precisions; those that are not exact (g, dt, cell size) come in as arguments.

Sources
    Bates, Horritt, Fewtrell (2010), doi:10.1016/j.jhydrol.2010.03.027, equation 11 (local inertia).
    de Almeida, Bates, Freer, Souvignet (2012), doi:10.1029/2011WR011570, equation 12 (q-centred).
    Sridharan et al. (2020), doi:10.1029/2020WR027357 (the weight theta from the local speed; a
    fixed theta below 1 slows the front the more the shorter the time step is).
    de Almeida, Bates (2013), doi:10.1002/wrcr.20366 (friction takes the size of the discharge in
    two dimensions; with one component alone, flow along a diagonal runs 19 % too fast).

Symbols
    h water depth [m], z bed level [m], q unit discharge [m²/s], n Manning coefficient [s/m^(1/3)].
    "near" is the cell with the smaller index (west or north), "far" the other one; a positive q
    runs from near to far.
"""

from __future__ import annotations

import numpy as np
from numpy import sqrt

ZERO = np.float32(0.0)
HALF = np.float32(0.5)
QUARTER = np.float32(0.25)
FOUR = np.float32(4.0)
ONE = np.float32(1.0)
THIRD = np.float32(1.0 / 3.0)
TWO_NINTHS = np.float32(2.0 / 9.0)

# A float's bit pattern, read as an integer, is close to its logarithm: a third of it, negated,
# is close to that of the inverse cube root (within 3.5 %).
ROOT_SEED = np.float32(0x54A21D2A)


def inverse_cube_root(x):
    """x^(-1/3) for x > 0, to rounding error, without `pow` or a division.

    Two steps of the third-order Householder iteration r <- r (1 + c/3 + 2c²/9), c = 1 - x r³,
    take the seed's 3.5 % to 2e-4 and then below 1e-10. The seed is float32 in both precisions.
    """
    bits = np.float32(np.float32(x).view(np.int32))
    r = np.int32(ROOT_SEED - bits * THIRD).view(np.float32)
    c = ONE - x * r * r * r
    r = r + r * c * (THIRD + TWO_NINTHS * c)
    c = ONE - x * r * r * r
    return r + r * c * (THIRD + TWO_NINTHS * c)


def flow_depth(h_near, h_far, dz):
    """Depth [m] that can flow over a face: the higher water level less the higher bed.

    `dz` = z_far - z_near. The levels themselves are never formed: their rounding would grow with
    the height above the datum, depths and the step between two beds do not.
    """
    over_far_bed = h_near - max(dz, ZERO)
    over_near_bed = h_far + min(dz, ZERO)
    return max(over_far_bed, over_near_bed)


def flux_inertial(q, q_before, q_after, q_across, h_near, h_far, dz, n, dt, inv_dx, g, dry):
    """New unit discharge [m²/s] through one face after `dt` [s].

    `q_before` and `q_after` are the discharges of the next faces along the flow, `q_across` four
    times the mean discharge of the faces across it, `n` the face's Manning coefficient, `inv_dx`
    1/m, `dry` [m] the flow depth below which nothing moves.
    """
    depth = flow_depth(h_near, h_far, dz)
    flows = depth > dry
    depth = max(depth, dry)
    wave = sqrt(g * depth)
    r = inverse_cube_root(depth)
    r3 = r * r * r  # 1 / depth

    # The momentum is averaged along the flow as much as upwinding would: theta is 1 at rest.
    theta = ONE - dt * inv_dx * min(abs(q) * r3, wave)
    momentum = theta * q + (ONE - theta) * HALF * (q_before + q_after)

    pressure = g * dt * depth * (dz + (h_far - h_near)) * inv_dx
    driven = momentum - pressure

    # Manning friction on the new discharge: Q (1 + k |Q|) = driven, with depth^(-7/3) = r^7. The
    # component across the face is what would bring its old discharge back, so that the root is
    # exact in steady flow. Friction on the old discharge instead makes thin water flicker.
    k = g * dt * n * n * r3 * r3 * r
    across = QUARTER * q_across
    driven_across = across * (ONE + k * sqrt(q * q + across * across))
    size = sqrt(driven * driven + driven_across * driven_across)
    q_new = (driven + driven) / (ONE + sqrt(ONE + FOUR * k * size))

    # Froude cap: local inertia leaves advection out, so nothing else holds flow to critical.
    q_critical = depth * wave
    q_new = min(max(q_new, -q_critical), q_critical)
    return q_new if flows else ZERO


def donor_factor(h, q_west, q_east, q_north, q_south, dt_dx, dt_dy, keep):
    """The share of a cell's outgoing discharges that its water covers, 0 to 1.

    `dt_dx` and `dt_dy` are time step over cell size [s/m]; `keep` is a little under 1, so that
    rounding never leaves a depth below 0. Scaling every outflow of a cell by this share keeps
    depths positive and takes no water out of, or into, the balance.
    """
    leaving_x = max(q_east, ZERO) - min(q_west, ZERO)
    leaving_y = max(q_south, ZERO) - min(q_north, ZERO)
    leaving = leaving_x * dt_dx + leaving_y * dt_dy
    return h * keep / leaving if leaving > h * keep else ONE


def limited(q, factor_near, factor_far):
    """A face's discharge scaled by the share of the cell it comes from."""
    return q * (factor_near if q > ZERO else factor_far)


def net_inflow(q_west, q_east, q_north, q_south, dt_dx, dt_dy):
    """Depth [m] that four discharges add to a cell in one step."""
    return (q_west - q_east) * dt_dx + (q_north - q_south) * dt_dy


def add_exactly(h, added):
    """(sum, lost): the rounded h + added and what the rounding lost (Knuth's two-sum).

    Carrying the loss to the next step keeps increments far below one unit in the last place of h:
    a light rain on deep water in float32.
    """
    total = h + added
    part = total - h
    lost = (h - (total - part)) + (added - part)
    return total, lost


def normal_discharge(h, slope_root, n, g):
    """Manning's unit discharge [m²/s] at depth h on a slope, at most critical.

    `slope_root` is the square root of the slope; h^(5/3) = h² h^(-1/3).
    """
    q_normal = h * h * inverse_cube_root(h) * slope_root / n
    q_critical = h * sqrt(g * h)
    return min(q_normal, q_critical)


def speed(h, q_west, q_east, q_north, q_south, shallow):
    """Speed [m/s] at a cell's centre; 0 below the depth `shallow` [m], where it means little."""
    u = HALF * (q_west + q_east)
    v = HALF * (q_north + q_south)
    return sqrt(u * u + v * v) / h if h > shallow else ZERO
