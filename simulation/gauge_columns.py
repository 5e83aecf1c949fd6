"""The header of a rain gauge's table comes in, its columns and their units go out. No Django here.

Rain is read in millimeters per hour or in millimeters, time as dates or in seconds, minutes or
hours; English and Vietnamese words, with and without accents. Any other unit is refused by the
column's name: rain read in the wrong unit would be a wrong flood that looks right.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import NoReturn

from twin.core.declare import Text
from twin.core.errors import BadInput

RATE_UNITS = {"mm/h", "mm/hr", "mm/hour", "mm/gio", "mm/h-1", "mmh", "mmh-1", "mmph"}
AMOUNT_UNITS = {"mm", "millimeter", "millimeters", "millimetre", "millimetres", "milimet"}
RATE_NAMES = {"intensity", "rain intensity", "rainfall intensity", "cuong do", "cuong do mua"}
AMOUNT_NAMES = {"rain", "rainfall", "precipitation", "precip", "luong mua", "mua"}
RUNNING_TOTALS = re.compile(
    r"\b(cumulative|cumul|cum|accumulated|accum|cong don|tich luy|luy ke)\b"
)
TIME_UNITS = {
    1.0: {"s", "sec", "secs", "second", "seconds", "giay"},
    60.0: {"min", "mins", "minute", "minutes", "phut"},
    3600.0: {"h", "hr", "hrs", "hour", "hours", "gio"},
}
UNIT_WORDS = {
    1.0: Text("seconds", "giây"),
    60.0: Text("minutes", "phút"),
    3600.0: Text("hours", "giờ"),
}
DAYS = {"day", "days", "ngay"}  # fine before dates, no unit of storms
TIME_NAMES = {"time", "date", "datetime", "timestamp", "thoi"}.union(DAYS, *TIME_UNITS.values())


@dataclass(frozen=True)
class Columns:
    """Which columns hold time and rain; `seconds` in a unit of time where it is a number."""

    time: int
    rain: int
    is_rate: bool
    seconds: float = 1.0


def read_header(header: list[str], dates: list[bool]) -> Columns:
    """The columns of a header; `dates`: which hold dates. Raises BadInput naming a column."""
    names = [_plain(name) for name in header]
    kinds = [_is_rate(name) for name in names]
    time = next(
        (
            k
            for k, name in enumerate(names)
            if kinds[k] is None and not TIME_NAMES.isdisjoint(name.split())
        ),
        0,
    )
    others = [k for k in range(len(names)) if k != time]
    rain = next((k for k in others if kinds[k] is not None), None)
    if rain is None:
        _refuse_rain([header[k] for k in others])
    return Columns(
        time, rain, bool(kinds[rain]), 1.0 if dates[time] else _seconds(names, header, time)
    )


def _is_rate(name: str) -> bool | None:
    """Whether a column holds mm/h (True), mm (False) or nothing known to be rain (None)."""
    words = set(name.split())
    rate_name = re.search(r"\b(intensity|rate|cuong do)\b", name)
    if RUNNING_TOTALS.search(name):
        return None
    if words & RATE_UNITS:
        return True
    if words & AMOUNT_UNITS:
        return None if rate_name else False
    # Without a unit only the plain names count: "rain in", "rain tips" are something else.
    if name in RATE_NAMES:
        return True
    return False if name in AMOUNT_NAMES else None


def _seconds(names: list[str], header: list[str], time: int) -> float:
    words = set(names[time].split())
    units = [seconds for seconds, known in TIME_UNITS.items() if words & known]
    if len(units) == 1 and words.isdisjoint(DAYS):
        return units[0]
    raise refused(
        f'column "{header[time]}": the unit of its times is not known; name it time_s, minutes '
        "or hours, or write dates like 2026-10-12 14:05",
        f"cột “{header[time]}”: chưa rõ đơn vị thời gian; hãy đặt tên cột là time_s, phút hoặc "
        "giờ, hoặc ghi ngày giờ như 12/10/2026 14:05",
    )


def _refuse_rain(others: list[str]) -> NoReturn:
    if not others:
        raise refused(
            "The header names no column of rain; add mm or mm/h",
            "Dòng tiêu đề không có cột mưa; hãy thêm cột mm hoặc mm/h",
        )
    columns = ", ".join(f'"{name}"' for name in others)
    columns_vi = ", ".join(f"“{name}”" for name in others)
    raise refused(
        f"column {columns}: give rain in mm (what fell since the row before) or mm/h, and name "
        "the column so",
        f"cột {columns_vi}: hãy cho lượng mưa theo mm (từ dòng trước đến dòng này) hoặc mm/h "
        "và ghi đơn vị đó trong tên cột",
    )


def _plain(name: str) -> str:
    """A column's name in lower case without accents, words apart, "mm per h" as mm/h."""
    text = unicodedata.normalize("NFD", name.casefold()).replace("đ", "d")
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = re.sub(r"[\s_()\[\]:.,;]+", " ", text).strip()
    text = re.sub(r"\bmm (?:per |tren )", "mm/", text)
    text = re.sub(r"\s*/\s*", "/", text)
    # "mm_h" is a rate; "mm_10min" and the like are no unit that is known.
    return re.sub(r"\bmm (?=h\b|hr\b|hour\b|gio\b|h-1\b|min\b|day\b|\d)", "mm/", text)


def refused(en: str, vi: str) -> BadInput:
    """The error about a gauge's file."""
    return BadInput(en, vi=vi, code="bad_rain_file", field="rain.series")
