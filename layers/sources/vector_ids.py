"""What names the features of a vector file from import to import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from layers.sources.batch import Batch, Findings
from layers.sources.vector_file import VectorFile, listed
from twin.core.errors import BadInput

ID_COLUMNS = ("source_id", "id", "@id", "osm_id", "full_id", "uuid", "globalid")


@dataclass
class Ids:
    """What names the features: one column, several together, or the file's own row numbers."""

    columns: list[str]
    prefix: str = ""
    _seen: set[str] = field(default_factory=set)

    @classmethod
    def choose(
        cls,
        file: VectorFile,
        asked: str | None,
        key: Sequence[str | None] = (),
        prefix: str = "",
    ) -> Ids:
        """The column asked for; else a well-known one that is unique; else the key; else rows.

        prefix: stands before every id.
        """
        if asked:
            if asked not in file.columns:
                raise BadInput(
                    f'{file.path.name} has no column "{asked}"; it has {listed(file.columns)}',
                    field="id",
                )
            return cls([asked], prefix)
        by_folded = {name.casefold(): name for name in reversed(file.columns)}
        for candidate in ID_COLUMNS:
            column = by_folded.get(candidate)
            if column is None:
                continue
            _, _, table = file.read(columns=[column], read_geometry=False)
            found = [plain_id(value) for value in table[column]]
            if found and None not in found and max(Counter(found).values()) == 1:
                return cls([column], prefix)
        known = [column for column in key if column]
        return cls(known if len(known) == len(key) else [], prefix)

    def of(self, fids: np.ndarray, table: Mapping[str, list[Any]]) -> list[str]:
        """The names of a chunk's features; "row 12" where what should name one is empty."""
        rows = [str(int(fid)) for fid in fids]
        if not self.columns:
            return [self.prefix + row for row in rows]
        parts = zip(*(map(plain_id, table[column]) for column in self.columns), strict=True)
        return [
            self.prefix + (f"row {row}" if None in part else "/".join(map(str, part)))
            for part, row in zip(parts, rows, strict=True)
        ]

    def first_of_each(self, batch: Batch, findings: Findings) -> np.ndarray:
        """True for the first feature of each id; a finding for every later one."""
        keep = np.ones(len(batch), dtype=bool)
        for row, id in enumerate(batch.source_ids):
            if id in self._seen:
                keep[row] = False
                words = "/".join(self.columns) or "id"
                findings.reject(batch.layer, id, f"its {words} is repeated in the file")
            self._seen.add(id)
        return keep


def plain_id(value: Any) -> str | None:
    """An id as text; 12.0 (an integer column with gaps) is "12"."""
    if value is None or value != value:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() or None
