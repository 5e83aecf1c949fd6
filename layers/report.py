"""What an import did: counts by layer, and every feature that was not taken as it came.

Printed for people, saved as JSON under the data folder's `imports`.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from layers.sources.batch import Finding, Findings

OUTCOMES = ("inserted", "updated", "unchanged", "kept", "removed", "rejected", "repaired")
SHOWN = 3


@dataclass
class Counts:
    """How many features of one layer had which outcome.

    `repaired` ones are also among the inserted, updated or unchanged; kept ones were edited here.
    """

    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    kept: int = 0
    removed: int = 0
    rejected: int = 0
    repaired: int = 0


@dataclass
class Report:
    """The outcome of one import."""

    source: str
    file: str = ""
    dry_run: bool = False
    started_at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    seconds: float = 0.0
    layers: dict[str, Counts] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)
    saved_as: Path | None = None

    def of(self, layer: str) -> Counts:
        """The counts of a layer."""
        return self.layers.setdefault(layer, Counts())

    def total(self, outcome: str) -> int:
        """One outcome over all layers."""
        return sum(getattr(counts, outcome) for counts in self.layers.values())

    @property
    def nothing_taken(self) -> bool:
        """Features were read, and every one was rejected."""
        taken = ("inserted", "updated", "unchanged", "kept", "removed")
        return bool(self.total("rejected")) and not any(map(self.total, taken))

    def finish(self) -> Report:
        """Count the findings and stop the clock."""
        for outcome in ("rejected", "repaired"):
            ids: dict[str, set[str]] = {}
            for item in self.findings.of(outcome):
                ids.setdefault(item.layer, set()).add(item.id)
            for layer, found in ids.items():
                setattr(self.of(layer), outcome, len(found))
        self.seconds = (dt.datetime.now(dt.UTC) - self.started_at).total_seconds()
        return self

    def as_dict(self) -> dict[str, Any]:
        """The report as it is saved."""
        return {
            "source": self.source,
            "file": self.file,
            "dry_run": self.dry_run,
            "started_at": self.started_at.isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 3),
            "layers": {name: asdict(counts) for name, counts in self.layers.items()},
            "notes": self.findings.notes,
            "items": [asdict(item) for item in self.findings.items],
        }

    def save(self, folder: Path) -> Path:
        """Write <folder>/<time>-<name>.json and return its path."""
        folder.mkdir(parents=True, exist_ok=True)
        stem = Path(self.file).name.split(".")[0] or self.source.replace(":", "-")
        time = self.started_at.strftime("%Y%m%dT%H%M%S")
        path = folder / f"{time}-{stem}.json"
        turn = 2
        while path.exists():
            path = folder / f"{time}-{stem}-{turn}.json"
            turn += 1
        path.write_text(json.dumps(self.as_dict(), ensure_ascii=False, indent=1), "utf-8")
        self.saved_as = path
        return path

    def words(self) -> str:
        """The report for a person: a table of counts, the findings by kind with their first ids."""
        lines = [f"{'':20}" + "".join(f"{outcome:>11}" for outcome in OUTCOMES)]
        for name, counts in self.layers.items():
            values = "".join(f"{getattr(counts, outcome):11,}" for outcome in OUTCOMES)
            lines.append(f"{name:20}{values}")
        for outcome in ("rejected", "repaired", "kept", "removed"):
            lines += self._grouped(outcome)
        lines += [f"note: {note}" for note in self.findings.notes]
        if self.dry_run:
            lines.append("dry run: nothing was changed")
        if self.saved_as:
            lines.append(f"report: {self.saved_as}")
        return "\n".join(lines)

    def _grouped(self, outcome: str) -> list[str]:
        """One line a layer and kind of reason: "rejected 35 roads: … (way/1, way/2, …)"."""
        groups: dict[tuple[str, str], list[Finding]] = {}
        for item in self.findings.of(outcome):
            groups.setdefault((item.layer, kind_of(item.reason)), []).append(item)
        lines = []
        for (layer, _), items in sorted(groups.items(), key=lambda group: -len(group[1])):
            ids = ", ".join(item.id for item in items[:SHOWN])
            more = ", …" if len(items) > SHOWN else ""
            reason = items[0].reason if len(items) == 1 else f"such as: {items[0].reason}"
            lines.append(f"{outcome} {len(items):,} {layer} ({ids}{more}): {reason}")
        return lines


def kind_of(reason: str) -> str:
    """A reason without what differs from feature to feature: numbers, quotes, parentheses."""
    return re.sub(r"\d[\d.,]*|\"[^\"]*\"|\([^)]*\)|\[[^\]]*\]", "", reason)
