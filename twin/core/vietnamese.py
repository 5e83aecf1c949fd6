"""Numbers as Vietnamese writes them; no Django here."""

from __future__ import annotations

_SWAPPED = str.maketrans(",.", ".,")


def number(value: float, form: str = "g") -> str:
    """The number in a Python format, with its signs exchanged: 1.234,5."""
    return format(value, form).translate(_SWAPPED)
