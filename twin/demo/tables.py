"""Tables: columns of one layer, made from shapes in local metres, handed out in EPSG:4326."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.demo.plan import Plan


@dataclass(frozen=True)
class Table:
    """One layer: source_id (n,) text, geometry (n,) shapely in EPSG:4326, columns name -> (n,)."""

    source_id: NDArray
    geometry: NDArray
    columns: dict[str, NDArray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.source_id)


def table(
    plan: Plan, prefix: str, shapes: NDArray, **columns: NDArray | list | str | float
) -> Table:
    """A table of local shapes or (n, 2) places, numbered from 1; one value fills a column."""
    shapes = np.asarray(shapes)
    if shapes.dtype != object:
        shapes = shapely.points(shapes.reshape(-1, 2))
    filled: dict[str, NDArray] = {}
    for name, values in columns.items():
        if isinstance(values, str | float | int | bool) or values is None:
            values = np.full(len(shapes), values, object)
        filled[name] = np.asarray(values)
    ids = np.array([f"{prefix}-{i + 1}" for i in range(len(shapes))], object)
    return Table(ids, plan.to_lonlat(shapes), filled)


def codes(prefix: str, count: int) -> NDArray:
    """("V-00001", "V-00002", …)."""
    return np.array([f"{prefix}-{i + 1:05d}" for i in range(count)], object)
