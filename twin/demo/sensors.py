"""Sensors and a week of their observations: from river, streets and a seeded weather to series."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.demo.plan import Plan
from twin.demo.river import River
from twin.demo.served import Junctions, Service, spread
from twin.demo.streetside import main_junctions
from twin.demo.tables import Table, codes, table

COUNTS = {"rain": 8, "water_level": 10, "air": 14, "traffic": 36, "noise": 12}  # 80
UNITS = {"rain": "mm", "water_level": "m", "air": "µg/m³", "traffic": "veh/h", "noise": "dB(A)"}
TITLES = {
    "rain": "Trạm đo mưa",
    "water_level": "Trạm thủy văn",
    "air": "Trạm quan trắc không khí",
    "traffic": "Trạm đếm xe",
    "noise": "Điểm đo tiếng ồn",
}
STEP_S = {"rain": 600, "water_level": 600, "air": 3600, "traffic": 3600, "noise": 3600}
DAYS = 7


@dataclass(frozen=True)
class Observations:
    """Columns of equal length: sensor source_id, time (datetime64[s], UTC), value."""

    sensor: NDArray
    ts: NDArray
    value: NDArray

    def __len__(self) -> int:
        return len(self.ts)


def last_midnight() -> dt.datetime:
    """The beginning of today in Vietnam (UTC+7)."""
    zone = dt.timezone(dt.timedelta(hours=7))
    return dt.datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def build_sensors(
    plan: Plan, river: River, service: Service, junctions: Junctions, end: dt.datetime
) -> tuple[Table, Observations]:
    """80 sensors (more in a larger city) and the week of observations that ends at `end`."""
    rng = plan.rng("sensors")
    counts = {kind: max(2, round(n * plan.scale)) for kind, n in COUNTS.items()}
    places = _places(plan, river, service, junctions, counts, rng)
    kinds = np.concatenate([np.full(len(places[k]), k, object) for k in COUNTS])
    xy = np.concatenate([places[k] for k in COUNTS])
    names, alarms = [], np.full((len(xy), 3), np.nan)
    fixed = {"rain": (8, 16, 25), "air": (50, 100, 150), "noise": (70, 75, 85)}
    for kind in COUNTS:
        rows = np.flatnonzero(kinds == kind)
        names += [f"{TITLES[kind]} {i + 1}" for i in range(len(rows))]
        if kind in fixed:
            alarms[rows] = fixed[kind]
        elif kind == "water_level":  # báo động I, II, III over the low-water level of the place
            alarms[rows] = np.round(
                river.level(xy[rows, 0])[:, None] + np.array([0.9, 1.7, 2.5]), 1
            )
    sensors = table(
        plan,
        "sensor",
        xy,
        code=codes("CB", len(xy)),
        name=names,
        kind=kinds,
        unit=np.array([UNITS[k] for k in kinds], object),
        alarm_1=alarms[:, 0],
        alarm_2=alarms[:, 1],
        alarm_3=alarms[:, 2],
    )
    return sensors, _observe(plan, river, sensors.source_id, kinds, xy, end)


def _places(plan, river, service, junctions, counts, rng):  # type: ignore[no-untyped-def]
    h, nodes = plan.half_m, service.graph.nodes
    main = nodes[junctions.node[main_junctions(plan, service, junctions, counts["traffic"])]]
    others = nodes[junctions.node]
    shuffled = rng.permutation(len(others))
    x = np.linspace(-0.9, 0.9, counts["water_level"]) * h
    edge = np.where(np.arange(len(x)) % 2, 0.5, -0.5) * river.width(x) * 0.92
    return {
        "rain": spread_wide(others[shuffled], counts["rain"]),
        "water_level": np.column_stack([x, river.course(x) + edge]),
        "air": spread_wide(others[shuffled[::-1]], counts["air"]) + 7.0,
        "traffic": main + 4.0,
        "noise": others[spread(others, shuffled, counts["noise"], 250.0)] - 6.0,
    }


def spread_wide(xy: NDArray, count: int) -> NDArray:
    """`count` of the places, each as far as can be from those before."""
    chosen = [0]
    away = np.hypot(*(xy - xy[0]).T)
    while len(chosen) < min(count, len(xy)):
        chosen.append(int(away.argmax()))
        away = np.minimum(away, np.hypot(*(xy - xy[chosen[-1]]).T))
    return xy[chosen]


def _observe(plan, river, ids, kinds, xy, end):  # type: ignore[no-untyped-def]
    rng = plan.rng("weather")
    stop = np.datetime64(int(end.timestamp()), "s")
    fine = np.arange(DAYS * 144)  # steps of 10 minutes
    storms = _storms(rng)
    rain_mean = storms.sum(axis=0)
    lag = np.arange(0, 200)
    kernel = lag**1.6 * np.exp(-lag / 14.0)
    rise = np.convolve(rain_mean, kernel / kernel.sum())[: len(fine)]
    sensor, ts, value = [], [], []
    for i, kind in enumerate(kinds):
        step = STEP_S[kind]
        count = DAYS * 86400 // step
        time = stop - np.arange(count, 0, -1) * np.timedelta64(step, "s")
        hour = (np.arange(count) * step / 3600.0) % 24.0
        day = np.arange(count) * step // 86400
        wet = rain_mean.reshape(count, -1).sum(axis=1) if step == 3600 else rain_mean
        busy = np.exp(-(((hour - 7.2) / 1.5) ** 2)) + 1.1 * np.exp(-(((hour - 17.2) / 1.8) ** 2))
        busy = busy + 0.55 * np.exp(-(((hour - 12.5) / 5.0) ** 2)) + 0.04
        if kind == "rain":
            weight = np.exp(0.35 * plan.rng(f"storms {i}").normal(0, 1, len(storms)))
            v = (storms * weight[:, None]).sum(axis=0) * rng.uniform(0.85, 1.15, count)
            v = np.where(v < 0.1, 0.0, np.round(v / 0.2) * 0.2)
        elif kind == "water_level":
            low = float(river.level(xy[i, 0]))
            sea = np.clip((xy[i, 0] / plan.half_m + 1) / 2, 0, 1)
            tide = 0.16 * sea * np.sin(2 * np.pi * fine / (6 * 12.42) + 0.4)
            v = low + 0.35 * rise / max(rise.max(), 1e-9) * (1.7 + 0.5 * (1 - sea)) + tide
            v = v + rng.normal(0, 0.006, count)
        elif kind == "air":
            v = 19 + 16 * busy - 2.2 * np.minimum(wet, 4) + _wander(rng, count, 5.0)
            v = np.maximum(v, 4.0)
        elif kind == "traffic":
            size = rng.uniform(500, 2600)
            v = size * busy * np.where(day % 7 >= 5, 0.82, 1.0) * np.exp(_wander(rng, count, 0.06))
            v = np.round(v)
        else:
            v = 51 + 17 * np.sqrt(busy) + _wander(rng, count, 1.4) + 2.0 * (wet > 1)
        sensor.append(np.full(count, ids[i], object))
        ts.append(time)
        value.append(np.round(v, 2))
    return Observations(np.concatenate(sensor), np.concatenate(ts), np.concatenate(value))


def _storms(rng: np.random.Generator) -> NDArray:
    """(5, steps) rain of the week's five storms [mm per 10 min]: late-day bursts, one long rain."""
    fine = np.arange(DAYS * 144)
    rows = []
    for day in rng.choice(DAYS, 5, replace=False):
        long = day == DAYS - 2
        center = day * 144 + rng.uniform(84, 126)
        half = rng.uniform(18, 30) if long else rng.uniform(3, 7)
        peak = rng.uniform(1.2, 2.4) if long else rng.uniform(2.0, 6.0)
        rows.append(peak * np.exp(-(((fine - center) / half) ** 2)))
    return np.array(rows)


def _wander(rng: np.random.Generator, count: int, spread_: float) -> NDArray:
    """A first-order autoregressive series with the given spread."""
    from scipy.signal import lfilter

    return lfilter([np.sqrt(1 - 0.8**2)], [1, -0.8], rng.normal(0, spread_, count))
