"""Text from files becomes values: NFC text, numbers, heights, quantities, yes/no, dates.

Every parser takes what a file may hold (text, a number, None, NaN) and returns the value, or
None where there is none. `Unreadable` says, in words for the report, that a value is there and
can't be read; nothing is guessed. A comma may be a decimal or a thousands mark: "12,5" is 12.5,
"1,234,567" is 1234567, and "1,234" alone is refused because it can be either.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from typing import Any

# Factors to the base unit of each family. The families: length m, area m2, volume m3,
# flow m3_s, power w, voltage v, duration s.
UNITS: dict[str, tuple[str, float]] = {
    "mm": ("length", 0.001),
    "cm": ("length", 0.01),
    "dm": ("length", 0.1),
    "m": ("length", 1.0),
    "km": ("length", 1000.0),
    "ft": ("length", 0.3048),
    "feet": ("length", 0.3048),
    "'": ("length", 0.3048),
    "in": ("length", 0.0254),
    '"': ("length", 0.0254),
    "m2": ("area", 1.0),
    "ha": ("area", 10_000.0),
    "km2": ("area", 1_000_000.0),
    "l": ("volume", 0.001),
    "m3": ("volume", 1.0),
    "l/s": ("flow", 0.001),
    "m3/h": ("flow", 1 / 3600),
    "m3/s": ("flow", 1.0),
    "w": ("power", 1.0),
    "kw": ("power", 1000.0),
    "v": ("voltage", 1.0),
    "kv": ("voltage", 1000.0),
    "va": ("rating", 1.0),
    "kva": ("rating", 1000.0),
    "mva": ("rating", 1_000_000.0),
}
WORDS_FOR_UNITS = {
    "metre": "m",
    "metres": "m",
    "meter": "m",
    "meters": "m",
    "mét": "m",
    "m²": "m2",
    "m³": "m3",
    "m³/s": "m3/s",
    "m³/h": "m3/h",
    "m3_s": "m3/s",
    "l_s": "l/s",
    "foot": "ft",
    "inch": "in",
}
YES = {"yes", "y", "true", "t", "1", "có", "co", "đúng"}
NO = {"no", "n", "false", "f", "0", "không", "khong", "sai"}

_NUMBER = r"[+-]?(?:\d[\d., ]*\d|\d|[.,]\d+)(?:[eE][+-]?\d{1,3})?"
_QUANTITY = re.compile(rf"^(?P<number>{_NUMBER})\s*(?P<unit>[^\d\s].*)?$", re.ASCII)
_FEET_INCHES = re.compile(r"""^(\d+(?:\.\d+)?)\s*'\s*(\d+(?:\.\d+)?)\s*(?:"|'')$""", re.ASCII)
_DIGITS_IN_THREES = re.compile(r"^[+-]?\d{1,3}(?:[., ]\d{3})+$", re.ASCII)


class Unreadable(ValueError):
    """A value is there but can't be read as what the field holds; the message says which."""


def nfc(value: Any) -> str | None:
    """Text in NFC without surrounding or repeated white space or control marks; None if empty."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    text = str(value)
    if not text.isprintable():
        # A NUL can't be stored by PostgreSQL, and zero-width marks make equal names unequal.
        text = "".join(
            " " if char.isspace() else char
            for char in text
            if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf", "Cs")
        )
    return unicodedata.normalize("NFC", " ".join(text.split())) or None


def number(value: Any) -> float | None:
    """A finite number from a number or from text such as "5.5", "12,5", "1.234,5" or "1e3"."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float):
        if isinstance(value, float) and math.isnan(value):
            return None
        return _finite(value, value)
    text = nfc(value)
    if text is None:
        return None
    if not re.fullmatch(_NUMBER, text, flags=re.ASCII):
        raise Unreadable(f"{_short(text)} is not a number")
    mantissa, mark, exponent = _split_exponent(text)
    try:
        found = float(_plain(mantissa, text) + mark + exponent)
    except Unreadable:
        raise
    except ValueError as error:
        raise Unreadable(f"{_short(text)} is not a number") from error
    return _finite(found, text)


