"""A storm form and the published terrain come in, a checked model grid goes out.

The terrain is the newest published one, in a metric CRS. The grid's cells lie on the terrain's own
where their sizes agree (nothing is resampled then), else on whole multiples of the cell size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import rasterio
from rasterio.errors import RasterioIOError
from rasterio.warp import transform_bounds

from simulation.forms import StormForm
from twin.core.crs import WGS84, require_metric, transformer
from twin.core.errors import BadInput, Conflict, Unavailable
from twin.core.grid import Grid
from twin.core.products import RasterProduct
from twin.core.vietnamese import number as vn

MOST_CELLS = 4_000_000
FEWEST_SIDE = 4
# Stored results: depth of every cell at every output, 4 bytes each before compression.
MOST_VALUES = 1_500_000_000


@dataclass(frozen=True)
class Terrain:
    """The ground that storms run on; `grid` is its own, in `epsg`."""

    location: str
    vertical_datum: str
    grid: Grid
    epsg: int

    @property
    def crs(self) -> str:
        """EPSG:9210 and the like."""
        return f"EPSG:{self.epsg}"


def current_terrain() -> Terrain:
    """The newest terrain; raises Conflict where there is none or it can't carry a storm."""
    row = (
        RasterProduct.objects.filter(kind=RasterProduct.TERRAIN)
        .order_by("-created_at", "-id")
        .first()
    )
    if row is None:
        raise Conflict(
            "This twin has no terrain yet, so water has nothing to flow on; "
            "import one with `twin import dem FILE`",
            vi="Chưa có địa hình nên nước không có chỗ để chảy; "
            "hãy nhập mô hình độ cao bằng `twin import dem TỆP`",
            code="no_terrain",
        )
    try:
        with rasterio.open(row.location) as source:
            epsg = source.crs.to_epsg() if source.crs else None
            if epsg is None:
                raise Conflict(
                    "The terrain's coordinate system has no EPSG code; "
                    "import it again with --crs EPSG:…",
                    vi="Hệ tọa độ của địa hình không có mã EPSG; hãy nhập lại với --crs EPSG:…",
                    code="terrain_crs",
                )
            require_metric(f"EPSG:{epsg}")
            grid = Grid(source.transform, f"EPSG:{epsg}", source.shape)
    except RasterioIOError as error:
        raise Unavailable(
            "The terrain's file can't be opened; import the DEM again with `twin import dem`",
            vi="Không mở được tệp địa hình; hãy nhập lại mô hình độ cao bằng `twin import dem`",
            code="terrain_lost",
        ) from error
    except BadInput as error:
        raise Conflict(
            f"Storms need a terrain in meters: {error.message}",
            vi=f"Mô phỏng ngập cần địa hình tính bằng mét: {error.text.vi}",
            code="terrain_crs",
        ) from error
    return Terrain(row.location, row.vertical_datum, grid, epsg)


def model_grid(form: StormForm, terrain: Terrain) -> Grid:
    """The grid of the form's area on the terrain; raises BadInput naming the field."""
    bounds = terrain.grid.bounds
    if form.area:
        asked = transform_bounds(WGS84, terrain.crs, *form.area.bbox)
        bounds = _overlap(asked, bounds)
    if bounds[0] >= bounds[2] or bounds[1] >= bounds[3]:
        west, south, east, north = transform_bounds(terrain.crs, WGS84, *terrain.grid.bounds)
        raise BadInput(
            "The area lies outside the terrain, which spans "
            f"{west:.4f} to {east:.4f} east and {south:.4f} to {north:.4f} north; move it there",
            vi="Phạm vi nằm ngoài địa hình, vốn trải "
            f"từ {vn(west, '.4f')} đến {vn(east, '.4f')} độ kinh đông và từ {vn(south, '.4f')} "
            f"đến {vn(north, '.4f')} độ vĩ bắc; hãy dời phạm vi vào đó",
            field="area",
        )
    width, height = bounds[2] - bounds[0], bounds[3] - bounds[1]
    cell = form.cell_m
    _check_size(form, width, height)
    own = terrain.grid
    if abs(own.cell_size[0] - cell) < 1e-6 and abs(own.cell_size[1] - cell) < 1e-6:
        return _window(own, bounds)
    return Grid.from_bounds(bounds, cell, terrain.crs)


