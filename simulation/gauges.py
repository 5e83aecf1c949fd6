"""A rain gauge's CSV comes in, rates [mm/h] with their times go out. No Django here.

Two kinds of table are read: rates (a column such as `mm_per_h`; each holds until the next row) and
amounts (a column such as `mm`; what fell since the row before, as tipping-bucket loggers write).
`gauge_columns` says which by the header; without one a table is two columns: time_s, mm_per_h.
Separators are commas, semicolons or tabs; decimals may be commas where columns are not. Files from
Excel (byte-order mark, UTF-16) are read too. Whatever can't be read is named by row and value.
"""

from __future__ import annotations

import csv
import math
from datetime import datetime

from simulation.gauge_columns import UNIT_WORDS, Columns, read_header
from simulation.gauge_columns import refused as _bad
from simulation.rain import Series
from twin.core.vietnamese import number as vn

LIMIT_MM_H = 2500.0  # the greatest one-minute rain on record, 31 mm, is 1,870 mm/h
LONGEST_ROWS = 100_000
DATE_FORMATS = (
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
    "%d-%m-%Y %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%H:%M:%S",
    "%H:%M",
)


def read_gauge(content: bytes) -> Series:
    """The series of a gauge file, clock times counted from its first, a closing 0 added.

    Raises BadInput naming the row and the value that can't be read.
    """
    rows = _rows(_decode(content))
    header = rows[0][1] if _is_header(rows[0][1]) else None
    body = rows[1:] if header else rows
    if len(body) < 2:
        raise _bad(
            "The file holds fewer than two rows of rain; give a time and a value in each",
            "Tệp có ít hơn hai dòng số liệu mưa; mỗi dòng cần một thời gian và một giá trị",
        )
    if len(body) > LONGEST_ROWS:
        raise _bad(
            f"The file holds {len(body):,} rows; {LONGEST_ROWS:,} can be read. Cut the storm out",
            f"Tệp có {vn(len(body), ',')} dòng; chỉ đọc được {vn(LONGEST_ROWS, ',')} dòng. "
            "Hãy cắt riêng trận mưa cần dùng",
        )
    columns = _columns(header, body[0][1])
    times, values = [], []
    clock = _is_clock(body[0][1], columns.time)
    for number, cells in body:
        if len(cells) <= max(columns.time, columns.rain):
            raise _bad(
                f"Row {number} has {len(cells)} column; a time and a value are needed",
                f"Dòng {number} chỉ có {len(cells)} cột; cần cả thời gian và giá trị",
            )
        times.append(_time(number, cells[columns.time], clock, columns.seconds))
        values.append(_value(number, cells[columns.rain], "mm/h" if columns.is_rate else "mm"))
        if len(times) > 1 and times[-1] <= times[-2]:
            raise _bad(
                f'Row {number}: the time "{cells[columns.time]}" is not after the row before it; '
                "sort the rows and remove repeated ones",
                f"Dòng {number}: thời gian “{cells[columns.time]}” không sau dòng trước; "
                "hãy sắp xếp các dòng và bỏ dòng trùng",
            )
    if times[0] < 0 and not clock:
        raise _bad(
            f"Row {body[0][0]}: the time {body[0][1][columns.time]} is below 0; start at 0",
            f"Dòng {body[0][0]}: thời gian {body[0][1][columns.time]} nhỏ hơn 0; hãy bắt đầu từ 0",
        )
    if clock:
        times = [time - times[0] for time in times]
    return _rates(times, values, body) if columns.is_rate else _amounts(times, values, body)


def _rates(times: list[float], rates: list[float], body: list[tuple[int, list[str]]]) -> Series:
    for rate, (number, _) in zip(rates, body, strict=True):
        _refuse_impossible(number, rate)
    series = list(zip(times, rates, strict=True))
    if series[-1][1]:  # a last rate holds as long as the one before it, then the rain ends
        series.append((2 * times[-1] - times[-2], 0.0))
    return _from_zero(series)


def _amounts(times: list[float], amounts: list[float], body: list[tuple[int, list[str]]]) -> Series:
    if amounts[0]:  # the first row's amount fell in an interval as long as the next one
        starts = [2 * times[0] - times[1], *times[:-1]]
    else:  # the first row only says when the record begins
        starts, times, amounts, body = times[:-1], times[1:], amounts[1:], body[1:]
    shift = min(starts[0], 0.0)
    series: Series = []
    for (number, _), start, end, amount in zip(body, starts, times, amounts, strict=True):
        rate = amount * 3600 / (end - start)
        _refuse_impossible(number, rate)
        series.append((start - shift, rate))
    return _from_zero([*series, (times[-1] - shift, 0.0)])


