"""Terrain: from river, roads and districts to a DEM and to the level of the river's baseflow.

Levels follow the river: the valley floor keeps its height over the water, natural banks fall off
to low back land, hills rise in the south-west and north-west. Roads and building land are raised a
little, levees more; brooks and the river are cut last, through everything, so their beds fall.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize
from scipy.ndimage import binary_propagation, gaussian_filter, map_coordinates

from twin.core.grid import Grid
from twin.demo.districts import BANK, INDUSTRY, PARK, RURAL, Districts
from twin.demo.noise import Noise, smoothstep
from twin.demo.plan import CRS, ORIGIN, Plan
from twin.demo.river import BROOK_HALF_WIDTH_M, LEVEE_ABOVE_LEVEL_M, River
from twin.demo.streets import Streets

ROAD_RAISED_M = np.array([0.60, 0.40, 0.25, 0.12, 0.05])
RURAL_ROAD_RAISED_M = 0.35


@dataclass(frozen=True)
class Ground:
    """bed: ground level (rows, cols) [m above datum], float32, row 0 north; river beds included.

    level: water level of the baseflow where there is water [m above datum], NaN elsewhere.
    """

    bed: NDArray
    level: NDArray
    grid: Grid
    half_m: float

    def at(self, xy: NDArray) -> NDArray:
        """Ground level [m] at (n, 2) local metres, bilinear."""
        cell = self.grid.cell_size[0]
        col = (xy[:, 0] + self.half_m) / cell - 0.5
        row = (self.half_m - xy[:, 1]) / cell - 0.5
        return map_coordinates(self.bed, [row, col], order=1, mode="nearest")


class Relief:
    """The natural ground, before anything was built on it."""

    def __init__(self, plan: Plan, river: River):
        rng = plan.rng("relief")
        self.half_m, self.river = plan.half_m, river
        self.long, self.short = Noise(rng, 700.0), Noise(rng, 150.0)
        self.hilly = Noise(rng, 620.0, waves=20)

    def __call__(self, x: NDArray, y: NDArray) -> NDArray:
        """Ground level [m above datum] at x, y, broadcast; without the river's bed."""
        h, river = self.half_m, self.river
        away = np.abs(river.distance(x, y))
        north = river.distance(x, y) > 0
        height = 1.35 + 1.0 * smoothstep(away, 350.0, 350.0 + 0.55 * h)
        height += 0.8 * np.exp(-(((away - river.width(x) / 2) / 120.0) ** 2))
        town = np.exp(-(((x - 0.03 * h) / (0.45 * h)) ** 2) - ((y + 0.14 * h) / (0.3 * h)) ** 2)
        height += 1.7 * town * ~north - 0.3 * smoothstep(x / h, 0.1, 1.0)
        southwest = smoothstep((-0.7 * x - y) / h, 0.50, 1.60)
        northwest = smoothstep((-0.8 * x + y) / h, 0.85, 1.70)
        hills = 26.0 * southwest + 15.0 * northwest
        height += hills * (1.0 + 0.22 * self.hilly(x, y))
        height += 0.25 * self.long(x, y) + 0.07 * self.short(x, y)
        return river.level(x) + np.maximum(height, 0.75)


def build_ground(
    plan: Plan, river: River, relief: Relief, districts: Districts, streets: Streets, ponds: NDArray
) -> Ground:
    """Draw the DEM of the whole square and the water that stands in it before any storm."""
    cell, h = plan.cell_m, plan.half_m
    count = round(plan.side_m / cell)
    grid = Grid((cell, 0, ORIGIN[0] - h, 0, -cell, ORIGIN[1] + h), CRS, (count, count))
    x = (np.arange(count) + 0.5) * cell - h
    y = h - (np.arange(count)[:, None] + 0.5) * cell
    local = (cell, 0.0, -h, 0.0, -cell, h)
    bed = relief(x[None, :], y).astype(np.float32)
    bed += _raised(districts, streets, bed.shape, local)
    _burn_ponds(bed, ponds, local)

    distance = river.distance(x[None, :], y).astype(np.float32)
    level = river.level(x).astype(np.float32)
    _raise_levees(bed, river, x, distance, level)
    _cut_brooks(bed, river, relief, local)
    ratio = np.abs(distance) / (river.width(x) / 2).astype(np.float32)
    rows, cols = np.nonzero(ratio < 1.25)
    channel = river.thalweg(x)[cols] + river.bed_above_thalweg(ratio[rows, cols])
    bed[rows, cols] = np.minimum(bed[rows, cols], channel)

    low = bed < level[None, :]
    water = binary_propagation((ratio < 0.6) & low, mask=low)
    return Ground(bed, np.where(water, level[None, :], np.float32(np.nan)), grid, h)


