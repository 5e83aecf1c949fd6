"""The demo city in the database: whole, marked synthetic, repeatable, with its users."""

from __future__ import annotations

import datetime as dt
import json
import stat
from pathlib import Path

import numpy as np
import pytest
import rasterio
from django.contrib.auth.models import User
from django.db import connection

from simulation.baseflow import read_baseflow
from twin.core.errors import Conflict
from twin.core.features import layer_named
from twin.core.grid import Grid
from twin.core.models import CitySettings
from twin.core.products import RasterProduct
from twin.demo import freshness, logins
from twin.demo.commands import seed_demo
from twin.local import paths

pytestmark = pytest.mark.django_db(transaction=True)
SIZE = 600


def quiet(_fraction: float, _message: str) -> None:
    pass


def count(layer: str) -> int:
    return layer_named(layer).model.objects.filter(source="demo").count()


def test_a_demo_is_stored_once_and_replaced_as_a_whole(tmp_path, monkeypatch, settings):
    monkeypatch.setenv("TWIN_DATA", str(tmp_path))
    settings.TWIN_DATA = tmp_path
    made = seed_demo(3, SIZE, quiet)
    assert not made.unchanged
    assert made.layers["buildings"] == pytest.approx(SIZE, abs=10)
    for layer, rows in made.layers.items():
        if layer != "observations":
            assert count(layer) == rows, layer

    city = CitySettings.current()
    assert city.synthetic
    assert city.crs == "EPSG:9212"
    assert city.bounds.contains(city.center)

    terrain = RasterProduct.objects.get(kind=RasterProduct.TERRAIN)
    assert terrain.vertical_datum.startswith("mean sea level (synthetic)")
    with rasterio.open(terrain.location) as file:
        grid = Grid(tuple(file.transform)[:6], "EPSG:9212", file.shape)
        bed = file.read(1)
    flow = read_baseflow(tmp_path / "terrain", grid, bed)
    assert flow is not None
    assert [entry.discharge_m3_s for entry in flow.entries] == [40.0]
    assert len(flow.entries[0].points) == 2
    assert np.nanmin(flow.level) > bed.min()

    kept = json.loads(logins.logins_file().read_text("utf-8"))
    assert stat.S_IMODE(logins.logins_file().stat().st_mode) == 0o600
    for name, password in kept.items():
        user = User.objects.get(username=name)
        assert user.check_password(password)
        assert [group.name for group in user.groups.all()] == [name]

    assert seed_demo(3, SIZE, quiet).unchanged
    assert logins.demo_logins() == kept

    other = seed_demo(4, SIZE, quiet)
    assert not other.unchanged
    assert count("buildings") == other.layers["buildings"]
    assert count("city") == 1
    assert observations()[0] == other.layers["observations"]
    assert logins.demo_logins() == kept

    # Days later the week has moved with the calendar.
    rows, newest = observations()
    with connection.cursor() as cursor:
        cursor.execute("SELECT twin_ensure_partitions('layers_observations', now(), now())")
    later = newest + dt.timedelta(days=3, hours=1)
    monkeypatch.setattr(freshness, "last_midnight", lambda: later)
    assert freshness.refresh_observations() == 3
    assert observations() == (rows, newest + dt.timedelta(days=3))
    assert freshness.refresh_observations() == 0


def observations() -> tuple[int, dt.datetime]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), max(ts) FROM layers_observations")
        return cursor.fetchone()


def test_a_real_city_is_not_mixed_with_the_demo(tmp_path, monkeypatch, settings):
    monkeypatch.setenv("TWIN_DATA", str(tmp_path))
    settings.TWIN_DATA = tmp_path
    CitySettings.objects.create(
        id=1,
        name_en="Đà Lạt",
        bounds="SRID=4326;POLYGON((108 11,109 11,109 12,108 12,108 11))",
        synthetic=False,
    )
    with pytest.raises(Conflict, match="Đà Lạt"):
        seed_demo(3, SIZE, quiet)
    assert count("buildings") == 0
    assert not Path(paths.data_dir() / "demo-logins.json").exists()


def test_nothing_stays_of_a_demo_that_fails(tmp_path, monkeypatch, settings):
    monkeypatch.setenv("TWIN_DATA", str(tmp_path))
    settings.TWIN_DATA = tmp_path
    from twin.demo import write

    def fail(_city):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(write, "write_terrain", fail)
    with pytest.raises(RuntimeError):
        seed_demo(3, SIZE, quiet)
    assert count("buildings") == 0
    assert CitySettings.objects.count() == 0
    assert not write.is_there(3, SIZE)
