"""Values of a batch become what a layer's fields hold: text, numbers in their unit, choices.

Enters a batch with values as the file holds them; leaves one whose columns are ready for the
database. A value that can't be read is left empty and named; a feature without a required value
is rejected.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from layers.sources import osm_tags, text
from layers.sources.batch import Batch, Findings
from twin.core.declare import Field

LARGEST_INTEGER = 2**31 - 1
LARGEST_WIDE_INTEGER = 2**63 - 1
Parser = Callable[[Any], Any]


def fit_attributes(
    batch: Batch,
    fields: Sequence[Field],
    findings: Findings,
    defaults: dict[str, Any] | None = None,
    *,
    wide_integers: bool = False,
) -> Batch:
    """The batch with the columns that are fields of the layer, every value readable.

    defaults: what stands for an empty value in columns that can't be null. wide_integers: the
    layer stores 64-bit integers (runtime layers do), not 32-bit ones.
    """
    largest = LARGEST_WIDE_INTEGER if wide_integers else LARGEST_INTEGER
    columns: dict[str, list[Any]] = {}
    problems: dict[int, list[str]] = {}
    keep = np.ones(len(batch), dtype=bool)
    for field in fields:
        if field.name not in batch.columns:
            if field.required:
                for source_id in batch.source_ids:
                    findings.reject(batch.layer, source_id, f"{field.name} is required")
                return batch.only(np.zeros(len(batch), dtype=bool))
            continue
        given = batch.columns[field.name]
        values = read_column(given, parser_of(field, largest), field.name, problems)
        default = (defaults or {}).get(field.name)
        if default is not None:
            values = [default if value is None else value for value in values]
        if field.required:
            for row, value in enumerate(values):
                if value is None and keep[row]:
                    keep[row] = False
                    why = "; ".join(problems.pop(row, [f"{field.name} is required and empty"]))
                    findings.reject(batch.layer, batch.source_ids[row], why)
        columns[field.name] = values
    for row, words in problems.items():
        if keep[row]:
            findings.repair(batch.layer, batch.source_ids[row], f"left empty: {'; '.join(words)}")
    return Batch(batch.layer, batch.source_ids, batch.geometries, columns).only(keep)


def read_column(
    given: Sequence[Any], parse: Parser, name: str, problems: dict[int, list[str]]
) -> list[Any]:
    """The parsed column; values that can't be read are None and noted in `problems` by row."""
    values: list[Any] = []
    for row, value in enumerate(given):
        if value is None:
            values.append(None)
            continue
        try:
            values.append(parse(value))
        except text.Unreadable as error:
            values.append(None)
            problems.setdefault(row, []).append(f"{name}: {error}")
    return values


def parser_of(field: Field, largest: int = LARGEST_INTEGER) -> Parser:
    """What reads the values of a field; `largest` bounds whole numbers."""
    if field.choices:
        spoken: dict[str, str] = {}
        for value, words in field.choices.items():
            for word in (words.vi, words.en, value):
                spoken[word.casefold()] = value
        return partial(choice, spoken)
    if field.type == "number":
        unit = field.unit if field.unit and field.unit != "1" else None
        return partial(real, unit)
    parsers: dict[str, Parser] = {
        "integer": partial(integer, largest),
        "boolean": text.yes_no,
        "date": text.date,
        "datetime": moment,
    }
    return parsers.get(field.type, text.nfc)


def choice(spoken: dict[str, str], value: Any) -> str | None:
    """One of a field's choices, from the value itself or its English or Vietnamese words."""
    written = text.nfc(value)
    if written is None:
        return None
    found = spoken.get(written.casefold())
    if found is None:
        known = ", ".join(dict.fromkeys(spoken.values()))
        raise text.Unreadable(f'"{written}" is none of {known}')
    return found


def real(unit: str | None, value: Any) -> float | None:
    """A number in the field's unit."""
    if type(value) is float and -1e300 < value < 1e300:
        return value
    return text.quantity(value, unit) if isinstance(value, str) else text.number(value)


def integer(largest: int, value: Any) -> int | None:
    """A whole number that a database integer holds."""
    found = text.whole(value)
    if found is not None and abs(found) > largest:
        raise text.Unreadable(f"{found} is too large")
    return found


def moment(value: Any) -> dt.datetime | None:
    """A date with time; a date alone is its midnight in UTC."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    return text.moment(value)


def estimate_heights(batch: Batch) -> Batch:
    """Buildings without a height get one from their levels, marked as an estimate."""
    if batch.layer != "buildings" or "levels" not in batch.columns:
        return batch
    count = len(batch)
    heights = batch.columns.get("height_m", [None] * count)
    marks = batch.columns.get("height_estimated", [None] * count)
    found = [
        (height, bool(mark)) if height is not None else osm_tags.estimated_height(None, levels)
        for height, mark, levels in zip(heights, marks, batch.columns["levels"], strict=True)
    ]
    columns = {
        **batch.columns,
        "height_m": [height for height, _ in found],
        "height_estimated": [mark for _, mark in found],
    }
    return Batch(batch.layer, batch.source_ids, batch.geometries, columns)
