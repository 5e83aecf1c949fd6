"""Water layers: the river and brooks, their areas, ponds and levees as tables."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.demo.plan import Plan
from twin.demo.river import BROOK_HALF_WIDTH_M, LEVEE_ABOVE_LEVEL_M, River
from twin.demo.tables import Table, table

BROOKS = ["Sông Vĩnh Phước", "Hói Lập Thạch", "Khe Lấp"]


def water_tables(plan: Plan, river: River, ponds: NDArray, pond_names: NDArray) -> dict[str, Table]:
    """Rivers (lines), water bodies (areas) and levees (crest lines in pieces of about 500 m)."""
    h = plan.half_m
    square = shapely.box(-h, -h, h, h)
    center = shapely.intersection(shapely.linestrings(river.offset_line(0.0)), square)
    brooks = shapely.intersection(river.brooks, square)
    bed = shapely.intersection(river.channel(-3.0), square)
    brook_beds = shapely.difference(
        shapely.intersection(shapely.buffer(river.brooks, BROOK_HALF_WIDTH_M - 2.5), square), bed
    )
    crest_lines, names, crests = [], [], []
    for name, points in river.levees():
        pieces = np.array_split(np.arange(len(points)), max(1, len(points) // 36))
        for piece in pieces:
            part = points[piece[0] : piece[-1] + 2]
            inside = (
                shapely.intersection(shapely.linestrings(part), square) if len(part) > 1 else None
            )
            if inside is None or inside.geom_type != "LineString" or inside.length < 5:
                continue
            crest_lines.append(inside)
            names.append(name)
            crests.append(float(river.level(part[:, 0].mean())) + LEVEE_ABOVE_LEVEL_M)
    return {
        "rivers": table(
            plan,
            "river",
            np.array([center, *brooks], object),
            name=["Sông Hiếu", *BROOKS],
            kind=["river", "stream", "stream", "stream"],
            width_m=[round(river.base_width_m, 1)] + [2 * BROOK_HALF_WIDTH_M] * 3,
        ),
        "water_bodies": table(
            plan,
            "water",
            np.array([bed, *brook_beds, *ponds], object),
            name=np.array(["Sông Hiếu", *BROOKS, *pond_names], object),
            kind=np.array(["river"] * 4 + ["lake" if n else "pond" for n in pond_names], object),
        ),
        "levees": table(
            plan, "levee", np.array(crest_lines, object), name=names, crest_m=np.round(crests, 2)
        ),
    }
