"""Coordinates of a file become longitude and latitude, with the datum shift its CRS defines.

The CRS comes from the file or from `--crs`; without one nothing is guessed. A CRS whose shift to
WGS 84 is unknown is refused: VN-2000 read as if it were WGS 84 lies 225 m off.
"""

from __future__ import annotations

import numpy as np
import pyproj
import shapely
from pyproj.exceptions import CRSError, ProjError

from layers.sources.batch import Findings, Geometries
from twin.core.errors import BadInput

WGS84 = pyproj.CRS.from_epsg(4326)
MARGIN_DEG = 1.0


class ToWgs84:
    """Reprojects shapely geometries from one CRS to EPSG:4326 (longitude, latitude)."""

    def __init__(self, crs: pyproj.CRS, name: str, *, swap_xy: bool = False):
        self.crs = crs
        self.name = name
        self.swap_xy = swap_xy
        self._same = crs.to_epsg() == 4326 and not swap_xy
        self._transformer = None
        if crs.to_epsg() != 4326:
            self._transformer = exact_transformer(crs, name)

    def __call__(self, geometries: Geometries) -> Geometries:
        """The geometries in longitude and latitude; points beyond the projection become inf."""
        if self._same:
            return geometries
        return shapely.transform(geometries, self.points, include_z=False)

    def points(self, xy: np.ndarray) -> np.ndarray:
        """Longitude and latitude of coordinates `xy`, shape (n, 2)."""
        x, y = (xy[:, 1], xy[:, 0]) if self.swap_xy else (xy[:, 0], xy[:, 1])
        if self._transformer is None:
            return np.column_stack((x, y))
        return np.column_stack(self._transformer.transform(x, y))

    def check_axes(self, geometries: Geometries, findings: Findings) -> None:
        """Refuse coordinates that fit the CRS only with X and Y exchanged; note a strange place.

        Drawings often give X as northing and Y as easting.
        """
        xy = shapely.get_coordinates(geometries)
        xy = xy[np.isfinite(xy).all(axis=1)]
        if not len(xy):
            return
        sample = xy[:: max(1, len(xy) // 1000)]
        here = self._share_in_area(self.points(sample))
        if here >= 0.5:
            return
        swapped = self._share_in_area(self.points(sample[:, ::-1]))
        x, y = sample[0]
        if swapped > 0.5:
            word = "drop --swap-xy" if self.swap_xy else "add --swap-xy"
            raise BadInput(
                f"X and Y look exchanged: ({x:.10g}, {y:.10g}) lies outside {self.name}, "
                f"the other way around inside it; {word}",
                field="crs",
            )
        if self.crs.is_geographic and np.abs(sample).max() > 360:
            raise BadInput(
                f"({x:.10g}, {y:.10g}) is not longitude and latitude, as {self.name} says; "
                "name the CRS with --crs EPSG:…",
                field="crs",
            )
        findings.note(
            f"Most coordinates, such as ({x:.10g}, {y:.10g}), lie outside the area that "
            f"{self.name} is made for; check the CRS"
        )

    def _share_in_area(self, lonlat: np.ndarray) -> float:
        area = self.crs.area_of_use
        west, south, east, north = area.bounds if area else (-180, -90, 180, 90)
        with np.errstate(invalid="ignore"):
            lon, lat = lonlat[:, 0], lonlat[:, 1]
            inside = (
                (lon >= west - MARGIN_DEG)
                & (lon <= east + MARGIN_DEG)
                & (lat >= max(south - MARGIN_DEG, -90))
                & (lat <= min(north + MARGIN_DEG, 90))
            )
        return float(inside.mean())


def source_crs(given: str | None, of_file: str | None, file: str) -> tuple[pyproj.CRS, str]:
    """The CRS to read a file in, and the words that name it: `--crs` first, then the file's own."""
    words = given or of_file
    if not words:
        raise BadInput(
            f"{file} does not say its coordinate reference system; name it with --crs, "
            "such as --crs EPSG:9212 (VN-2000, Quảng Trị) or --crs EPSG:4326 (longitude, latitude)",
            field="crs",
        )
    try:
        crs = pyproj.CRS.from_user_input(words)
    except CRSError as error:
        raise BadInput(
            f'"{words}" is not a coordinate reference system; write one like EPSG:9210 '
            "(VN-2000, TP. Hồ Chí Minh), EPSG:32648 (UTM) or EPSG:4326 (longitude, latitude)",
            field="crs",
        ) from error
    if not crs.is_geographic and not crs.is_projected and not crs.is_bound:
        raise BadInput(f"{crs.name} is not a map's reference system; name one with --crs EPSG:…")
    epsg = crs.to_epsg(min_confidence=100)
    return crs, f"EPSG:{epsg} ({crs.name})" if epsg else crs.name


def exact_transformer(crs: pyproj.CRS, name: str) -> pyproj.Transformer:
    """The transformation to WGS 84 with its datum shift; refused where none is known."""
    try:
        transformer = pyproj.Transformer.from_crs(
            crs, WGS84, always_xy=True, allow_ballpark=False, only_best=False
        )
    except ProjError as error:
        raise BadInput(
            f"{name} has no known datum shift to WGS 84; name the CRS by its code, "
            "such as --crs EPSG:9212",
            field="crs",
        ) from error
    return transformer
