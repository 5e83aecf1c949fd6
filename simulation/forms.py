"""The storm form: JSON of POST /api/runs comes in, a checked StormForm goes out. No Django.

Wrong values are refused in the officer's words, each with the name of its field. What depends on
the terrain (area, cells, places of inflows) is checked in `inputs.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from simulation import rain
from twin.core.errors import BadInput

MOST_OUTPUTS = 500
MOST_INFLOWS = 50
LONGEST_SERIES = 20_000
LONGEST_RUN_S = 14 * 86400.0

Series = list[tuple[float, float]]


def within(what: str, low: float, high: float, unit: str = "") -> BeforeValidator:
    """A validator of one number; its error names the thing, the value and the range."""

    def check(value: Any) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise ValueError(f"{what} must be a number; you gave {value!r}") from None
        if isinstance(value, bool) or not low <= number <= high:
            raise ValueError(f"{what} is {value}{unit}; give {low:g} to {high:g}{unit}")
        return number

    return BeforeValidator(check)


def series_of(what: str, unit: str, high: float) -> BeforeValidator:
    """A validator of [[time_s, value], ...]: numbers, times rising from 0, values not negative."""

    def check(value: Any) -> Series:
        if not isinstance(value, list) or not value:
            raise ValueError(f"{what} needs rows of a time in seconds and a value in {unit}")
        if len(value) > LONGEST_SERIES:
            raise ValueError(f"{what} has {len(value):,} rows; at most {LONGEST_SERIES:,}")
        rows: Series = []
        for number, row in enumerate(value, 1):
            try:
                time, amount = map(float, row)
            except (TypeError, ValueError):
                raise ValueError(
                    f"{what}, row {number}: {row!r} is no pair of a time [s] and a value [{unit}]"
                ) from None
            if not (math.isfinite(time) and 0 <= amount <= high):
                raise ValueError(
                    f"{what}, row {number}: {amount:g} {unit}; give 0 to {high:,g} {unit}"
                )
            rows.append((time, amount))
        if rows[0][0] != 0:
            raise ValueError(f"{what} starts at {rows[0][0]:g} s; start it at 0")
        for number, ((before, _), (after, _)) in enumerate(pairwise(rows), 2):
            if after <= before:
                raise ValueError(
                    f"{what}, row {number}: {after:g} s is not after {before:g} s; sort the rows"
                )
        return rows

    return BeforeValidator(check)


def one_of(what: str, *choices: str) -> BeforeValidator:
    """A validator of one of a few words."""

    def check(value: Any) -> Any:
        if value not in choices:
            raise ValueError(f"{what} is {value!r}; choose one of {', '.join(choices)}")
        return value

    return BeforeValidator(check)


def words(what: str, most: int) -> BeforeValidator:
    """A validator of a short text that isn't blank."""

    def check(value: Any) -> str:
        text = value.strip() if isinstance(value, str) else ""
        if not text or len(text) > most:
            raise ValueError(f"{what} needs 1 to {most} characters")
        return text

    return BeforeValidator(check)


def box(value: Any) -> list[float]:
    """A checked bounding box [west, south, east, north] in degrees."""
    try:
        west, south, east, north = map(float, value)
    except (TypeError, ValueError):
        raise ValueError("the area needs west, south, east and north in degrees") from None
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise ValueError(
            f"the area runs from {west:g} to {east:g} east and {south:g} to {north:g} north; "
            "west must lie west of east, south south of north, in degrees"
        )
    return [west, south, east, north]


class Part(BaseModel):
    """A part of the form; a name that it doesn't know is an error, not a silent nothing."""

    model_config = ConfigDict(extra="forbid")


class Area(Part):
    """The part of the terrain to compute."""

    bbox: Annotated[list[float], BeforeValidator(box)]


class Rain(Part):
    """Rain over the whole area: an even or a design storm, or a gauge's series."""

    kind: Annotated[
        Literal["uniform", "design", "series"],
        one_of("the kind of rain", "uniform", "design", "series"),
    ] = "uniform"
    total_mm: Annotated[float, within("the total rain", 0, 2000, " mm")] = 0.0
    duration_s: Annotated[float, within("the duration of the rain", 60, LONGEST_RUN_S, " s")] = 3600
    pattern: Annotated[
        Literal["uniform", "triangular", "chicago"],
        one_of("the pattern of the rain", "uniform", "triangular", "chicago"),
    ] = "uniform"
    peak: Annotated[float, within("the peak's share of the duration", 0.01, 0.99)] = 0.4
    series: Annotated[Series, series_of("the rain series", "mm/h", 2500)] | None = None

    def rates(self) -> Series:
        """The rates [mm/h] over time, each held until the next."""
        if self.kind == "series":
            return self.series or []
        pattern = "uniform" if self.kind == "uniform" else self.pattern
        return rain.design_storm(self.total_mm, self.duration_s, pattern, self.peak)


class Inflow(Part):
    """Water that enters at a place: steady, or a series over time."""

    name: Annotated[str, words("the inflow's name", 60)] = "inflow"
    lon: Annotated[float, within("the inflow's longitude", -180, 180, "°")]
    lat: Annotated[float, within("the inflow's latitude", -90, 90, "°")]
    discharge_m3_s: Annotated[float, within("the discharge", 0, 100_000, " m³/s")] | None = None
    series: Annotated[Series, series_of("the inflow's series", "m³/s", 100_000)] | None = None


