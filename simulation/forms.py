"""The storm form: JSON of POST /api/runs comes in, a checked StormForm goes out. No Django.

Wrong values are refused in the officer's words, each with the name of its field. What depends on
the terrain (area, cells, places of inflows) is checked in `inputs.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from simulation import rain
from simulation.validators import Series, box, one_of, series_of, within, words
from twin.core.declare import Text
from twin.core.errors import BadInput
from twin.core.vietnamese import number as vn

MOST_OUTPUTS = 500
MOST_INFLOWS = 50
LONGEST_RUN_S = 14 * 86400.0

TITLE = Text("the title", "tên trận mưa")
CELL = Text("the cell size", "kích thước ô")
RUN = Text("the run's duration", "thời gian chạy")
INTERVAL = Text("the output interval", "khoảng thời gian giữa hai lần ghi kết quả")
MANNING = Text("Manning's n", "hệ số nhám Manning n")
EDGES = Text("the edges", "biên mô hình")
BUILDINGS = Text("buildings", "công trình chắn nước")
RAIN_KIND = Text("the kind of rain", "loại mưa")
RAIN_TOTAL = Text("the total rain", "tổng lượng mưa")
RAIN_DURATION = Text("the duration of the rain", "thời gian mưa")
RAIN_PATTERN = Text("the pattern of the rain", "dạng mưa")
RAIN_PEAK = Text("the peak's share of the duration", "vị trí đỉnh mưa")
RAIN_SERIES = Text("the rain series", "chuỗi số liệu mưa")
INFLOW_NAME = Text("the inflow's name", "tên nguồn nước")
INFLOW_LON = Text("the inflow's longitude", "kinh độ của nguồn nước")
INFLOW_LAT = Text("the inflow's latitude", "vĩ độ của nguồn nước")
DISCHARGE = Text("the discharge", "lưu lượng")
INFLOW_SERIES = Text("the inflow's series", "chuỗi lưu lượng của nguồn nước")


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
        one_of(RAIN_KIND, "uniform", "design", "series"),
    ] = "uniform"
    total_mm: Annotated[float, within(RAIN_TOTAL, 0, 2000, " mm")] = 0.0
    duration_s: Annotated[float, within(RAIN_DURATION, 60, LONGEST_RUN_S, " s")] = 3600
    pattern: Annotated[
        Literal["uniform", "triangular", "chicago"],
        one_of(RAIN_PATTERN, "uniform", "triangular", "chicago"),
    ] = "uniform"
    peak: Annotated[float, within(RAIN_PEAK, 0.01, 0.99)] = 0.4
    series: Annotated[Series, series_of(RAIN_SERIES, "mm/h", 2500)] | None = None

    def rates(self) -> Series:
        """The rates [mm/h] over time, each held until the next."""
        if self.kind == "series":
            return self.series or []
        pattern = "uniform" if self.kind == "uniform" else self.pattern
        return rain.design_storm(self.total_mm, self.duration_s, pattern, self.peak)


class Inflow(Part):
    """Water that enters at a place: steady, or a series over time."""

    name: Annotated[str, words(INFLOW_NAME, 60)] = "inflow"
    lon: Annotated[float, within(INFLOW_LON, -180, 180, "°")]
    lat: Annotated[float, within(INFLOW_LAT, -90, 90, "°")]
    discharge_m3_s: Annotated[float, within(DISCHARGE, 0, 100_000, " m³/s")] | None = None
    series: Annotated[Series, series_of(INFLOW_SERIES, "m³/s", 100_000)] | None = None


class StormForm(Part):
    """A storm as an officer asks for it."""

    title: Annotated[str, words(TITLE, 120)]
    area: Area | None = None
    cell_m: Annotated[float, within(CELL, 0.5, 1000, " m")] = 10.0
    duration_s: Annotated[float, within(RUN, 60, LONGEST_RUN_S, " s")] = 7200.0
    output_interval_s: Annotated[float, within(INTERVAL, 1, 86400, " s")] = 300.0
    rain: Rain = Field(default_factory=Rain)
    inflows: list[Inflow] = Field(default_factory=list)
    manning: Annotated[float, within(MANNING, 0.005, 0.5)] = 0.035
    edges: Annotated[Literal["open", "closed"], one_of(EDGES, "open", "closed")] = "open"
    buildings: Annotated[
        Literal["auto", "raise", "ignore"], one_of(BUILDINGS, "auto", "raise", "ignore")
    ] = "auto"
    baseflow: bool = True

    def as_posted(self) -> dict[str, Any]:
        """The form as JSON: what the sender said of the rain, defaults elsewhere."""
        return {
            **self.model_dump(mode="json", exclude_none=True),
            "area": {"bbox": self.area.bbox} if self.area else None,
            "rain": self.rain.model_dump(mode="json", exclude_unset=True, exclude_none=True),
        }


def span(seconds: float) -> Text:
    """A duration for people: 90 s, 45 min, 2 h, 1 h 30 min."""
    if seconds < 120 or seconds % 60:
        return Text(f"{seconds:g} s", f"{vn(seconds)} giây")
    hours, minutes = divmod(round(seconds / 60), 60)
    en = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes)
    vi = [f"{hours} giờ"] * bool(hours) + [f"{minutes} phút"] * bool(minutes)
    return Text(" ".join(en), " ".join(vi))


def check(form: StormForm) -> StormForm:
    """The form itself, if its parts agree; raises BadInput naming the field and the way out."""
    checks: tuple[Callable[[StormForm], None], ...] = (_check_outputs, _check_rain, _check_inflows)
    for part in checks:
        part(form)
    wet = rain.total_mm(form.rain.rates(), form.duration_s) if form.rain.rates() else 0.0
    if not wet and not form.inflows:
        raise BadInput(
            "The storm brings no water: the rain is 0 mm and there is no inflow; give one of them",
            vi="Trận mưa không có nước: lượng mưa là 0 mm và không có nguồn nước chảy vào; "
            "hãy nhập một trong hai",
            field="rain.total_mm" if form.rain.kind != "series" else "rain.series",
        )
    return form


def _check_outputs(form: StormForm) -> None:
    every, end = span(form.output_interval_s), span(form.duration_s)
    if form.output_interval_s > form.duration_s:
        raise BadInput(
            f"Results are kept every {every.en} but the run ends after {end.en}; "
            "shorten the interval or extend the run",
            vi=f"Kết quả được ghi mỗi {every.vi} nhưng lần chạy kết thúc sau {end.vi}; "
            "hãy rút ngắn khoảng ghi hoặc kéo dài thời gian chạy",
            field="output_interval_s",
        )
    outputs = form.duration_s / form.output_interval_s
    if outputs > MOST_OUTPUTS:
        fits = span(60 * math.ceil(form.duration_s / MOST_OUTPUTS / 60))
        raise BadInput(
            f"A result every {every.en} for {end.en} makes {outputs:,.0f} of them; "
            f"at most {MOST_OUTPUTS} are kept. Take an interval of {fits.en} or more",
            vi=f"Ghi kết quả mỗi {every.vi} trong {end.vi} cho ra {vn(outputs, ',.0f')} kết quả; "
            f"chỉ lưu tối đa {MOST_OUTPUTS}. Hãy chọn khoảng ghi từ {fits.vi} trở lên",
            field="output_interval_s",
        )


def _check_rain(form: StormForm) -> None:
    end = span(form.duration_s)
    if form.rain.kind == "series":
        if not form.rain.series:
            raise BadInput(
                "No rain series was given; choose a gauge's CSV or another kind of rain",
                vi="Chưa có chuỗi số liệu mưa; hãy chọn tệp CSV của trạm đo hoặc loại mưa khác",
                field="rain.series",
            )
        what = Text("Rain series", "Chuỗi số liệu mưa")
        _check_covers(form.rain.series, form, what, "rain.series", "mm/h")
        until = rain.ends(form.rain.series)
        if until > form.duration_s + 1e-6:
            last = span(until)
            raise BadInput(
                f"It rains until {last.en} but the run ends after {end.en}; "
                "extend the run or cut the series",
                vi=f"Trời mưa đến {last.vi} nhưng lần chạy kết thúc sau {end.vi}; "
                "hãy kéo dài thời gian chạy hoặc cắt bớt chuỗi số liệu",
                field="rain.series",
            )
    elif form.rain.total_mm and form.rain.duration_s > form.duration_s:
        lasts = span(form.rain.duration_s)
        raise BadInput(
            f"Rain lasts {lasts.en} but the run ends after {end.en}; "
            "extend the run or shorten the rain",
            vi=f"Mưa kéo dài {lasts.vi} nhưng lần chạy kết thúc sau {end.vi}; "
            "hãy kéo dài thời gian chạy hoặc rút ngắn thời gian mưa",
            field="rain.duration_s",
        )


def _check_inflows(form: StormForm) -> None:
    if len(form.inflows) > MOST_INFLOWS:
        raise BadInput(
            f"The storm has {len(form.inflows)} inflows; at most {MOST_INFLOWS}",
            vi=f"Trận mưa có {len(form.inflows)} nguồn nước; tối đa {MOST_INFLOWS}",
            field="inflows",
        )
    for k, inflow in enumerate(form.inflows):
        if (inflow.discharge_m3_s is None) == (inflow.series is None):
            raise BadInput(
                f'Inflow "{inflow.name}" needs either a steady discharge or a series',
                vi=f"Nguồn nước “{inflow.name}” cần một lưu lượng không đổi hoặc một chuỗi "
                "lưu lượng, không phải cả hai",
                field=f"inflows.{k}.discharge_m3_s",
            )
        if inflow.series:
            what = Text(f'Series of inflow "{inflow.name}"', f"Chuỗi lưu lượng của “{inflow.name}”")
            _check_covers(inflow.series, form, what, f"inflows.{k}.series", "m³/s")


def _check_covers(series: Series, form: StormForm, what: Text, field: str, unit: str) -> None:
    """A series that stops early while water still flows would be silently wrong."""
    end, last = series[-1]
    if end < form.duration_s and last > 0:
        stops, lasts = span(end), span(form.duration_s)
        raise BadInput(
            f"{what.en} ends at {stops.en} with {last:g} {unit} but the run lasts until "
            f"{lasts.en}; extend the series, end it with 0, or shorten the run",
            vi=f"{what.vi} dừng tại {stops.vi} với {vn(last)} {unit} nhưng lần chạy kéo dài đến "
            f"{lasts.vi}; hãy nối dài chuỗi, kết thúc bằng 0, hoặc rút ngắn thời gian chạy",
            field=field,
        )
