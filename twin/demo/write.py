"""Write a synthetic city into the twin: a City comes in; layers, terrain and observations go out.

All rows are written in one transaction with source "demo", the marker (the row of the layer `city`)
among them: a demo is there as a whole or not at all.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from django.contrib.gis.geos import Point, Polygon
from django.db import connection, transaction
from numpy.typing import NDArray

from layers.importer import upsert
from layers.observations import record
from layers.products import whole_file
from layers.terrain import FOLDER, import_terrain
from twin.core.errors import Conflict
from twin.core.features import layer_named
from twin.core.grid import Grid
from twin.core.models import CitySettings
from twin.core.products import RasterProduct
from twin.demo.city import City
from twin.demo.tables import Table
from twin.local.paths import hand_over

SOURCE = "demo"
FORM = 1  # of the generator: a change here makes existing demo cities be written anew
LEVEL_FILE, BASEFLOW_FILE = "baseflow_level.tif", "baseflow.json"

Progress = Callable[[int, str], None]


def marker(seed: int, buildings: int) -> str:
    """source_id of the city row that says which demo is stored."""
    return f"city-{seed}-{buildings}-{FORM}"


def is_there(seed: int, buildings: int) -> bool:
    """Whether this demo city is stored, with its terrain's file."""
    model = layer_named("city").model
    assert model is not None
    if not model._default_manager.filter(source=SOURCE, source_id=marker(seed, buildings)).exists():
        return False
    terrain = RasterProduct.objects.filter(kind=RasterProduct.TERRAIN, created_by=SOURCE)
    newest = terrain.order_by("-created_at", "-id").first()
    return newest is not None and Path(newest.location).is_file()


def refuse_real_city() -> None:
    """Raise Conflict where the twin is of a real city already."""
    city = CitySettings.current()
    if city.bounds and not city.synthetic:
        raise Conflict(
            f"This twin is of {city.name_en}; the synthetic city would be mixed into it. "
            "Set TWIN_DATA to another folder for the demo"
        )


def write_city(city: City, progress: Progress) -> dict[str, int]:
    """Store everything; rows of another demo city vanish. Returns how many rows each layer has.

    progress: told (rows, layer) as they are copied.
    """
    refuse_real_city()
    counts: dict[str, int] = {}
    with transaction.atomic():
        for name, table in city.layers.items():
            if name == "city":
                table = Table(
                    np.array([marker(city.seed, city.buildings)], object),
                    table.geometry,
                    table.columns,
                )
            report = upsert(
                name,
                SOURCE,
                {"source_id": table.source_id, **table.columns},
                table.geometry,
                sync=True,
                progress=lambda count, name=name: progress(count, name),  # type: ignore[misc]
            )
            counts[name] = len(table) - report.of(name).rejected
        counts["observations"] = write_observations(city)
        progress(len(city.observations), "observations")
        write_facts(city)
        write_terrain(city)
    return counts


def write_facts(city: City) -> None:
    """What GET /api/city says."""
    CitySettings.objects.update_or_create(
        id=1,
        defaults={
            "name_en": city.name["en"],
            "name_vi": city.name["vi"],
            "center": Point(*city.center, srid=4326),
            "bounds": Polygon.from_bbox(city.bounds),
            "crs": city.crs,
            "synthetic": True,
        },
    )


def write_observations(city: City) -> int:
    """The week of observations, in place of an earlier one."""
    ids = sensor_ids()
    seen = city.observations
    rows = zip(
        (ids[s] for s in seen.sensor.tolist()), _instants(seen.ts), seen.value.tolist(), strict=True
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM layers_observations WHERE sensor_id = ANY(%s)", [list(ids.values())]
        )
    first, last = _instants(np.array([seen.ts.min(), seen.ts.max()]))
    return record(rows, first, last)


def sensor_ids() -> dict:
    """source_id -> id of the demo's sensors."""
    from layers.sensors import Sensor

    return dict(Sensor.objects.filter(source=SOURCE).values_list("source_id", "id"))


def _instants(ts: NDArray) -> list:
    import datetime as dt

    return [t.replace(tzinfo=dt.UTC) for t in ts.astype("datetime64[s]").tolist()]


def write_terrain(city: City) -> None:
    """The DEM as the terrain product; the baseflow's level and inflow beside it."""
    with tempfile.TemporaryDirectory(prefix="song-sinh-") as folder:
        path = Path(folder) / "dem.tif"
        write_raster(path, city.dem, city.grid)
        import_terrain(path, vertical_datum=city.datum, title=city.name["en"], created_by=SOURCE)
    flow = city.baseflow
    with whole_file(FOLDER, LEVEL_FILE) as (part, place):
        write_raster(part, flow.level, city.grid, city.datum)
    said = {
        "about": "The river before any storm: levels [m] in balance with the discharge",
        "vertical_datum": city.datum,
        "level": LEVEL_FILE,
        "manning": flow.manning,
        "rivers": [
            {
                "name": flow.name,
                "discharge_m3_s": flow.discharge_m3_s,
                "inflow": [flow.lon, flow.lat],
                "line": np.round(flow.line[::4], 7).tolist(),
            }
        ],
    }
    with whole_file(FOLDER, BASEFLOW_FILE) as (part, _):
        part.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", "utf-8")
    hand_over(place.parent)


def write_raster(path: Path, values: NDArray, grid: Grid, datum: str = "") -> None:
    """A compressed, tiled GeoTIFF of one float32 band; NaN is nodata."""
    rows, cols = grid.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=rows,
        width=cols,
        count=1,
        dtype="float32",
        crs=grid.crs,
        transform=Affine(*grid.transform),
        nodata=float("nan"),
        compress="deflate",
        predictor=3,
        tiled=True,
        blockxsize=256,
        blockysize=256,
    ) as file:
        file.write(values, 1)
        if datum:
            file.update_tags(vertical_datum=datum)
