"""Which features a run's water reaches: greatest depths come in, Impact rows and tables go out.

Left out, and said so: bridges and tunnels (roads on another level than the ground), permanent
water (water bodies, and rivers at baseflow) and the cells of raised buildings. The rules for each
layer stand in sql/impacts.sql; PostGIS does the geometry.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from django.db import connection
from psycopg.sql import Literal
from rasterio.features import rasterize

from simulation.case_files import LEAVE_OUT
from simulation.inputs import outline
from simulation.results import open_results
from simulation.scenarios import Run
from twin.core import permissions, sql
from twin.core.declare import Text
from twin.core.errors import BadInput, NotFound
from twin.core.features import layer_named
from twin.core.grid import Grid

# Lower edges of the depth classes [m]: ankle, knee (cars stall), thigh, waist, over the head.
CLASS_EDGES_M = (0.1, 0.3, 0.5, 1.0, 2.0)
SHARE_OF_PARCEL = 0.05
LAYERS = ("buildings", "parcels", "roads")
MOST_FEATURES = 1000
LEFT_OUT = Text(
    "Bridges, tunnels and roads on another level, permanent water (rivers at baseflow, lakes) "
    "and water less than 0.1 m deep are left out. A building counts with the deepest water at "
    "its walls, a parcel when 5 % of it is under water.",
    "Không tính cầu, hầm và đường khác mức, mặt nước thường xuyên (sông ở mức nước nền, hồ) và "
    "nước nông hơn 0,1 m. Công trình được tính theo độ sâu lớn nhất sát tường, thửa đất được tính "
    "khi ngập từ 5 % diện tích.",
)


@dataclass(frozen=True)
class Ground:
    """What of the model's grid is left out, bool (rows, cols), and the EPSG code of its CRS."""

    left_out: np.ndarray
    epsg: int


def read_ground(case: Path, epsg: int) -> Ground:
    """The cells that a case folder says to leave out."""
    with rasterio.open(case / LEAVE_OUT) as source:
        return Ground(source.read(1) != 0, epsg)


def classes() -> list[dict[str, float | None]]:
    """The depth classes as the API sends them."""
    upper = [*CLASS_EDGES_M[1:], None]
    return [{"from_m": low, "to_m": high} for low, high in zip(CLASS_EDGES_M, upper, strict=True)]


def assess(*, run: Run, results: str, grid: Grid, ground: Ground) -> None:
    """Write the Impact rows of a run whose results lie in the folder `results`."""
    with open_results(results) as dataset:
        depth = dataset["max_depth"].values
        arrival = dataset["arrival_time"].values
    store(run=run, depth=depth, arrival=arrival, grid=grid, ground=ground)


