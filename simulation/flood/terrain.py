"""A case goes in, its rasters come out as arrays on one metric grid: bed, roughness, initial depth.

The grid is the DEM's own, or, where the case gives `cell_m` or `bounds`, one the DEM is warped to.
Other rasters follow that grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from simulation.flood.case import Case
from twin.core.errors import BadInput
from twin.core.grid import Grid


@dataclass(frozen=True)
class FloodInputs:
    """All that a run needs, in memory; float64, (rows, cols), row 0 in the north."""

    case: Case
    grid: Grid
    bed: np.ndarray  # m in the DEM's datum; NaN on walls: no data, or a closed line
    manning: np.ndarray  # s/m^(1/3)
    depth: np.ndarray  # initial depth [m], 0 where there is no bed


def load_inputs(case: Case) -> FloodInputs:
    """Read the rasters of a case; raises BadInput that names file, value and way out."""
    grid, bed = read_dem(case)
    for boundary in case.boundaries:
        if boundary.kind == "closed" and boundary.line:
            where = f"{case.path}: {boundary.name}"
            for cell in cells_of(grid, boundary.line, where):
                bed[cell] = np.nan
    if np.isnan(bed).all():
        raise BadInput(
            f"{case.path}: [grid] dem = {str(case.grid.dem)!r}: every cell of the model's area is "
            "nodata or closed; check the bounds and the DEM",
            field="grid.dem",
        )
    bed = as_stored(bed, case.params.precision)
    holds_water = ~np.isnan(bed)
    manning = _field(case, case.manning, grid, "[roughness] manning")
    wrong = holds_water & ~((manning >= 0) & (manning < 10))
    if wrong.any():
        raise BadInput(
            f"{case.path}: [roughness] manning is {manning[wrong][0]:g} in {wrong.sum()} cells; "
            "it must lie between 0 and 10 s/m^(1/3) wherever the DEM has data",
            field="roughness.manning",
        )
    if case.initial_level is not None:
        level = _field(case, case.initial_level, grid, "[initial] level")
        depth = np.maximum(np.nan_to_num(level - bed), 0.0)
    elif case.initial_depth is not None:
        depth = np.nan_to_num(_field(case, case.initial_depth, grid, "[initial] depth"))
        if (depth < 0).any():
            raise BadInput(
                f"{case.path}: [initial] depth is {depth.min():g} m somewhere; "
                "it must not be below 0",
                field="initial.depth",
            )
    else:
        depth = np.zeros(grid.shape)
    return FloodInputs(
        case=case,
        grid=grid,
        bed=bed,
        manning=np.where(holds_water, manning, 0.0),
        depth=np.where(holds_water, depth, 0.0),
    )


def reference_level(bed: np.ndarray) -> float:
    """A whole level [m] near the middle of the relief; the state's bed is counted from it."""
    return float(np.round((np.nanmin(bed) + np.nanmax(bed)) / 2))


def as_stored(bed: np.ndarray, precision: str) -> np.ndarray:
    """The bed [m] as the state will hold it: rounded below its distance from the reference.

    Depths must be taken from this bed, or a level lake would start with a rough surface.
    """
    reference = reference_level(bed)
    return reference + (bed - reference).astype(precision).astype(np.float64)


def meters(value: float) -> str:
    """A coordinate for people, to the centimeter: 6675249.5, not 6.67525e+06."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def cells_of(
    grid: Grid, line: tuple[tuple[float, float], ...], where: str
) -> list[tuple[int, int]]:
    """The cells of a point or a line; raises BadInput for a point outside the grid."""
    for x, y in line:
        if grid.cell(x, y) is None:
            west, south, east, north = grid.bounds
            raise BadInput(
                f"{where}: the point x = {meters(x)}, y = {meters(y)} lies outside the grid, which "
                f"spans x {meters(west)} to {meters(east)} and y {meters(south)} to "
                f"{meters(north)}; move it inside"
            )
    return grid.cells_along(line if len(line) > 1 else (line[0], line[0]))


def read_dem(case: Case) -> tuple[Grid, np.ndarray]:
    """The model's grid and the bed on it [m], NaN where the DEM has no data."""
    import rasterio
    from rasterio.errors import RasterioIOError

    spec = case.grid
    where = f"{case.path}: [grid] dem = {str(spec.dem)!r}"
    try:
        source = rasterio.open(spec.dem)
    except RasterioIOError as error:
        raise BadInput(f"{where}: this is no raster that can be read ({error})") from error
    with source:
        if source.count != 1:
            raise BadInput(f"{where}: has {source.count} bands; a DEM has one", field="grid.dem")
        own = source.crs.to_wkt() if source.crs else None
        target = _target_crs(case, own, where)
        if spec.cell_m is None and spec.bounds is None and (own is None or _same(own, target)):
            grid = Grid(tuple(source.transform), target, source.shape)
            return grid, _values(source.read(1, masked=True))
        return _warp(source, case, target, where)


