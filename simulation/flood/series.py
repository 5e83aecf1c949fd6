"""Durations and series in time: text or a CSV goes in, values and exact integrals come out.

Rain is a series of blocks: an intensity holds from its time until the next one. Discharges and
levels are lines between their points.
"""

from __future__ import annotations

import csv
import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

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
    if not 0 < seconds < math.inf:
        raise BadInput(f"{value!r} is no duration: it must be above 0")
    return seconds


class Series:
    """Values at rising times [s]; `blocks` hold until the next time, else lines join them.

    Before the first time the first value holds, after the last one the last.
    """

    def __init__(self, times: Sequence[float], values: Sequence[float], blocks: bool = False):
        self.times = [float(time) for time in times]
        self.values = [float(value) for value in values]
        self.blocks = blocks
        totals = [0.0]
        for k in range(1, len(self.times)):
            height = self.values[k - 1] if blocks else (self.values[k - 1] + self.values[k]) / 2
            totals.append(totals[-1] + height * (self.times[k] - self.times[k - 1]))
        self._totals = totals  # integral up to each time

    @classmethod
    def constant(cls, value: float) -> Series:
        """The same value for ever."""
        return cls([0.0], [value])

    @property
    def is_constant(self) -> bool:
        """Whether it is one value for ever, and so covers any run."""
        return len(self.times) == 1 and not self.blocks

    def scaled(self, factor: float) -> Series:
        """The series with its values multiplied, for a change of unit."""
        return Series(self.times, [value * factor for value in self.values], self.blocks)

    def at(self, time: float) -> float:
        """The value at a time."""
        k = max(bisect_right(self.times, time) - 1, 0)
        value = self.values[k]
        if self.blocks or k + 1 == len(self.times) or time <= self.times[k]:
            return value
        part = (time - self.times[k]) / (self.times[k + 1] - self.times[k])
        return value + part * (self.values[k + 1] - value)

    def total(self, start: float, end: float) -> float:
        """The exact integral from start to end, in value x seconds."""
        return self._until(end) - self._until(start)

    def highest(self, start: float, end: float) -> float:
        """The greatest value from start to end."""
        inside = self.values[bisect_right(self.times, start) : bisect_right(self.times, end)]
        return max(self.at(start), self.at(end), *inside)

    def _until(self, time: float) -> float:
        k = max(bisect_right(self.times, time) - 1, 0)
        height = self.values[k] if self.blocks else (self.values[k] + self.at(time)) / 2
        return self._totals[k] + height * (time - self.times[k])


def make_series(
    points: Sequence[Sequence[float]], *, blocks: bool, name: str, lowest: float | None = None
) -> Series:
    """A series from (time_s, value) pairs; raises BadInput that names the first wrong point."""
    times: list[float] = []
    values: list[float] = []
    for number, (time, value) in enumerate(points, start=1):
        if not (math.isfinite(time) and math.isfinite(value)):
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
    return Series(times, values, blocks)


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
    if series.is_constant:
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