def _from_zero(series: Series) -> Series:
    return series if series[0][0] == 0 else [(0.0, 0.0), *series]


def _refuse_impossible(number: int, rate: float) -> None:
    if rate > LIMIT_MM_H:
        raise _bad(
            f"Row {number}: {rate:,.0f} mm/h is more than it has ever rained; "
            "check the unit and the value",
            f"Dòng {number}: {vn(rate, ',.0f')} mm/h lớn hơn mọi trận mưa từng đo được; "
            "hãy kiểm tra đơn vị và giá trị",
        )


def _decode(content: bytes) -> str:
    marked = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ["utf-16"] if marked else ["utf-8-sig", "cp1258"]:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _bad(
        "The file is no text; save it as CSV (UTF-8)",
        "Tệp không phải văn bản; hãy lưu lại dưới dạng CSV (UTF-8)",
    )


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """(row number in the file, cells) of every row that holds something and is no comment."""
    lines = [
        (number, line)
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip(" ;,\t") and not line.lstrip().startswith("#")
    ]
    if not lines:
        raise _bad(
            "The file is empty; give rows of a time and a value",
            "Tệp trống; cần các dòng gồm thời gian và giá trị",
        )
    first = lines[0][1]
    separator = next((mark for mark in ";\t" if mark in first), ",")
    cells = csv.reader([line for _, line in lines], delimiter=separator)
    return [
        (number, [cell.strip() for cell in row])
        for (number, _), row in zip(lines, cells, strict=False)
    ]


def _columns(header: list[str] | None, first: list[str]) -> Columns:
    if len(first) < 2:
        raise _bad(
            "The rows hold one column; give a time and a value, separated by a comma or a "
            "semicolon",
            "Các dòng chỉ có một cột; cần thời gian và giá trị, cách nhau bằng dấu phẩy hoặc dấu "
            "chấm phẩy",
        )
    if header is not None:
        return read_header(header, [_is_clock(first, k) for k in range(len(header))])
    if len(first) == 2 and _is_number(first[0]):
        return Columns(0, 1, is_rate=True)
    raise _bad(
        "The file has no header, and only two columns of seconds and mm/h are read without one; "
        "add a first row such as time,mm or time_s,mm_per_h",
        "Tệp không có dòng tiêu đề; chỉ đọc được tệp như vậy khi có hai cột: giây và mm/h. Hãy "
        "thêm dòng đầu như thời gian,mm hoặc time_s,mm_per_h",
    )


def _is_clock(cells: list[str], column: int) -> bool:
    return column < len(cells) and not _is_number(cells[column]) and bool(_clock(cells[column]))


def _is_header(cells: list[str]) -> bool:
    return not any(_is_number(cell) for cell in cells) and not _clock(cells[0])


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _is_number(text: str) -> bool:
    return _number(text) is not None


def _clock(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        pass
    for pattern in DATE_FORMATS:
        try:
            return datetime.strptime(text, pattern)
        except ValueError:
            continue
    return None


def _time(number: int, text: str, clock: bool, unit: float) -> float:
    """A moment [s]; `unit`: seconds in one of a numeric time."""
    if not clock:
        value = _number(text)
        if value is None:
            words = UNIT_WORDS[unit]
            raise _bad(
                f'Row {number}: "{text}" is no time in {words.en}',
                f"Dòng {number}: “{text}” không phải thời gian tính bằng {words.vi}",
            )
        return value * unit
    moment = _clock(text)
    if moment is None:
        raise _bad(
            f'Row {number}: "{text}" is no time; write it like 2026-10-12 14:05',
            f"Dòng {number}: “{text}” không phải thời gian; hãy viết như 2026-10-12 14:05",
        )
    return (moment - datetime(1900, 1, 1)).total_seconds()


def _value(number: int, text: str, unit: str) -> float:
    if not text:
        raise _bad(
            f"Row {number}: the rain is missing; write 0 where none fell",
            f"Dòng {number}: thiếu lượng mưa; hãy ghi 0 khi không có mưa",
        )
    value = _number(text)
    if value is None:
        raise _bad(
            f'Row {number}: "{text}" is no amount of rain; write a number of millimeters',
            f"Dòng {number}: “{text}” không phải lượng mưa; hãy ghi một số tính bằng milimét",
        )
    if value < 0:
        raise _bad(
            f"Row {number}: {text} {unit} is below 0; correct it or write 0",
            f"Dòng {number}: {text} {unit} nhỏ hơn 0; hãy sửa lại hoặc ghi 0",
        )
    return value
