"""Durations and series in time: text or a CSV goes in, values and exact integrals come out.

Rain is a series of blocks: an intensity holds from its time until the next one. Discharges and
levels are lines between their points.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twin.core.errors import BadInput

UNITS = {"s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
DURATION = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-z]*)\s*", re.IGNORECASE)


def parse_duration(value: object) -> float:
    """Seconds from a number or from "90s", "5min", "6h", "1d"; raises BadInput."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    else:
        match = DURATION.fullmatch(value) if isinstance(value, str) else None
        unit = (match[2].lower() or "s") if match else ""
        if match is None or unit not in UNITS:
            raise BadInput(
                f'{value!r} is no duration; give seconds or text like "90s", "5min", "6h"'
            )
        seconds = float(match[1]) * UNITS[unit]
    if not 0 < seconds < 1e10:
        raise BadInput(f"{value!r} is no duration: it must be above 0")
    return seconds


@dataclass(frozen=True)
class Series:
    """Values at rising times [s]; `blocks` hold until the next time, else lines join them."""

    times: np.ndarray
    values: np.ndarray
    blocks: bool = False

    @classmethod
    def constant(cls, value: float) -> Series:
        """The same value for ever."""
        return cls(np.array([0.0]), np.array([float(value)]))

    def scaled(self, factor: float) -> Series:
        """The series with its values multiplied, for a change of unit."""
        return Series(self.times, self.values * factor, self.blocks)

    def at(self, time: float) -> float:
        """The value at a time; the last one holds on."""
        if self.blocks:
            k = int(np.searchsorted(self.times, time, side="right")) - 1
            return float(self.values[max(k, 0)])
        return float(np.interp(time, self.times, self.values))

    def total(self, start: float, end: float) -> float:
        """The exact integral from start to end, in value x seconds."""
        return self._until(end) - self._until(start)

    def highest(self, start: float, end: float) -> float:
        """The greatest value from start to end."""
        inside = self.values[(self.times >= start) & (self.times <= end)]
        return max(self.at(start), self.at(end), *inside)

    def next_change(self, time: float) -> float:
        """The first time of the series after `time`; infinity after the last."""
        k = int(np.searchsorted(self.times, time, side="right"))
        return float(self.times[k]) if k < len(self.times) else float("inf")

    def _until(self, time: float) -> float:
        k = max(int(np.searchsorted(self.times, time, side="right")) - 1, 0)
        widths = np.diff(self.times[: k + 1])
        if self.blocks:
            past = float(np.dot(widths, self.values[:k]))
            return past + float(self.values[k]) * (time - float(self.times[k]))
        past = float(np.dot(widths, (self.values[:k] + self.values[1 : k + 1]) / 2))
        return past + (float(self.values[k]) + self.at(time)) / 2 * (time - float(self.times[k]))


def make_series(
    points: Sequence[Sequence[float]], *, blocks: bool, name: str, lowest: float | None = None
) -> Series:
    """A series from (time_s, value) pairs; raises BadInput that names the first wrong point."""
    times: list[float] = []
    values: list[float] = []
    for number, (time, value) in enumerate(points, start=1):
        if not (np.isfinite(time) and np.isfinite(value)):
            raise BadInput(f"{name}: row {number} ({time}, {value}) is not finite; give numbers")
        if times and time <= times[-1]:
            raise BadInput(
                f"{name}: time {time:g} s in row {number} does not follow {times[-1]:g} s; "
                "sort the rows by time and drop repeated ones"
            )
        if lowest is not None and value < lowest:
            raise BadInput(f"{name}: {value:g} in row {number} is below {lowest:g}")
        times.append(float(time))
        values.append(float(value))
    if not times:
        raise BadInput(f"{name}: holds no rows; give at least the start and the end of the run")
    return Series(np.array(times), np.array(values), blocks)


def read_series(
    path: Path, column: str, *, blocks: bool, name: str, lowest: float | None = None
) -> Series:
    """The columns `time_s` and `column` of a CSV with a header; raises BadInput."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadInput(f"{name}: there is no file {path}; check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{name}: {path} can't be read as UTF-8 text ({error})") from error
    rows = csv.DictReader(text.splitlines(), skipinitialspace=True)
    header = [(title or "").strip() for title in rows.fieldnames or []]
    rows.fieldnames = header
    for wanted in ("time_s", column):
        if wanted not in header:
            raise BadInput(
                f'{name}: {path} has no column "{wanted}" (it has {", ".join(header) or "none"}); '
                f'its first line must be "time_s,{column}"'
            )
    points = []
    for row in rows:
        try:
            points.append((float(row["time_s"]), float(row[column])))
        except (TypeError, ValueError):
            raise BadInput(
                f"{name}: {path}, line {rows.line_num}: "
                f"{row['time_s']!r}, {row[column]!r} are not two numbers"
            ) from None
    return make_series(points, blocks=blocks, name=f"{name}: {path}", lowest=lowest)


def check_covers(series: Series, duration: float, name: str) -> None:
    """Raise BadInput where a series (constants apart) starts late or ends before the run."""
    if len(series.times) == 1 and series.times[0] == 0 and not series.blocks:
        return
    if series.times[0] > 0:
        raise BadInput(
            f"{name} starts at {series.times[0]:g} s but the run starts at 0 s; add a row for 0 s"
        )
    if series.times[-1] < duration:
        raise BadInput(
            f"{name} ends at {series.times[-1]:g} s but the run lasts until {duration:g} s; "
            "extend the series or shorten the run"
        )