class StormForm(Part):
    """A storm as an officer asks for it."""

    title: Annotated[str, words("the title", 120)]
    area: Area | None = None
    cell_m: Annotated[float, within("the cell size", 0.5, 1000, " m")] = 10.0
    duration_s: Annotated[float, within("the run's duration", 60, LONGEST_RUN_S, " s")] = 7200.0
    output_interval_s: Annotated[float, within("the output interval", 1, 86400, " s")] = 300.0
    rain: Rain = Field(default_factory=Rain)
    inflows: list[Inflow] = Field(default_factory=list)
    manning: Annotated[float, within("Manning's n", 0.005, 0.5)] = 0.035
    edges: Annotated[Literal["open", "closed"], one_of("the edges", "open", "closed")] = "open"
    buildings: Annotated[
        Literal["auto", "raise", "ignore"], one_of("buildings", "auto", "raise", "ignore")
    ] = "auto"
    baseflow: bool = True

    def as_posted(self) -> dict[str, Any]:
        """The form as JSON: what the sender said of the rain, defaults elsewhere."""
        return {
            **self.model_dump(mode="json", exclude_none=True),
            "area": {"bbox": self.area.bbox} if self.area else None,
            "rain": self.rain.model_dump(mode="json", exclude_unset=True, exclude_none=True),
        }


def span(seconds: float) -> str:
    """A duration for people: 90 s, 45 min, 2 h, 1 h 30 min."""
    if seconds < 120 or seconds % 60:
        return f"{seconds:g} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes)
    return " ".join(parts)


def check(form: StormForm) -> StormForm:
    """The form itself, if its parts agree; raises BadInput naming the field and the way out."""
    checks: tuple[Callable[[StormForm], None], ...] = (_check_outputs, _check_rain, _check_inflows)
    for part in checks:
        part(form)
    wet = rain.total_mm(form.rain.rates(), form.duration_s) if form.rain.rates() else 0.0
    if not wet and not form.inflows:
        raise BadInput(
            "The storm brings no water: the rain is 0 mm and there is no inflow; give one of them",
            field="rain.total_mm" if form.rain.kind != "series" else "rain.series",
        )
    return form


def _check_outputs(form: StormForm) -> None:
    if form.output_interval_s > form.duration_s:
        raise BadInput(
            f"Results are kept every {span(form.output_interval_s)} but the run ends after "
            f"{span(form.duration_s)}; shorten the interval or extend the run",
            field="output_interval_s",
        )
    outputs = form.duration_s / form.output_interval_s
    if outputs > MOST_OUTPUTS:
        raise BadInput(
            f"A result every {span(form.output_interval_s)} for {span(form.duration_s)} makes "
            f"{outputs:,.0f} of them; at most {MOST_OUTPUTS} are kept. Take an interval of "
            f"{span(60 * math.ceil(form.duration_s / MOST_OUTPUTS / 60))} or more",
            field="output_interval_s",
        )


def _check_rain(form: StormForm) -> None:
    if form.rain.kind == "series":
        if not form.rain.series:
            raise BadInput(
                "No rain series was given; choose a gauge's CSV or another kind of rain",
                field="rain.series",
            )
        _check_covers(form.rain.series, form, "Rain series", "rain.series", "mm/h")
        late = [time for time, rate in form.rain.series if rate and time >= form.duration_s]
        if late:
            raise BadInput(
                f"It still rains at {span(late[-1])} but the run ends after "
                f"{span(form.duration_s)}; extend the run or cut the series",
                field="rain.series",
            )
    elif form.rain.total_mm and form.rain.duration_s > form.duration_s:
        raise BadInput(
            f"Rain lasts {span(form.rain.duration_s)} but the run ends after "
            f"{span(form.duration_s)}; extend the run or shorten the rain",
            field="rain.duration_s",
        )


def _check_inflows(form: StormForm) -> None:
    if len(form.inflows) > MOST_INFLOWS:
        raise BadInput(
            f"The storm has {len(form.inflows)} inflows; at most {MOST_INFLOWS}", field="inflows"
        )
    for k, inflow in enumerate(form.inflows):
        if (inflow.discharge_m3_s is None) == (inflow.series is None):
            raise BadInput(
                f'Inflow "{inflow.name}" needs either a steady discharge or a series',
                field=f"inflows.{k}.discharge_m3_s",
            )
        if inflow.series:
            _check_covers(
                inflow.series,
                form,
                f'Series of inflow "{inflow.name}"',
                f"inflows.{k}.series",
                "m³/s",
            )


def _check_covers(series: Series, form: StormForm, what: str, field: str, unit: str) -> None:
    """A series that stops early while water still flows would be silently wrong."""
    end, last = series[-1]
    if end < form.duration_s and last > 0:
        raise BadInput(
            f"{what} ends at {span(end)} with {last:g} {unit} but the run lasts until "
            f"{span(form.duration_s)}; extend the series, end it with 0, or shorten the run",
            field=field,
        )