def _target_crs(case: Case, own: str | None, where: str) -> str | None:
    """The CRS of the model; None for a local grid. Refuses degrees and what is not known."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    asked = case.grid.crs
    if asked == "local":
        if own is not None and CRS(own).is_geographic:
            raise BadInput(
                f'{where}: the DEM is in degrees and can\'t be called "local"; give a metric crs '
                "and cell_m to warp it",
                field="grid.crs",
            )
        return None
    if asked is None and own is None:
        raise BadInput(
            f'{where}: the raster names no CRS; add crs = "EPSG:…", or crs = "local" for a plain '
            "metric grid",
            field="grid.crs",
        )
    try:
        crs = CRS.from_user_input(asked or own)
    except CRSError:
        raise BadInput(
            f'{case.path}: [grid] crs = {asked!r} is not known; write it like "EPSG:9212"',
            field="grid.crs",
        ) from None
    if not crs.is_projected:
        raise BadInput(
            f"{where}: its CRS {crs.name} is in degrees or not flat; name a metric "
            f"one and a cell size to warp it, such as {_utm_hint(case)}",
            field="grid.crs",
        )
    unit = crs.axis_info[0].unit_name
    if unit not in ("metre", "meter"):
        raise BadInput(
            f"{where}: its CRS {crs.name} is in {unit}; name a metric one with crs and cell_m",
            field="grid.crs",
        )
    if own is not None and not _same(own, crs.to_wkt()) and case.grid.cell_m is None:
        raise BadInput(
            f"{where}: the DEM is in {CRS(own).name}, the model in {crs.name}; "
            "add cell_m = … (the size of the model's cells) to warp it",
            field="grid.cell_m",
        )
    authority = crs.to_authority(min_confidence=100)
    return ":".join(authority) if authority else crs.to_wkt()


def _utm_hint(case: Case) -> str:
    import rasterio

    with rasterio.open(case.grid.dem) as source:
        west, south, east, north = source.bounds
    zone = int(((west + east) / 2 + 180) // 6) + 1
    code = (32600 if (south + north) / 2 >= 0 else 32700) + zone
    if not 1 <= zone <= 60:
        return 'crs = "EPSG:9212", cell_m = 10'
    return f'crs = "EPSG:{code}" (UTM zone {zone}), cell_m = 30'


def _same(a: str | None, b: str | None) -> bool:
    from pyproj import CRS

    if a is None or b is None:
        return a is b
    return CRS(a).equals(CRS(b), ignore_axis_order=True)


def _values(band: np.ma.MaskedArray) -> np.ndarray:
    values = np.ma.filled(band.astype(np.float64), np.nan)
    values[~np.isfinite(values)] = np.nan
    return values


def _warp(source: Any, case: Case, target: str | None, where: str) -> tuple[Grid, np.ndarray]:
    """The DEM on the grid that cell_m and bounds ask for; means where cells grow, else bilinear."""
    from rasterio.warp import transform_bounds

    spec = case.grid
    crs = source.crs if source.crs and target is not None else None
    if crs is not None:
        extent = transform_bounds(crs, target, *source.bounds)
    else:
        extent = tuple(source.bounds)
    bounds = spec.bounds or extent
    if (
        bounds[2] <= extent[0]
        or bounds[0] >= extent[2]
        or bounds[3] <= extent[1]
        or bounds[1] >= extent[3]
    ):
        raise BadInput(
            f"{where}: the bounds {list(bounds)} lie outside the DEM, which spans "
            f"{[round(value, 1) for value in extent]}",
            field="grid.bounds",
        )
    cell = spec.cell_m or abs(source.transform.a)
    grid = Grid.from_bounds(bounds, cell, target)
    if grid.shape[0] * grid.shape[1] > 4e8:
        raise BadInput(
            f"{where}: cells of {cell:g} m make a grid of {grid.shape[0]} x {grid.shape[1]}; "
            "use larger cells or smaller bounds",
            field="grid.cell_m",
        )
    return grid, _on_grid(source, grid)


def _on_grid(source: Any, grid: Grid) -> np.ndarray:
    from rasterio.enums import Resampling
    from rasterio.warp import calculate_default_transform, reproject

    # A local grid has no CRS; any metric one stands for both sides.
    crs = grid.crs or "EPSG:3857"
    own = source.crs if grid.crs and source.crs else crs
    own_cell = calculate_default_transform(own, crs, source.width, source.height, *source.bounds)[
        0
    ].a
    growing = grid.cell_size[0] > 1.5 * own_cell
    values = np.full(grid.shape, np.nan)
    reproject(
        _values(source.read(1, masked=True)),
        values,
        src_transform=source.transform,
        src_crs=own,
        src_nodata=np.nan,
        dst_transform=grid.affine(),
        dst_crs=crs,
        dst_nodata=np.nan,
        resampling=Resampling.average if growing else Resampling.bilinear,
    )
    return values


def _field(case: Case, value: float | Path, grid: Grid, title: str) -> np.ndarray:
    """A number everywhere, or a raster on the model's grid."""
    if not isinstance(value, Path):
        return np.full(grid.shape, float(value))
    import rasterio
    from rasterio.errors import RasterioIOError

    where = f"{case.path}: {title} = {str(value)!r}"
    try:
        source = rasterio.open(value)
    except RasterioIOError as error:
        raise BadInput(f"{where}: this is no raster that can be read ({error})") from error
    with source:
        same_cells = np.allclose(tuple(source.transform)[:6], grid.transform, rtol=0, atol=1e-6)
        if source.shape == grid.shape and same_cells:
            return _values(source.read(1, masked=True))
        if source.crs is None and grid.crs is not None:
            raise BadInput(
                f"{where}: the raster names no CRS and its cells are not the model's; "
                "give it a CRS, or the DEM's own cells"
            )
        return _on_grid(source, grid)
