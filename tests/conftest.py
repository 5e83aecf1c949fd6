"""Fixtures for every test: a private cluster's database, the shared data by its path, a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(services) -> None:
    """Start the cluster before pytest-django makes the test database."""


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real data sets, which lie beside the checkout and not in it."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the shared data sets are not at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    """Headless Chromium, with WebGL drawn in software.

    Not for the whole session: while playwright runs, its event loop is this thread's, and Django
    refuses its database to code that runs in one.
    """
    from playwright.sync_api import sync_playwright

    program = os.environ.get("TWIN_CHROMIUM") or shutil.which("chromium")
    if not program:
        pytest.skip("no Chromium: `make test` installs it, or name one in TWIN_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()
