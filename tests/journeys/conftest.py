"""A whole twin for the journeys: `twin up` in a folder of its own, a small city, a real browser."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from twin.local.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "test-artifacts"
# What would point the twin at other servers than its own.
STRAY = ("DATABASE_URL", "TWIN_WEB_DATABASE_URL", "TWIN_INGEST_DATABASE_URL", "REDIS_URL")


@dataclass(frozen=True)
class LocalTwin:
    """A running twin: its address, data folder and the environment of its commands."""

    url: str
    data: Path
    environment: dict[str, str]

    def command(self, *words: str, ok: bool = True, timeout: float = 300) -> str:
        """Run `twin WORDS…` and return its standard output."""
        done = subprocess.run(
            [sys.executable, "-m", "twin.cli", *words],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        assert not ok or done.returncode == 0, f"twin {' '.join(words)}: {done.stderr[-3000:]}"
        return done.stdout

    def password(self, user: str) -> str:
        """The generated password of a demo user."""
        return json.loads((self.data / "demo-logins.json").read_text())[user]


def start_twin(prefix: str) -> LocalTwin:
    """Start a twin with an empty city."""
    data = Path(tempfile.mkdtemp(prefix=prefix))
    data.chmod(0o755)
    environment = {key: value for key, value in os.environ.items() if key not in STRAY}
    environment["TWIN_DATA"] = str(data)
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    environment.pop("TWIN_SECRET_KEY", None)
    port = free_port()
    twin = LocalTwin(f"http://127.0.0.1:{port}", data, environment)
    twin.command("up", "--detach", "--port", str(port))
    return twin


def stop_twin(twin: LocalTwin) -> None:
    """Stop it and remove its folder."""
    twin.command("down", ok=False)
    shutil.rmtree(twin.data, ignore_errors=True)


@pytest.fixture(scope="session")
def demo_twin() -> Iterator[LocalTwin]:
    """A twin of a small synthetic city with the demo users."""
    twin = start_twin("twin-journey-")
    try:
        twin.command("demo", "--buildings", "1500")
        yield twin
    finally:
        stop_twin(twin)


@pytest.fixture
def page(chromium, demo_twin) -> Iterator[object]:
    """A fresh page of the demo twin; complaints of the console and foreign requests are kept."""
    context = chromium.new_context(
        base_url=demo_twin.url, viewport={"width": 1100, "height": 720}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.complaints = []
    page.foreign = []
    page.on(
        "console",
        lambda message: page.complaints.append(message.text) if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: page.complaints.append(str(error)))

    def watch(request) -> None:
        if not request.url.startswith((demo_twin.url, "data:", "blob:")):
            page.foreign.append(request.url)

    page.on("request", watch)
    yield page
    context.close()
