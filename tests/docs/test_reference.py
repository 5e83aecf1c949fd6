"""The reference pages are what the declarations say now; `python -m twin.reference` writes them."""

from __future__ import annotations

import pytest

from tests.docs.blocks import ROOT
from twin.reference import case
from twin.reference.__main__ import FOLDER, pages
from twin.reference.commands import summary

PAGES = ("layers.md", "case-toml.md", "commands.md", "api.md")


def test_every_reference_page_is_known():
    assert tuple(pages()) == PAGES
    assert {path.name for path in FOLDER.glob("*.md")} == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_what_the_code_declares(name: str):
    committed = (FOLDER / name).read_text("utf-8")
    assert committed == pages()[name](), f"{name} is old: run `python -m twin.reference`"


def test_a_key_without_words_is_noticed(monkeypatch):
    monkeypatch.setitem(case.TABLES, "rain", {"rate", "series", "raster"})
    with pytest.raises(ValueError, match=r"\[rain\]"):
        case.write()


def test_the_readme_lists_the_commands_that_there_are():
    readme = (ROOT / "README.md").read_text("utf-8")
    rows = [line.split("|")[1:3] for line in readme.splitlines() if line.startswith("| `twin ")]
    listed = [(name.strip().strip("`"), words.strip()) for name, words in rows]
    assert listed == summary()
