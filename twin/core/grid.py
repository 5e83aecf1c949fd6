"""A raster's grid: affine transform, CRS and shape in; cells, centers and bounds out. No Django.

Row 0 lies in the north: y falls as rows rise. `(x, y)` are coordinates of the CRS, `(row, col)`
cell indices; a cell owns its western and northern edges.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from twin.core.errors import BadInput


@dataclass(frozen=True, init=False)
class Grid:
    """Affine transform (a, b, c, d, e, f), CRS (text understood by PROJ, or None) and shape.

    x = a col + b row + c and y = d col + e row + f, for a cell's north-western corner. The grid
    must not be rotated (b = d = 0) and must run north to south (e < 0).
    """

    transform: tuple[float, float, float, float, float, float]
    crs: str | None
    shape: tuple[int, int]

    def __init__(self, transform: Sequence[float], crs: str | None, shape: Sequence[int]):
        """Raises BadInput for a rotated, empty or upside-down grid."""
        a, b, c, d, e, f = (float(value) for value in tuple(transform)[:6])
        rows, cols = (int(count) for count in shape)
        if b or d:
            raise BadInput(
                f"The raster is rotated (transform {a:g}, {b:g}, {d:g}, {e:g}); "
                "warp it to a grid whose rows run west to east"
            )
        if not (a > 0 and e < 0 and all(map(math.isfinite, (a, c, e, f)))):
            raise BadInput(
                f"The raster's cells measure {a:g} by {-e:g}; both must be above 0, "
                "with row 0 in the north"
            )
        if rows < 1 or cols < 1:
            raise BadInput(f"The raster has {rows} rows and {cols} columns; it needs one of each")
        object.__setattr__(self, "transform", (a, b, c, d, e, f))
        object.__setattr__(self, "crs", crs)
        object.__setattr__(self, "shape", (rows, cols))

    @classmethod
    def from_bounds(cls, bounds: Sequence[float], cell: float, crs: str | None = None) -> Grid:
        """The smallest grid of square cells that covers (west, south, east, north).

        Cell corners lie on whole multiples of `cell`, so overlapping areas share their cells.
        """
        west, south, east, north = bounds
        left, top = math.floor(west / cell + 1e-9), math.ceil(north / cell - 1e-9)
        cols = max(1, math.ceil(east / cell - 1e-9) - left)
        rows = max(1, top - math.floor(south / cell + 1e-9))
        return cls((cell, 0, left * cell, 0, -cell, top * cell), crs, (rows, cols))

    @property
    def cell_size(self) -> tuple[float, float]:
        """(width, height) of a cell, both positive."""
        return self.transform[0], -self.transform[4]

    @property
    def cell_area(self) -> float:
        """Area of a cell, in squared units of the CRS."""
        return self.transform[0] * -self.transform[4]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north)."""
        a, _, c, _, e, f = self.transform
        rows, cols = self.shape
        return c, f + e * rows, c + a * cols, f

    @property
    def x(self) -> np.ndarray:
        """Centers of the columns, (cols,)."""
        a, _, c, *_ = self.transform
        return c + a * (np.arange(self.shape[1]) + 0.5)

    @property
    def y(self) -> np.ndarray:
        """Centers of the rows, (rows,), falling."""
        *_, e, f = self.transform
        return f + e * (np.arange(self.shape[0]) + 0.5)

    def cell(self, x: float, y: float) -> tuple[int, int] | None:
        """(row, col) of the cell that contains the point, None outside.

        The grid's own southern and eastern edges count as inside.
        """
        west, south, east, north = self.bounds
        if not (west <= x <= east and south <= y <= north):
            return None
        a, _, c, _, e, f = self.transform
        rows, cols = self.shape
        return min(int((y - f) / e), rows - 1), min(int((x - c) / a), cols - 1)

    def cells_along(self, line: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
        """The cells that a line of points crosses, in order, each once; points must lie inside."""
        width, height = self.cell_size
        found: dict[tuple[int, int], None] = {}
        for (x0, y0), (x1, y1) in pairwise(line):
            pieces = 1 + int(16 * max(abs(x1 - x0) / width, abs(y1 - y0) / height))
            for k in range(pieces + 1):
                at = self.cell(x0 + (x1 - x0) * k / pieces, y0 + (y1 - y0) * k / pieces)
                if at is not None:
                    found[at] = None
        return list(found)

    def affine(self) -> Any:
        """The transform as an `affine.Affine` (rasterio's)."""
        from affine import Affine

        return Affine(*self.transform)
