"""Smooth random fields: from a seeded generator to a function of position. Pure numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


class Noise:
    """A sum of plane waves with wavelengths about `wavelength_m`; values have a spread of about 1.

    Plane waves need no lattice, so a field is the same whatever grid or points it is asked at.
    """

    def __init__(self, rng: np.random.Generator, wavelength_m: float, waves: int = 9):
        angle = rng.uniform(0, 2 * np.pi, waves)
        number = 2 * np.pi / (wavelength_m * rng.uniform(0.7, 1.6, waves))
        self.kx = number * np.cos(angle)
        self.ky = number * np.sin(angle)
        self.phase = rng.uniform(0, 2 * np.pi, waves)

    def __call__(self, x: ArrayLike, y: ArrayLike) -> Array:
        """The field at x, y [m], broadcast against each other."""
        x, y = np.asarray(x, float), np.asarray(y, float)
        total = np.zeros(np.broadcast_shapes(x.shape, y.shape))
        # cos(a + b) from the parts of x and y: on a grid the trigonometry is per row and column.
        for kx, ky, phase in zip(self.kx, self.ky, self.phase, strict=True):
            a, b = kx * x, ky * y + phase
            total += np.cos(a) * np.cos(b) - np.sin(a) * np.sin(b)
        return total * np.sqrt(2.0 / len(self.kx))


def smoothstep(value: ArrayLike, low: float, high: float) -> Array:
    """0 below `low`, 1 above `high`, a smooth S between."""
    t = np.clip((np.asarray(value, float) - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)
