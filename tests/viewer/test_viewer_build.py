"""The viewer builds, passes its own tests, stays within its size and fetches from nowhere else."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

VIEWER = Path(__file__).parents[2] / "twin" / "viewer"
SHELL_KB, MAP_KB = 60, 320

# Addresses that are names or texts, never fetched: namespaces, license notes, error help.
NAMES = (
    "http://www.w3.org/",
    "https://github.com/",
    "https://maplibre.org/",
    "https://maplibre.invalid/",
    "https://wiki.openstreetmap.org/wiki/This_map_requires_WebGL",
)


def node_tools() -> dict[str, str]:
    """An environment whose `npm` and `node` are 22 or newer: the virtual one's come first."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def npm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run an npm script of the viewer."""
    environment = node_tools()
    tool = shutil.which("npm", path=environment["PATH"])
    if tool is None or not (VIEWER / "node_modules").is_dir():
        pytest.fail("the viewer's tools are missing; run `make setup`")
    return subprocess.run(
        [tool, "run", "--silent", *arguments],
        cwd=VIEWER,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh build, beside the one that a server may be serving."""
    folder = tmp_path_factory.mktemp("viewer") / "dist"
    done = npm("build", "--", "--outDir", str(folder), "--logLevel", "warn")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def zipped_kb(paths: list[Path]) -> float:
    """Size of files as a server sends them [kB of 1,000 bytes]."""
    return sum(len(gzip.compress(path.read_bytes())) for path in paths) / 1000


def scripts(dist: Path, *, map_chunk: bool) -> list[Path]:
    """The shell's scripts (what index.html loads at once), or the map's."""
    first = set(re.findall(r"assets/([\w.-]+\.js)", (dist / "index.html").read_text()))
    if not map_chunk:
        return [dist / "assets" / name for name in first]
    return [path for path in (dist / "assets").glob("create-*.js") if path.name not in first]


def test_types() -> None:
    done = npm("typecheck")
    assert done.returncode == 0, done.stdout + done.stderr


def test_unit_tests_of_the_viewer() -> None:
    done = npm("test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Tests .*\d+.* passed", done.stdout)


def test_sizes(dist: Path) -> None:
    shell, city_map = scripts(dist, map_chunk=False), scripts(dist, map_chunk=True)
    assert shell and city_map
    assert zipped_kb(shell) <= SHELL_KB
    assert zipped_kb(city_map) <= MAP_KB


def test_page_has_no_inline_script_or_style(dist: Path) -> None:
    page = (dist / "index.html").read_text()
    assert "<style" not in page
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))
    assert not re.search(r"\son\w+=", page)
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert addresses
    assert all(address.startswith("/static/viewer/") for address in addresses)


def test_nothing_is_fetched_from_elsewhere(dist: Path) -> None:
    foreign = set()
    for path in dist.rglob("*"):
        if path.suffix in {".js", ".css", ".html", ".svg"}:
            for address in re.findall(r"https?://[\w.-]+[\w/]*", path.read_text()):
                if not address.startswith(NAMES):
                    foreign.add(f"{path.name}: {address}")
    assert not foreign


def test_style_sheets_name_no_data_address(dist: Path) -> None:
    # the server's policy would refuse fonts and sheets from data: addresses
    for sheet in dist.rglob("*.css"):
        assert "data:" not in sheet.read_text(), sheet.name


def test_fonts_that_the_map_style_names_are_there(dist: Path) -> None:
    from tiles.styles import font_faces

    urls = [face["url"] for faces in font_faces().values() for face in faces]
    assert urls
    for url in urls:
        assert (dist / url.removeprefix("/static/viewer/")).is_file(), url
