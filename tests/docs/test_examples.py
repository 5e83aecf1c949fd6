"""The examples of the documentation, run as a reader would: files written, commands typed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import PAGES, ROOT, TWIN_LINE, blocks, title
from twin.cli import build_parser

HEADLESS = [
    page
    for page in PAGES
    if any(block.mark == "run" for block in blocks(page)) and page.name != "add-a-layer.md"
]


@pytest.mark.parametrize("page", HEADLESS, ids=title)
def test_the_examples_of_a_page_run(page: Path, tmp_path: Path):
    """No database, no server: the examples that run here need neither."""
    environment = {name: value for name, value in os.environ.items() if "TWIN" not in name}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DJANGO_SETTINGS_MODULE": "none",
        "NUMBA_NUM_THREADS": "1",  # small grids; threads would wait for each other
    }
    for block in blocks(page):
        if block.mark == "file":
            path = tmp_path / block.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, "utf-8")
        elif block.mark == "run":
            for command, printed in block.commands():
                said = run(command, tmp_path, environment)
                expect(command, printed, said)


def run(command: str, folder: Path, environment: dict[str, str]) -> str:
    """What the command says; a command whose page shows an error must fail, others must not."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    said = done.stdout + done.stderr
    assert (done.returncode != 0) == ("error:" in said), f"{command}: {done.returncode}\n{said}"
    return said


def expect(command: str, printed: list[str], said: str) -> None:
    """Every line that the page shows must be printed, in this order."""
    rest = [line.rstrip() for line in said.splitlines()]
    for line in filter(None, map(str.rstrip, printed)):
        pattern = re.compile(".*".join(map(re.escape, line.split("…"))))
        while rest and not pattern.fullmatch(rest[0]):
            rest.pop(0)
        assert rest, f"$ {command}\nthe page shows: {line}\nit printed:\n{said}"
        rest.pop(0)


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_every_twin_command_of_a_page_exists(page: Path, capsys):
    for block in blocks(page):
        if block.language not in ("console", "bash", "sh"):
            continue
        text = block.text.replace("\\\n", " ")
        for found in TWIN_LINE.finditer(text):
            words = shlex.split(found["words"], comments=True)
            words = words[: next((k for k, w in enumerate(words) if w in "|<>&&"), None)]
            try:
                build_parser(words).parse_args(words)
            except SystemExit as ended:
                said = capsys.readouterr().err
                assert ended.code == 0, f"twin {found['words']}: {said}"


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_every_make_target_of_a_page_exists(page: Path):
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    asked = re.findall(r"(?:`|^\$ |^)make (\w+)", page.read_text("utf-8"), re.MULTILINE)
    assert set(asked) <= targets


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_every_link_of_a_page_leads_somewhere(page: Path):
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            heads = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
            assert anchor in {slug(head) for head in heads}, link


def slug(head: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_every_setting_of_a_page_is_read_somewhere(page: Path):
    code = "\n".join(
        path.read_text("utf-8")
        for folder in ("twin", "simulation", "layers", "tiles", "tests", "scripts", "compose")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".sh", ".yml", ".yaml", ".env", ".example", ".conf")
        and "node_modules" not in path.parts
    )
    for name in set(re.findall(r"\bTWIN_[A-Z0-9_]+\b", page.read_text("utf-8"))):
        assert re.search(rf"\b{name}\b", code), name


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_pages_speak_of_the_project_alone(page: Path):
    """Addresses and paths of some machine have no place in a page."""
    found = re.findall(r"/(?:work|root|tmp|farm)/\S*", page.read_text("utf-8"))
    assert found == []
