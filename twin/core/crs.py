"""Coordinate systems: the city's metric CRS, axis order, VN-2000 zones."""

from __future__ import annotations

from functools import lru_cache

from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from twin.core.errors import BadInput

WGS84 = "EPSG:4326"

# VN-2000 / TM-3 zone of each province as it was before the 2025 merger (Circular 973/2001/TT-TCDC).
VN2000_ZONES = {
    "Hà Nội": "EPSG:5897",
    "Nam Định": "EPSG:5897",
    "Thành phố Hồ Chí Minh": "EPSG:9210",
    "Quảng Trị": "EPSG:9212",
    "Thừa Thiên Huế": "EPSG:9214",
    "Đà Nẵng": "EPSG:5899",
    "Lâm Đồng": "EPSG:5899",
}


@lru_cache(maxsize=64)
def parse_crs(name: str) -> CRS:
    """The CRS of "EPSG:9210" or any other PROJ definition. Raises BadInput for unknown ones."""
    try:
        return CRS.from_user_input(name)
    except CRSError as error:
        raise BadInput(
            f'"{name}" is no known coordinate system; write one like EPSG:9210',
            vi=f"“{name}” không phải hệ tọa độ đã biết; hãy viết như EPSG:9210",
            field="crs",
        ) from error


def require_metric(name: str) -> CRS:
    """The CRS, if it is projected and in meters. Raises BadInput otherwise."""
    crs = parse_crs(name)
    if not crs.is_projected or any(axis.unit_name != "metre" for axis in crs.axis_info):
        raise BadInput(
            f'"{name}" is not in meters; name a metric CRS such as EPSG:9210 (VN-2000 TM-3)',
            vi=f"“{name}” không tính bằng mét; hãy dùng hệ tọa độ mét như EPSG:9210 (VN-2000 "
            "múi 3°)",
            field="crs",
        )
    return crs


@lru_cache(maxsize=64)
def transformer(source: str, target: str) -> Transformer:
    """Coordinates from `source` to `target`, always x (east) first."""
    return Transformer.from_crs(parse_crs(source), parse_crs(target), always_xy=True)


def utm_zone(lon: float, lat: float) -> str:
    """The WGS 84 / UTM zone at a place [degrees]: a metric CRS where the city names none."""
    zone = min(60, int((lon + 180) // 6) + 1)
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"
