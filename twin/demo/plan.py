"""The size and place of the synthetic city: from (seed, buildings) to its frame and densities.

All shapes are made in local metres, x east and y north of the centre; `Plan.to_lonlat` turns them
into EPSG:4326 through VN-2000 TM-3 106°15' (EPSG:9212), the metric system of Quảng Trị.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.core.errors import BadInput
from twin.demo.noise import Noise

CRS = "EPSG:9212"
CENTER_LONLAT = (107.10, 16.8163)  # Đông Hà
ORIGIN = (590400.0, 1860100.0)  # the centre in EPSG:9212 [m], on the 10 m lattice of the grid
DATUM = "mean sea level (synthetic) / mực nước biển trung bình (mô phỏng)"
MIN_BUILDINGS, MAX_BUILDINGS = 500, 1_000_000


@dataclass(frozen=True)
class Plan:
    """What was asked for, and the lengths that follow from it."""

    seed: int
    buildings: int

    def __post_init__(self) -> None:
        if not MIN_BUILDINGS <= self.buildings <= MAX_BUILDINGS:
            raise BadInput(
                f"{self.buildings} buildings: choose {MIN_BUILDINGS} to {MAX_BUILDINGS}",
                field="buildings",
            )
        if not 0 <= self.seed < 2**31:
            raise BadInput(f"seed {self.seed}: choose 0 to {2**31 - 1}", field="seed")

    @property
    def cell_m(self) -> float:
        """Cell of the terrain [m]: 5, coarser where that would need too much memory."""
        return 5.0 if self.buildings <= 300_000 else 10.0

    @property
    def side_m(self) -> float:
        """Side of the terrain square [m]: 6 km for 15,000 buildings, the area growing with them."""
        side = max(6000.0 * np.sqrt(self.buildings / 15_000), 2400.0)
        return float(np.round(side / 40.0) * 40.0)

    @property
    def half_m(self) -> float:
        """Half of the side [m]."""
        return self.side_m / 2

    @property
    def scale(self) -> float:
        """How many devices (signals, cameras, sensors) this city has for one of the default's."""
        return float(np.sqrt(self.buildings / 15_000))

    def rng(self, purpose: str) -> np.random.Generator:
        """A generator of its own for each purpose: a change in one part leaves the others."""
        return np.random.default_rng([self.seed, *purpose.encode()])

    @cached_property
    def _patchiness(self) -> Noise:
        return Noise(self.rng("patchiness"), 0.55 * self.half_m)

    def urbanity(self, x: NDArray, y: NDArray) -> NDArray:
        """How urban a place is: about 1 in the centre, 0 and less in the fields."""
        h = self.half_m
        x, y = np.asarray(x, float), np.asarray(y, float)
        main = np.hypot((x - 0.06 * h) / 1.2, y + 0.08 * h) / h
        north = np.hypot((x - 0.1 * h) / 1.3, y - 0.48 * h) / h
        value = np.maximum(1.0 - main, 0.70 - 1.2 * north)
        return value + 0.07 * self._patchiness(x, y)

    def to_lonlat(self, shapes: NDArray) -> NDArray:
        """Shapes of local metres as shapes of EPSG:4326, vertex by vertex."""
        return shapely.transform(shapes, self.lonlat)

    def lonlat(self, xy: NDArray) -> NDArray:
        """(n, 2) local metres as (n, 2) longitude, latitude [degrees]."""
        from pyproj import Transformer

        transformer = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
        lon, lat = transformer.transform(xy[:, 0] + ORIGIN[0], xy[:, 1] + ORIGIN[1])
        return np.column_stack([lon, lat])
