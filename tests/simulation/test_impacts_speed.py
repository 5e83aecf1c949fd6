"""Impacts of a whole city: 15,000 buildings and parcels, 600 x 600 cells, in seconds."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest
import shapely
from django.db import connection, transaction
from scipy.ndimage import gaussian_filter

from layers.models import Parcel, Ward
from simulation import impacts
from simulation.impacts import Ground
from simulation.scenarios import Impact
from tests.simulation.storms import EPSG, NORTH, WEST, geos, grid_of
from tests.simulation.test_impacts import make_run

pytestmark = pytest.mark.django_db


# 15,129 rotated lots of 24 m x 12 m with a building on each, and 3,000 winding streets.
CITY = """
SELECT setseed(0.5);
CREATE TEMP TABLE lot ON COMMIT DROP AS
SELECT i, j, ST_Rotate(ST_MakeEnvelope(x, y - 12, x + 24, y, %s), random() * 1.5,
                       ST_MakePoint(x, y)) AS g
FROM (SELECT i, j, %s + 48 * j + 20 * random() AS x, %s - 48 * i - 20 - 20 * random() AS y
      FROM generate_series(0, 122) AS i, generate_series(0, 122) AS j) AS place;
INSERT INTO layers_parcels (former_commune, map_sheet, parcel_number, geom)
SELECT 'P', i, j, ST_Multi(ST_Transform(g, 4326)) FROM lot;
INSERT INTO layers_buildings (geom)
SELECT ST_Multi(ST_Transform(ST_Buffer(g, -1.5), 4326)) FROM lot;
INSERT INTO layers_roads (geom)
SELECT ST_Multi(ST_Transform(ST_SetSRID(ST_MakeLine(ST_MakePoint(
           x + 150 * sin(k / 2.0 + s), y + 60 * k) ORDER BY k), %s), 4326))
FROM (SELECT s, %s + 200 + 5500 * random() AS x, %s - 5900 + 5400 * random() AS y
      FROM generate_series(1, 3000) AS s) AS start, generate_series(0, 8) AS k
GROUP BY s;
ANALYZE;
"""


@pytest.mark.slow
def test_a_citys_impacts_take_seconds():
    rng = np.random.default_rng(1)
    side, cell = 600, 10.0
    with connection.cursor() as cursor:
        cursor.execute(CITY, [EPSG, WEST, NORTH, EPSG, WEST, NORTH])
    for k in range(9):
        x, y = WEST + 2000 * (k % 3), NORTH - 2000 * (k // 3)
        ward = shapely.segmentize(shapely.box(x, y - 2000, x + 2000, y), 5)
        Ward.objects.create(name=str(k), former=True, geom=geos(ward, "area"))
    grid = grid_of(side, side, cell)
    run = make_run(grid)
    depth = np.clip(gaussian_filter(rng.normal(0, 1, (side, side)), 6) * 20 - 0.3, 0, None)
    ground = Ground(np.zeros((side, side), bool), EPSG)
    began = time.perf_counter()
    with transaction.atomic():
        impacts.store(run=run, depth=depth, arrival=depth * 60, grid=grid, ground=ground)
    took = time.perf_counter() - began
    lots, found = Parcel.objects.count(), Impact.objects.count()
    wet = (depth >= 0.1).sum()
    print(f"{wet:,} of {depth.size:,} cells wet, {lots:,} lots, {found:,} rows: {took:.2f} s")
    assert Impact.objects.filter(layer="buildings").count() > 1000
    assert took < 10 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))  # busy machines wait
