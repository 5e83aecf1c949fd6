"""Rain over time: a design storm or a gauge's CSV comes in, rates [mm/h] with their times go out.

A series is a list of (time [s], rate [mm/h]); each rate holds until the next time, the last one
for ever, so a storm ends with a rate of 0. No Django here.

The Chicago storm is Keifer and Chu's (1957, doi:10.1061/JYCEAJ.0000104): every interval around the
peak holds the depth that the intensity-duration curve i = a / (t + b)^c gives for its length, with
the share `peak` of it before the peak. Only b and c shape it; a follows from the total.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Literal

Series = list[tuple[float, float]]
Pattern = Literal["uniform", "triangular", "chicago"]

CHICAGO_B_S = 600.0
CHICAGO_C = 0.75
INTERVAL_S = 300.0
FEWEST_INTERVALS = 24


def cumulated(pattern: Pattern, peak: float, duration_s: float) -> Callable[[float], float]:
    """The share of the total that has fallen after the share x of the duration, 0 to 1."""

    def curve_depth(time: float) -> float:
        return time / (time + CHICAGO_B_S) ** CHICAGO_C

    def triangular(x: float) -> float:
        return x * x / peak if x <= peak else 1 - (1 - x) ** 2 / (1 - peak)

    def chicago(x: float) -> float:
        whole = curve_depth(duration_s)
        if x <= peak:
            return peak * (1 - curve_depth((peak - x) / peak * duration_s) / whole)
        return peak + (1 - peak) * curve_depth((x - peak) / (1 - peak) * duration_s) / whole

    return {"uniform": lambda x: x, "triangular": triangular, "chicago": chicago}[pattern]


def design_storm(
    total_mm: float, duration_s: float, pattern: Pattern = "uniform", peak: float = 0.4
) -> Series:
    """The hyetograph of a design storm; its rates add up to `total_mm`.

    `peak` is the share of the duration at which it rains hardest (above 0, below 1). Rates are
    means over intervals of at most five minutes, the last one followed by 0.
    """
    if pattern == "uniform":
        return [(0.0, total_mm / duration_s * 3600), (duration_s, 0.0)]
    count = max(FEWEST_INTERVALS, math.ceil(duration_s / INTERVAL_S))
    share = cumulated(pattern, peak, duration_s)
    fallen = [share(k / count) for k in range(count)] + [1.0]
    fallen[0] = 0.0
    rate = total_mm * 3600 * count / duration_s
    series = [(duration_s * k / count, rate * (fallen[k + 1] - fallen[k])) for k in range(count)]
    return [*series, (duration_s, 0.0)]


def total_mm(series: Series, until_s: float | None = None) -> float:
    """The depth that a series brings [mm], up to a time; an open last rate counts up to it only."""
    end = series[-1][0] if until_s is None else until_s
    closed = [*(step for step in series if step[0] < end), (end, 0.0)]
    return math.fsum(rate * (after - time) / 3600 for (time, rate), (after, _) in pairwise(closed))


def ends(series: Series) -> float:
    """When the rain stops [s], rows of 0 left out; the last row's time where it is open."""
    following = [time for time, _ in series[1:]] + [series[-1][0]]
    wet = [after for (_, rate), after in zip(series, following, strict=True) if rate]
    return wet[-1] if wet else 0.0