def whole(value: Any) -> int | None:
    """A whole number; 3.5 is refused rather than rounded."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = number(value)
    if found is None:
        return None
    if found != int(found):
        raise Unreadable(f"{_short(value)} is not a whole number")
    return int(found)


def quantity(value: Any, unit: str | None) -> float | None:
    """A number in `unit` (one of UNITS) from text that may name another unit of its family.

    quantity("0.2 m", "mm") is 200.0; without a unit in the text the number is in `unit`.
    """
    text = nfc(value) if isinstance(value, str) else None
    if text is None:
        return number(value)
    feet = _FEET_INCHES.match(text)
    if feet:
        return _convert(float(feet[1]) + float(feet[2]) / 12, "ft", unit, text)
    match = _QUANTITY.match(text)
    if not match:
        raise Unreadable(f"{_short(text)} is not a number")
    found = number(match["number"])
    given = match["unit"]
    if given is None or found is None:
        return found
    return _convert(found, _unit(given), unit, text)


def height(value: Any) -> float | None:
    """A height in m of something built, as OpenStreetMap and others write it: "26 m", 12'6".

    Refused below 0 and above 1,000 m.
    """
    found = quantity(value, "m")
    if found is not None and not 0 <= found <= 1000:
        raise Unreadable(f"a height of {found:g} m is not between 0 and 1000 m")
    return found


def levels(value: Any) -> float | None:
    """A number of levels such as 5 or 3.5; refused below 0 and above 200."""
    found = number(value)
    if found is not None and not 0 <= found <= 200:
        raise Unreadable(f"{found:g} levels are not between 0 and 200")
    return found


def yes_no(value: Any) -> bool | None:
    """True or False from yes/no, true/false, 1/0, có/không."""
    if isinstance(value, bool):
        return value
    text = nfc(value)
    if text is None:
        return None
    folded = text.casefold()
    if folded in YES or folded == "1.0":
        return True
    if folded in NO or folded == "0.0":
        return False
    raise Unreadable(f"{_short(text)} is neither yes nor no")


def date(value: Any) -> dt.date | None:
    """A date from ISO text (2026-03-17, with or without a time) or day/month/year."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    text = nfc(value)
    if text is None:
        return None
    match = re.match(r"^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?$", text, flags=re.ASCII)
    parts = match.groups() if match else ()
    if not match:
        match = re.match(r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$", text, flags=re.ASCII)
        parts = match.groups()[::-1] if match else ()
    try:
        return dt.date(*(int(part) for part in parts))
    except (ValueError, TypeError) as error:
        raise Unreadable(f"{_short(text)} is not a date (2026-03-17 or 17/03/2026)") from error


def moment(value: Any) -> dt.datetime | None:
    """A date and time with zone from ISO text; without a zone it is taken as UTC."""
    if isinstance(value, dt.datetime):
        found = value
    else:
        text = nfc(value)
        if text is None:
            return None
        try:
            found = dt.datetime.fromisoformat(text.replace("/", "-"))
        except ValueError as error:
            words = f"{_short(text)} is not a date and time (2026-03-17T08:30:00+07:00)"
            raise Unreadable(words) from error
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _split_exponent(text: str) -> tuple[str, str, str]:
    match = re.match(r"^(.*?)([eE])(.*)$", text)
    return (match[1], match[2], match[3]) if match else (text, "", "")


def _plain(text: str, whole_text: str) -> str:
    """The digits of a number with one dot for its decimals and no thousands marks."""
    marks = {char for char in text if char in "., "}
    if not marks:
        return text
    if marks == {"."} and text.count(".") == 1:
        return text
    if marks == {","} and text.count(",") == 1:
        if _DIGITS_IN_THREES.match(text) and not re.match(r"^[+-]?0", text):
            raise Unreadable(
                f"{_short(whole_text)} may mean a thousand or a decimal; "
                "write it without a thousands mark"
            )
        return text.replace(",", ".")
    if len(marks) == 1 and _DIGITS_IN_THREES.match(text):
        return re.sub(r"[., ]", "", text)
    # The last mark is the decimal one; the others must stand between thousands.
    last = max(text.rfind("."), text.rfind(","))
    before, after = text[:last], text[last + 1 :]
    if (
        text[last] in before
        or not after.isdigit()
        or len({c for c in before if c in "., "}) != 1
        or not _DIGITS_IN_THREES.match(before)
    ):
        raise Unreadable(f"{_short(whole_text)} is not a number")
    return re.sub(r"[., ]", "", before) + "." + after


def _finite(found: float, value: Any) -> float:
    try:
        found = float(found)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise Unreadable(f"{_short(value)} is not a finite number")
    return found


def _unit(text: str) -> str:
    folded = text.strip().rstrip(".").casefold()
    return WORDS_FOR_UNITS.get(folded, folded)


def _convert(found: float, given: str, unit: str | None, text: str) -> float:
    wanted = _unit(unit) if unit else None
    if given == wanted:
        return found
    if given not in UNITS or wanted not in UNITS or UNITS[given][0] != UNITS[wanted][0]:
        expected = f"a number in {unit}" if unit else "a number without unit"
        raise Unreadable(f"{_short(text)} is not {expected}")
    return found * UNITS[given][1] / UNITS[wanted][1]


def _short(value: Any) -> str:
    text = str(value)
    return f'"{text if len(text) <= 40 else text[:39] + "…"}"'