def store(*, run: Run, depth: np.ndarray, arrival: np.ndarray, grid: Grid, ground: Ground) -> None:
    """Write the Impact rows for depths [m] and arrivals [s], (rows, cols), in a transaction."""
    # NaN compares false: cells without a bed fall out here.
    rows, cols = np.nonzero((depth >= CLASS_EDGES_M[0]) & ~ground.left_out)
    cells = {
        "line": rows,
        "col": cols,
        "depth_class": np.digitize(depth[rows, cols], CLASS_EDGES_M) - 1,
        "depth": depth[rows, cols].astype(float),
        "arrival": [time if time >= 0 else None for time in arrival[rows, cols].tolist()],
        "ward": _wards_at(rows, cols, grid, ground.epsg, former=False),
        "former_ward": _wards_at(rows, cols, grid, ground.epsg, former=True),
    }
    a, _, left, _, e, top = grid.transform
    query = sql.compose(
        "simulation",
        "impacts",
        run=Literal(run.id),
        srid=Literal(ground.epsg),
        area=Literal(area_of(grid)),
        left=Literal(left),
        top=Literal(top),
        dx=Literal(a),
        dy=Literal(-e),
        share=Literal(SHARE_OF_PARCEL),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE storm_raw (line int, col int, depth_class smallint, "
            "depth double precision, arrival double precision, ward uuid, former_ward uuid) "
            "ON COMMIT DROP"
        )
        with cursor.cursor.copy(f"COPY storm_raw ({', '.join(cells)}) FROM STDIN") as copy:
            for row in zip(*cells.values(), strict=True):
                copy.write_row(row)
        cursor.execute(query.as_string(cursor.cursor))


def _wards_at(
    rows: np.ndarray, cols: np.ndarray, grid: Grid, epsg: int, *, former: bool
) -> list[str | None]:
    """The ids of the wards that hold the centers of cells; None where there is none."""
    found = sql.execute(
        "SELECT id, ST_AsBinary(ST_Transform(geom, %s)) FROM layers_wards "
        "WHERE former = %s AND geom && ST_GeomFromGeoJSON(%s) ORDER BY id",
        [epsg, former, area_of(grid)],
    )
    if not found:
        return [None] * len(rows)
    numbers = rasterize(
        ((shapely.from_wkb(bytes(wkb)), k) for k, (_, wkb) in enumerate(found, 1)),
        out_shape=grid.shape,
        transform=grid.affine(),
        dtype="int32",
    )
    ids = [None, *(str(key) for key, _ in found)]
    return [ids[number] for number in numbers[rows, cols].tolist()]


def area_of(grid: Grid) -> str:
    """The grid's outline as GeoJSON."""
    return json.dumps({"type": "Polygon", "coordinates": [outline(grid)]})


def wards_kind(run: Run, asked: str | None) -> str:
    """ "current" or "former": as asked, else today's wards where the twin has any on the area."""
    if asked in ("current", "former"):
        return asked
    if asked:
        raise BadInput(
            f'wards is "{asked}"; give current or former',
            vi=f"wards là “{asked}”; hãy dùng current (hiện nay) hoặc former (cũ)",
            field="wards",
        )
    query = "SELECT EXISTS (SELECT FROM layers_wards WHERE NOT former AND geom && %s::geometry)"
    area = run.area.ewkt if run.area else None
    return "current" if area and sql.execute(query, [area])[0][0] else "former"


def table(run: Run, user: Any, wards: str | None = None) -> list[dict[str, Any]]:
    """Rows by ward, layer and class for what the user may see; `wards`: current or former."""
    column = _ward_column(wards_kind(run, wards))
    found = []
    for name in LAYERS:
        layer = layer_named(name)
        query = sql.compose(
            "simulation",
            "impact_table",
            ward=sql.ident(column),
            table=sql.ident(layer.table),
            visible=permissions.visible_to(user, layer),
        )
        for ward_id, ward, of_class, count, length, area in sql.execute(query, [run.id, name]):
            found.append(
                {
                    "ward": ward,
                    "ward_id": str(ward_id) if ward_id else None,
                    "layer": name,
                    "class": of_class,
                    "count": count,
                    "length_m": round(length, 1) if length is not None else None,
                    "area_m2": round(area, 1) if area is not None else None,
                }
            )
    return found


def features(
    run: Run, user: Any, name: str, *, ward_id: str | None, min_class: int, wards: str | None
) -> dict[str, Any]:
    """The features of a layer that the water reaches, deepest first, and how many there are.

    `ward_id`: of one ward; "none" for those in no ward. Raises NotFound for a layer without
    impacts or one that the user may not see.
    """
    if name not in LAYERS:
        raise NotFound(
            f'Impacts are known for {", ".join(LAYERS)}, not for "{name}"',
            vi=f"Thiệt hại chỉ được tính cho {', '.join(LAYERS)}, không cho “{name}”",
        )
    layer = layer_named(name)
    permissions.require(user, "view", layer)
    label = {"parcels": "f.map_sheet || '/' || f.parcel_number"}.get(name, "f.name")
    query = sql.compose(
        "simulation",
        "impact_features",
        ward=sql.ident(_ward_column(wards_kind(run, wards))),
        table=sql.ident(layer.table),
        visible=permissions.visible_to(user, layer),
        label=sql.sql.SQL(label),  # type: ignore[arg-type]  # one of the texts above
    )
    values = {
        "run": run.id,
        "layer": name,
        "ward": ward_id or "",
        "min_class": min_class,
        "limit": MOST_FEATURES,
    }
    rows = sql.execute(query, values)
    return {
        "features": [
            {
                "id": str(key),
                "name": title,
                "class": of_class,
                "max_depth_m": round(depth, 3),
                "arrival_s": arrival,
                "length_m": round(length, 1) if length is not None else None,
                "area_m2": round(area, 1) if area is not None else None,
                "center": [x, y],
                "bbox": box,
            }
            for key, title, of_class, depth, arrival, length, area, x, y, *box, _ in rows
        ],
        "total": rows[0][-1] if rows else 0,
    }


def _ward_column(kind: str) -> str:
    return "ward_id" if kind == "current" else "former_ward_id"
