"""Parcels: from lots and fields to numbered plots with land use, and which of them are built on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.demo.blocks import Axes
from twin.demo.districts import CORE, INDUSTRY, PARK, RURAL, SUBURB, URBAN, Districts
from twin.demo.ground import Relief
from twin.demo.lines import on_lattice
from twin.demo.lots import CAMPUS, STRIP, Lots
from twin.demo.noise import Noise
from twin.demo.plan import Plan
from twin.demo.river import River
from twin.demo.road_classes import SECONDARY
from twin.demo.streets import Streets
from twin.demo.wards import WARD_NAMES, Wards

SHEET_M = 500.0  # a cadastral sheet of 1:1000 covers 500 m x 500 m
CAMPUS_USES = np.array(["DGD", "DGD", "DCH", "TSC", "DYT", "TON", "TMD", "DVH"], object)


@dataclass(frozen=True)
class Parcels:
    """All parcels: the lots first (same order), then parks and fields."""

    shape: NDArray
    cell: NDArray
    land_use: NDArray


def choose_built(plan: Plan, lots: Lots, streets: Streets) -> tuple[Lots, NDArray]:
    """Drop the rural lots that no one settled; flags of the lots that get a building.

    Exactly `plan.buildings` come out, halls of campuses counted, where the land has room.
    """
    rng = plan.rng("settling")
    xy = shapely.get_coordinates(shapely.centroid(lots.shape))
    score = plan.urbanity(xy[:, 0], xy[:, 1]) + 0.22 * Noise(rng, 420.0)(xy[:, 0], xy[:, 1])
    score += 0.12 * (streets.road_class[lots.street] <= SECONDARY) + rng.normal(0, 0.16, len(xy))
    rural = lots.kind == RURAL
    score[~rural] += 10.0
    empty = rng.random(len(xy)) < np.where(rural, 0.02, np.where(lots.kind == SUBURB, 0.06, 0.03))
    campus = lots.origin == CAMPUS
    wanted = plan.buildings - sum(len(halls) for _, halls in lots.halls)
    order = np.argsort(-(score - 50.0 * (empty | campus)), kind="stable")
    built = np.zeros(len(xy), bool)
    built[order[: max(min(wanted, int((~campus).sum())), 0)]] = True
    kept = np.flatnonzero(
        built | campus | ~rural | (empty & (score > np.quantile(score[rural], 0.6)))
    )
    return lots.take(kept), (built | campus)[kept]


def build_parcels(
    plan: Plan,
    river: River,
    relief: Relief,
    districts: Districts,
    lots: Lots,
    built: NDArray,
    streets: Streets,
    ponds: NDArray,
) -> Parcels:
    """Give every lot its use and lay fields and parks over the land that is left."""
    rng = plan.rng("land use")
    use = np.full(len(lots.shape), "ODT", object)
    main = (lots.origin == STRIP) & (streets.road_class[lots.street] <= SECONDARY)
    trade = np.select(
        [main & (lots.kind == CORE), main & (lots.kind == URBAN), main], [0.3, 0.2, 0.08], 0.02
    )
    use[rng.random(len(use)) < trade] = "TMD"
    use[lots.kind == INDUSTRY] = "SKK"
    use[~built & (lots.kind == SUBURB)] = "CLN"
    use[~built & (lots.kind == RURAL)] = "CLN"
    campus = np.flatnonzero(lots.origin == CAMPUS)
    use[campus] = CAMPUS_USES[np.arange(len(campus)) % len(CAMPUS_USES)]

    fields, cells = _fields(plan, districts, lots, ponds)
    gardens, garden_cells = _leftovers(districts, lots, streets)
    xy = shapely.get_coordinates(shapely.centroid(fields))
    height = relief(xy[:, 0], xy[:, 1]) - river.level(xy[:, 0])
    patch = Noise(rng, 500.0)(xy[:, 0], xy[:, 1])
    field_use = np.select(
        [
            districts.kind[cells] == PARK,
            districts.kind[cells] != RURAL,
            height > 5.5 + patch,
            height > 2.5 + 0.6 * patch,
        ],
        ["DKV", "BCS", "CLN", "HNK"],
        "LUC",
    ).astype(object)
    return Parcels(
        np.concatenate([lots.shape, fields, gardens]),
        np.concatenate([lots.cell, cells, garden_cells]),
        np.concatenate([use, field_use, _garden_use(gardens)]),
    )


def _fields(
    plan: Plan, districts: Districts, lots: Lots, ponds: NDArray
) -> tuple[NDArray, NDArray]:
    """Field strips over the rural land, whole parks, without lots and ponds; with their cells."""
    rng = plan.rng("fields")
    quads, limits, cells = [], [], []
    for land, cell in zip(districts.land, districts.land_cell, strict=True):
        kind = districts.kind[cell]
        if kind == PARK:
            quads.append(np.array([land], object))
        elif kind == RURAL:
            axes = Axes(land, rng)
            u = np.arange(axes.u[0], axes.u[1] + 1, rng.uniform(60, 95))
            w = np.arange(axes.w[0], axes.w[1] + 1, rng.uniform(95, 150))
            u, w = np.append(u, axes.u[1] + 60), np.append(w, axes.w[1] + 60)
            u0, w0 = (g.ravel() for g in np.meshgrid(u[:-1], w[:-1]))
            u1, w1 = (g.ravel() for g in np.meshgrid(u[1:], w[1:]))
            quads.append(shapely.polygons(np.round(axes.rectangles(u0, u1, w0, w1, "s"), 3)))
        else:
            continue
        limits.append(np.full(len(quads[-1]), land, object))
        cells.append(np.full(len(quads[-1]), cell))
    shape = shapely.intersection(np.concatenate(quads), np.concatenate(limits))
    cell = np.concatenate(cells)
    for blockers in (lots.shape[lots.kind == RURAL], ponds):
        a, b = shapely.STRtree(blockers).query(shape, predicate="intersects")
        if not len(a):
            continue
        order = np.argsort(a, kind="stable")
        hit, first = np.unique(a[order], return_index=True)
        holes = [shapely.union_all(blockers[g]) for g in np.split(b[order], first[1:])]
        shape[hit] = shapely.difference(shape[hit], np.array(holes, object))
    # Opening drops the spikes between notches, which would be invalid on a coarser lattice.
    core = shapely.buffer(shape, -0.5, join_style="mitre")
    shape = shapely.intersection(shapely.buffer(core, 0.5, join_style="mitre"), shape)
    parts, index = shapely.get_parts(on_lattice(shape), return_index=True)
    keep = (shapely.get_type_id(parts) == 3) & shapely.is_valid(parts)
    keep &= shapely.area(parts) > 250
    keep &= shapely.area(parts) / np.maximum(shapely.length(parts), 1e-9) ** 2 > 0.004
    return parts[keep], cell[index[keep]]


def _leftovers(districts: Districts, lots: Lots, streets: Streets) -> tuple[NDArray, NDArray]:
    """Land inside built-up districts that no lot and no street took, without narrow strips."""
    corridors = streets.corridors()
    wanted = np.flatnonzero(
        np.isin(districts.kind[districts.land_cell], (CORE, URBAN, SUBURB, INDUSTRY))
    )
    land = districts.land[wanted]
    piece, road = shapely.STRtree(corridors).query(land, predicate="intersects")
    order = np.argsort(lots.cell, kind="stable")
    first = np.searchsorted(lots.cell[order], np.arange(len(districts.cells) + 1))
    out, cells = [], []
    for i, (place, cell) in enumerate(zip(land, districts.land_cell[wanted], strict=True)):
        mine = lots.shape[order[first[cell] : first[cell + 1]]]
        taken = shapely.union_all(np.concatenate([mine, corridors[road[piece == i]]]))
        # Lots keep 0.3 m from this land, so that both stay apart on the lattice.
        free = shapely.buffer(shapely.difference(place, taken), -0.3, join_style="mitre")
        core = shapely.buffer(free, -4.0, join_style="mitre")
        green = shapely.intersection(shapely.buffer(core, 4.0, join_style="mitre"), free)
        parts = shapely.get_parts(on_lattice(green))
        parts = parts[
            (shapely.get_type_id(parts) == 3)
            & (shapely.area(parts) > 350)
            & shapely.is_valid(parts)
        ]
        out.append(parts)
        cells.append(np.full(len(parts), cell))
    return np.concatenate(out), np.concatenate(cells)


def _garden_use(shape: NDArray) -> NDArray:
    """Small leftovers are gardens, compact ones public greens."""
    area = shapely.area(shape)
    compact = area / shapely.length(shape) ** 2 > 0.04
    return np.where(compact & (area > 1200), "DKV", "CLN").astype(object)


def cadastre(plan: Plan, parcels: Parcels, wards: Wards) -> dict[str, NDArray]:
    """Columns of the cadastre: commune, sheet and number (unique together), both areas."""
    rng = plan.rng("cadastre")
    xy = shapely.get_coordinates(shapely.point_on_surface(parcels.shape)) + plan.half_m
    ward = wards.of_cell[parcels.cell]
    col, row = (xy // SHEET_M).astype(int).T
    across = int(plan.side_m // SHEET_M) + 1
    tile = (across - 1 - row) * across + col
    # Sheets are numbered within a ward from the north-west; parcels along bands of a sheet.
    order = np.lexsort((xy[:, 0], -(xy[:, 1] // 40.0), tile, ward))
    w, t = ward[order], tile[order]
    new_ward = np.concatenate([[True], w[1:] != w[:-1]])
    new_sheet = new_ward | np.concatenate([[True], t[1:] != t[:-1]])
    sheet_run = np.cumsum(new_sheet)
    sheet = np.empty(len(w), int)
    sheet[order] = sheet_run - np.maximum.accumulate(np.where(new_ward, sheet_run, 0)) + 1
    position = np.arange(len(w))
    number = np.empty(len(w), int)
    number[order] = position - np.maximum.accumulate(np.where(new_sheet, position, 0)) + 1
    measured = np.round(shapely.area(parcels.shape), 1)
    legal = np.where(rng.random(len(w)) < 0.55, measured, measured * rng.normal(1.0, 0.012, len(w)))
    return {
        "former_commune": WARD_NAMES[ward],
        "map_sheet": sheet,
        "parcel_number": number,
        "legal_area_m2": np.round(legal, 1),
        "measured_area_m2": measured,
        "land_use": parcels.land_use,
    }
