"""docs/how-to/add-a-layer.md as a reader follows it: in a copy of the project, a real database."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.docs.blocks import ROOT, blocks
from tests.docs.test_examples import expect, run
from twin.local import roles

PAGE = ROOT / "docs" / "how-to" / "add-a-layer.md"
FOLDERS = ("twin", "layers", "tiles", "simulation", "vision")
DATABASE = "twin_docs"
LOOK = """
import django
django.setup()
from django.contrib.gis.geos import Point
from django.test import Client
from layers.benches import Bench
from twin.core import outbox
from twin.core.users import set_user

Bench.objects.create(code="B1", seats=3, geom=Point(107.1, 16.8))
outbox.drain()
set_user("boss", "a good password", roles=["admin"])
set_user("lan", "a good password", roles=["planner"])
set_user("minh", "a good password", roles=["viewer"])


def can_edit(name):
    client = Client()
    client.login(username=name, password="a good password")
    return "benches" in client.get("/api/session").json()["user"]["can"]["edit"]


client = Client()
[layer] = [entry for entry in client.get("/api/layers").json() if entry["name"] == "benches"]
print("legend", layer["legend"][0]["color"], layer["count"])
[feature] = client.get("/api/layers/benches/items").json()["features"]
print("items", feature["properties"]["code"], feature["properties"]["seats"])
tile = client.get("/tiles/benches/14/13066/7416.mvt")
print("tile", tile.status_code, b"B1" in tile.content)
print("style", "benches" in client.get("/style.json").json()["sources"])
print("rights", can_edit("lan"), can_edit("minh"))
boss = Client()
boss.login(username="boss", password="a good password")
page = boss.get("/admin/layers/bench/")
print("admin", page.status_code, "B1" in page.content.decode())
"""


@pytest.fixture
def copy(services, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """The project's Python in another folder, and an environment with a database of its own."""
    for name in FOLDERS:
        shutil.copytree(
            ROOT / name,
            tmp_path / name,
            ignore=shutil.ignore_patterns("viewer", "__pycache__", "node_modules"),
        )
    admin = psycopg.connect(services.database_url(roles.OWNER), autocommit=True)
    with admin:
        admin.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        admin.execute(f"CREATE DATABASE {DATABASE} TEMPLATE {roles.TEMPLATE}")
    environment = {**os.environ, **services.environment()}
    environment |= {
        "PYTHONPATH": str(tmp_path),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DJANGO_SETTINGS_MODULE": "twin.settings.local",
        "DATABASE_URL": services.database_url(roles.OWNER, DATABASE),
        "TWIN_WEB_DATABASE_URL": services.database_url(roles.WEB, DATABASE),
        "TWIN_INGEST_DATABASE_URL": services.database_url(roles.INGEST, DATABASE),
        "TWIN_HOSTS": "testserver",
    }
    yield tmp_path, environment
    with psycopg.connect(services.database_url(roles.OWNER), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


def test_the_page_makes_a_layer_that_is_found_everywhere(copy):
    folder, environment = copy
    for block in blocks(PAGE):
        if block.mark == "file":
            (folder / block.name).write_text(block.text, "utf-8")
        elif block.mark == "append":
            with (folder / block.name).open("a", encoding="utf-8") as file:
                file.write(block.text)
        elif block.mark == "run":
            for command, printed in block.commands():
                expect(command, printed, run(command, folder, environment))
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines() == [
        "legend #8d6e63 1",
        "items B1 3",
        "tile 200 True",
        "style True",
        "rights True False",
        "admin 200 True",
    ]
