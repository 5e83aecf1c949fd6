"""Small pieces of Markdown: tables and cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

NOTE = "<!-- Written by `python -m twin.reference`; change the declarations, not this page. -->"


def cell(text: object) -> str:
    """A value as the content of a table's cell; a bar or a line break would end it."""
    return str(text).replace("|", "\\|").replace("\n", " ").strip()


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """The lines of a table, with an empty line after it."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return [*lines, ""]


def code(text: object) -> str:
    """The text in code type."""
    return f"`{text}`"


def page(*lines: str) -> str:
    """The whole page, with the note that it is generated."""
    return "\n".join([NOTE, "", *lines]).rstrip() + "\n"
