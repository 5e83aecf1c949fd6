"""Validators of the storm form's fields; what they refuse, they refuse in both languages.

Each error names the thing, the value and the range. pydantic carries both texts in its context, as
`ctx["en"]` and `ctx["vi"]`, and the API sends the one of the request's language. No Django here.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from twin.core.declare import Text
from twin.core.vietnamese import number as vn

LONGEST_SERIES = 20_000

Series = list[tuple[float, float]]


def refused(en: str, vi: str) -> PydanticCustomError:
    """The error about one field."""
    return PydanticCustomError("refused", "{en}", {"en": en, "vi": vi})


def within(what: Text, low: float, high: float, unit: str = "") -> BeforeValidator:
    """A validator of one number from `low` to `high`."""

    def check(value: Any) -> float:
        try:
            number = float("x" if isinstance(value, bool) else value)
        except (TypeError, ValueError):
            raise refused(
                f"{what.en} must be a number; you gave {value!r}",
                f"{what.vi} phải là một số; giá trị đã nhập là {value!r}",
            ) from None
        if not low <= number <= high:
            raise refused(
                f"{what.en} is {number:.10g}{unit}; give {low:g} to {high:.10g}{unit}",
                f"{what.vi} là {vn(number, '.10g')}{unit}; hãy nhập từ {vn(low)} đến "
                f"{vn(high, '.10g')}{unit}",
            )
        return number

    return BeforeValidator(check)


def series_of(what: Text, unit: str, high: float) -> BeforeValidator:
    """A validator of [[time_s, value], ...]: numbers, times rising from 0, values not negative."""

    def check(value: Any) -> Series:
        if not isinstance(value, list) or not value:
            raise refused(
                f"{what.en} needs rows of a time in seconds and a value in {unit}",
                f"{what.vi} cần các dòng gồm thời gian (giây) và giá trị ({unit})",
            )
        if len(value) > LONGEST_SERIES:
            raise refused(
                f"{what.en} has {len(value):,} rows; at most {LONGEST_SERIES:,}",
                f"{what.vi} có {vn(len(value), ',')} dòng; tối đa {vn(LONGEST_SERIES, ',')} dòng",
            )
        rows: Series = []
        for number, row in enumerate(value, 1):
            here = Text(f"{what.en}, row {number}", f"{what.vi}, dòng {number}")
            try:
                time, amount = map(float, row)
            except (TypeError, ValueError):
                raise refused(
                    f"{here.en}: {row!r} is no pair of a time [s] and a value [{unit}]",
                    f"{here.vi}: {row!r} không phải cặp thời gian [giây] và giá trị [{unit}]",
                ) from None
            if not (math.isfinite(time) and 0 <= amount <= high):
                raise refused(
                    f"{here.en}: {amount:g} {unit}; give 0 to {high:,g} {unit}",
                    f"{here.vi}: {vn(amount)} {unit}; hãy nhập từ 0 đến {vn(high, ',g')} {unit}",
                )
            rows.append((time, amount))
        if rows[0][0] != 0:
            raise refused(
                f"{what.en} starts at {rows[0][0]:g} s; start it at 0",
                f"{what.vi} bắt đầu tại {vn(rows[0][0])} giây; hãy bắt đầu từ 0",
            )
        for number, ((before, _), (after, _)) in enumerate(pairwise(rows), 2):
            if after <= before:
                raise refused(
                    f"{what.en}, row {number}: {after:g} s is not after {before:g} s; "
                    "sort the rows",
                    f"{what.vi}, dòng {number}: {vn(after)} giây không sau {vn(before)} giây; "
                    "hãy sắp xếp các dòng theo thời gian",
                )
        return rows

    return BeforeValidator(check)


def one_of(what: Text, *choices: str) -> BeforeValidator:
    """A validator of one of a few words."""

    def check(value: Any) -> Any:
        if value not in choices:
            raise refused(
                f"{what.en} is {value!r}; choose one of {', '.join(choices)}",
                f"{what.vi} là {value!r}; hãy chọn một trong {', '.join(choices)}",
            )
        return value

    return BeforeValidator(check)


def words(what: Text, most: int) -> BeforeValidator:
    """A validator of a short text that isn't blank."""

    def check(value: Any) -> str:
        text = value.strip() if isinstance(value, str) else ""
        if not text or len(text) > most:
            raise refused(
                f"{what.en} needs 1 to {most} characters", f"{what.vi} cần từ 1 đến {most} ký tự"
            )
        return text

    return BeforeValidator(check)


def box(value: Any) -> list[float]:
    """A checked bounding box [west, south, east, north] in degrees."""
    try:
        west, south, east, north = map(float, value)
    except (TypeError, ValueError):
        raise refused(
            "the area needs west, south, east and north in degrees",
            "phạm vi cần đủ tây, nam, đông và bắc, tính bằng độ",
        ) from None
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise refused(
            f"the area runs from {west:.9g} to {east:.9g} east and {south:.9g} to {north:.9g} "
            "north; "
            "west must lie west of east, south south of north, in degrees",
            f"phạm vi trải từ {vn(west, '.9g')} đến {vn(east, '.9g')} độ kinh đông và từ "
            f"{vn(south, '.9g')} đến {vn(north, '.9g')} độ vĩ bắc; cạnh tây phải nằm phía "
            "tây cạnh đông, cạnh nam phía nam cạnh bắc",
        )
    return [west, south, east, north]
