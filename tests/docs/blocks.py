"""Finds the examples of a page: fenced blocks, and what an invisible comment before them says.

`<!-- file: NAME -->` says that the block is the content of a file, `<!-- append: NAME -->` that it
goes to the end of one, `<!-- run -->` that its lines starting with `$ ` are commands to run, the
others what they print ("…" stands for anything).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(
    r"(?:^<!-- (?P<mark>file|append|run)(?:: (?P<name>\S+))? -->\n+)?"
    r"^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
TWIN_LINE = re.compile(r"^(?:\$ )?(?:[A-Z_]+=\S+ )*twin (?P<words>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One fenced block: `mark` is "file", "run" or empty, `name` a file's."""

    mark: str
    name: str
    language: str
    text: str

    def commands(self) -> Iterator[tuple[str, list[str]]]:
        """(command, lines that it prints) of a console block."""
        command, printed = "", []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                if command:
                    yield command, printed
                command, printed = line[2:], []
            elif command.endswith("\\"):
                command = command[:-1] + line.lstrip("> ")
            else:
                printed.append(line)
        if command:
            yield command, printed


def blocks(page: Path) -> list[Block]:
    """Every fenced block of a page, in order."""
    return [
        Block(found["mark"] or "", found["name"] or "", found["language"], found["text"])
        for found in FENCE.finditer(page.read_text("utf-8"))
    ]


def title(page: Path) -> str:
    """The page's path from the root, for the names of tests."""
    return str(page.relative_to(ROOT))