def _draw(shapes: NDArray, values: NDArray, size: tuple[int, int], transform: tuple) -> NDArray:
    from affine import Affine

    pairs = [(s, float(v)) for s, v in zip(shapes, values, strict=True) if not s.is_empty]
    if not pairs:
        return np.zeros(size, np.float32)
    return rasterize(pairs, out_shape=size, transform=Affine(*transform), dtype="float32")


def _raised(districts: Districts, streets: Streets, size: tuple[int, int], local: tuple) -> NDArray:
    """How much roads and building land stand over the natural ground [m]."""
    kind = districts.kind[districts.land_cell]
    raised = np.select([np.isin(kind, (RURAL, PARK, BANK)), kind == INDUSTRY], [0.0, 0.7], 0.3)
    built = raised > 0
    land = _draw(districts.land[built], raised[built], size, local)
    dry = np.flatnonzero(~streets.bridge)
    order = dry[np.argsort(-streets.road_class[dry], kind="stable")]  # main roads drawn last
    roads = _draw(streets.corridors()[order], ROAD_RAISED_M[streets.road_class[order]], size, local)
    total = np.where(roads > 0, np.where(land > 0, roads, roads + RURAL_ROAD_RAISED_M), land)
    # Road corridors cut the districts' land: a road counts as urban where land is all around.
    urban = gaussian_filter((land > 0).astype(np.float32), 5.0) > 0.3
    total = np.where((roads > 0) & urban, roads, total)
    return gaussian_filter(total, 0.7)


def _burn_ponds(bed: NDArray, ponds: NDArray, local: tuple) -> None:
    if len(ponds):
        depth = _draw(ponds, np.full(len(ponds), 1.6), bed.shape, local)
        bed -= gaussian_filter(depth, 0.8)


def _raise_levees(
    bed: NDArray, river: River, x: NDArray, distance: NDArray, level: NDArray
) -> None:
    offset = river.levee_offset(x).astype(np.float32)
    for start, side in ((-0.62, 1.0), (-0.45, -1.0)):
        away = np.abs(distance * side - offset[None, :])
        crest = level[None, :] + LEVEE_ABOVE_LEVEL_M - np.maximum(away - 2.5, 0) / 2.2
        near = (away < 10.0) & (x[None, :] > start * river.half_m)
        np.maximum(bed, crest, out=bed, where=near)


def _cut_brooks(bed: NDArray, river: River, relief: Relief, local: tuple) -> None:
    """Cut each brook with a bed that only falls, from its spring to the river."""
    cell, _, west, _, _, north = local
    for brook in river.brooks:
        reach = shapely.buffer(brook, BROOK_HALF_WIDTH_M + 8.0)
        rows, cols = np.nonzero(_draw(np.array([reach]), np.ones(1), bed.shape, local))
        points = shapely.points(west + (cols + 0.5) * cell, north - (rows + 0.5) * cell)
        station = np.arange(0.0, brook.length + 10.0, 10.0)
        along = shapely.get_coordinates(shapely.line_interpolate_point(brook, station))
        ground = relief(along[:, 0], along[:, 1])
        mouth = float(river.level(along[-1, 0])) - 0.2
        floor = mouth + 4e-4 * (brook.length - station)
        fall = np.maximum(np.minimum.accumulate(ground - 1.5), floor)
        cut = np.interp(shapely.line_locate_point(brook, points), station, fall)
        away = shapely.distance(brook, points)
        cut = cut + np.maximum(away - 4.0, 0.0) * 0.55
        bed[rows, cols] = np.minimum(bed[rows, cols], cut)