def check_places(form: StormForm, grid: Grid) -> None:
    """Raise BadInput for an inflow outside the model."""
    for k, inflow in enumerate(form.inflows):
        x, y = transformer(WGS84, str(grid.crs)).transform(inflow.lon, inflow.lat)
        if grid.cell(x, y) is None:
            raise BadInput(
                f'Inflow "{inflow.name}" at latitude {inflow.lat:.5f}, longitude '
                f"{inflow.lon:.5f} lies outside the area; move it inside or enlarge the area",
                vi=f"Nguồn nước “{inflow.name}” tại vĩ độ {vn(inflow.lat, '.5f')}, kinh độ "
                f"{vn(inflow.lon, '.5f')} nằm ngoài phạm vi; hãy dời vào trong hoặc mở rộng phạm "
                "vi",
                field=f"inflows.{k}.lon",
            )


def outline(grid: Grid) -> list[list[float]]:
    """The ring of the grid's outline in longitude and latitude, closed, sides densified."""
    west, south, east, north = grid.bounds
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    ring = []
    for (x0, y0), (x1, y1) in pairwise(corners):
        ring += [(x0 + (x1 - x0) * k / 8, y0 + (y1 - y0) * k / 8) for k in range(8)]
    ring.append(corners[-1])
    to_wgs84 = transformer(str(grid.crs), WGS84)
    return [[round(value, 7) for value in to_wgs84.transform(x, y)] for x, y in ring]


def _overlap(
    a: tuple[float, float, float, float], b: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])


def _check_size(form: StormForm, width: float, height: float) -> None:
    cell = form.cell_m
    cells = (width / cell) * (height / cell)
    extent = f"{width / 1000:.1f} km × {height / 1000:.1f} km"
    extent_vi = f"{vn(width / 1000, '.1f')} km × {vn(height / 1000, '.1f')} km"
    if min(width, height) < FEWEST_SIDE * cell:
        raise BadInput(
            f"The area of {extent} has fewer than {FEWEST_SIDE} cells of {cell:g} m on a side; "
            "enlarge it or use smaller cells",
            vi=f"Phạm vi {extent_vi} có ít hơn {FEWEST_SIDE} ô {vn(cell)} m trên một cạnh; "
            "hãy mở rộng phạm vi hoặc dùng ô nhỏ hơn",
            field="area" if form.area else "cell_m",
        )
    if cells > MOST_CELLS:
        larger = _round_up((width * height / MOST_CELLS) ** 0.5)
        raise BadInput(
            f"{extent} in cells of {cell:g} m makes {cells / 1e6:,.1f} million cells; "
            f"at most {MOST_CELLS / 1e6:g} million fit. Use cells of {larger:g} m or more, "
            "or a smaller area",
            vi=f"{extent_vi} với ô {vn(cell)} m cho ra {vn(cells / 1e6, ',.1f')} triệu ô; "
            f"tối đa {vn(MOST_CELLS / 1e6)} triệu ô. Hãy dùng ô từ {vn(larger)} m trở lên, "
            "hoặc phạm vi nhỏ hơn",
            field="cell_m",
        )
    values = cells * (form.duration_s / form.output_interval_s + 1)
    if values > MOST_VALUES:
        longer = _round_up(form.output_interval_s * values / MOST_VALUES)
        raise BadInput(
            f"{cells / 1e6:.1f} million cells at every {form.output_interval_s:g} s make "
            f"{values / 1e9:.1f} billion values to keep; take an output interval of "
            f"{longer:g} s or more",
            vi=f"{vn(cells / 1e6, '.1f')} triệu ô, ghi mỗi {vn(form.output_interval_s)} giây, cho "
            f"ra {vn(values / 1e9, '.1f')} tỷ giá trị phải lưu; hãy ghi kết quả mỗi {vn(longer)} "
            "giây hoặc thưa hơn",
            field="output_interval_s",
        )


def _round_up(value: float) -> float:
    """The next of 1, 1.5, 2, 3, 5, 7.5 times a power of ten, so that the advice reads well."""
    power = 1.0
    while power * 10 <= value:
        power *= 10
    return next(power * step for step in (1, 1.5, 2, 3, 5, 7.5, 10) if power * step >= value)


def _window(grid: Grid, bounds: tuple[float, float, float, float]) -> Grid:
    """The cells of `grid` that the bounds touch."""
    a, _, c, _, e, f = grid.transform
    west, south, east, north = bounds
    first_col, last_col = math.floor((west - c) / a + 1e-6), math.ceil((east - c) / a - 1e-6)
    first_row, last_row = math.floor((north - f) / e + 1e-6), math.ceil((south - f) / e - 1e-6)
    return Grid(
        (a, 0, c + a * first_col, 0, e, f + e * first_row),
        grid.crs,
        (last_row - first_row, last_col - first_col),
    )
