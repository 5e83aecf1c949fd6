"""What a reader hands on: batches of features, and findings about those that had to change.

A batch belongs to one layer and holds its features by column. Findings name each feature that
was rejected or repaired, and why; the report is made from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

BATCH_SIZE = 10_000

Geometries = np.ndarray  # of shapely objects (or None), dtype=object, shape (n,)


@dataclass
class Batch:
    """Features of one layer: `source_ids` and every column have the length of `geometries`.

    Geometries are shapely objects in EPSG:4326 (longitude, latitude).
    """

    layer: str
    source_ids: list[str]
    geometries: Geometries
    columns: dict[str, list[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.source_ids)

    def only(self, keep: np.ndarray) -> Batch:
        """The features where the boolean array `keep` is true."""
        if keep.all():
            return self
        rows = np.flatnonzero(keep).tolist()
        return Batch(
            self.layer,
            [self.source_ids[row] for row in rows],
            self.geometries[keep],
            {name: [values[row] for row in rows] for name, values in self.columns.items()},
        )


@dataclass(frozen=True)
class Finding:
    """One feature that was not taken as it came: rejected, repaired, kept or removed."""

    layer: str
    id: str
    outcome: str
    reason: str


@dataclass
class Findings:
    """Collects what a report must say: findings by feature, and notes about the whole file."""

    items: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def reject(self, layer: str, id: str, reason: str) -> None:
        """The feature is left out."""
        self.items.append(Finding(layer, id, "rejected", reason))

    def repair(self, layer: str, id: str, reason: str) -> None:
        """The feature is taken, changed as `reason` says."""
        self.items.append(Finding(layer, id, "repaired", reason))

    def note(self, text: str) -> None:
        """Something about the whole file, said once."""
        if text not in self.notes:
            self.notes.append(text)

    def of(self, outcome: str, layer: str | None = None) -> list[Finding]:
        """The findings of one outcome, of one layer where it is named."""
        return [
            item
            for item in self.items
            if item.outcome == outcome and (layer is None or item.layer == layer)
        ]


class Rows:
    """Gathers single features of several layers until each has a batch's worth."""

    def __init__(self, size: int = BATCH_SIZE):
        self.size = size
        self._waiting: dict[str, list[tuple[str, Any, dict[str, Any]]]] = {}

    def add(
        self, layer: str, source_id: str, geometry: Any, attributes: dict[str, Any]
    ) -> Iterator[Batch]:
        """Take one feature (geometry: shapely, WKB or hex WKB); yields a batch when one is full."""
        waiting = self._waiting.setdefault(layer, [])
        waiting.append((source_id, geometry, attributes))
        if len(waiting) >= self.size:
            del self._waiting[layer]
            yield self._batch(layer, waiting)

    def rest(self) -> Iterator[Batch]:
        """What still waits when the file has ended."""
        for layer in list(self._waiting):
            yield self._batch(layer, self._waiting.pop(layer))

    @staticmethod
    def _batch(layer: str, rows: Sequence[tuple[str, Any, dict[str, Any]]]) -> Batch:
        geometries = np.empty(len(rows), dtype=object)
        geometries[:] = [row[1] for row in rows]
        encoded = np.array([isinstance(value, str | bytes) for value in geometries], dtype=bool)
        if encoded.any():
            geometries[encoded] = shapely.from_wkb(geometries[encoded], on_invalid="ignore")
        names = dict.fromkeys(name for row in rows for name in row[2])
        return Batch(
            layer,
            [row[0] for row in rows],
            geometries,
            {name: [row[2].get(name) for row in rows] for name in names},
        )
