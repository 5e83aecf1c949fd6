"""A vector file, opened: where GDAL finds it, what it holds, how its features are read in pieces.

A path comes in (GeoPackage, Shapefile, zipped too, GeoJSON, FlatGeobuf, CSV with coordinates, bare
JSON arrays, ring lists); ids, WKB and columns go out as the file holds them.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyogrio.raw

from layers.sources.batch import Findings
from layers.sources.json_files import read_json
from layers.sources.shapefile_text import BYTES_KEPT, decode, encoding_of
from twin.core.errors import BadInput

# Read this many features at a time where the driver can jump to a row. The others (GeoJSON says it
# can, and parses the whole file each time) are read in one go.
CHUNK = 50_000
JUMPING_DRIVERS = {"GPKG", "ESRI Shapefile", "FlatGeobuf", "OpenFileGDB", "SQLite"}
LON_NAMES = ("lon", "long", "longitude", "lng", "kinh_do")
LAT_NAMES = ("lat", "latitude", "vi_do")
X_NAMES = ("x", "easting", "point_x", "x_coord")
Y_NAMES = ("y", "northing", "point_y", "y_coord")
NO_GEOMETRY = (
    "{file} has no geometry; a CSV needs columns lon and lat (or x and y with --crs), "
    "or name them with --xy LON,LAT"
)


@dataclass
class VectorOptions:
    """What the user may say about a file.

    mapping: layer field -> column; crs: "EPSG:…" or any PROJ words; table: the file's own layer;
    id_column: whose values name the features; key_fields: layer fields that together do so where
    the file has no id; id_prefix: stands before every id ("ws_node/"), where several tables share
    a source; xy: the two coordinate columns of a table; typed: let a CSV's columns have the types
    that their values suggest.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    crs: str | None = None
    swap_xy: bool = False
    table: str | None = None
    id_column: str | None = None
    key_fields: Sequence[str] = ()
    id_prefix: str = ""
    xy: tuple[str, str] | None = None
    encoding: str | None = None
    typed: bool = False


@dataclass
class VectorFile:
    """An opened file: where GDAL finds it, what it holds and how to read it.

    tables: how many the file has; xy: the columns that hold a CSV's coordinates.
    """

    path: Path
    source: str | bytes
    table: str | None
    columns: list[str]
    dtypes: list[str]
    geometry_type: str
    crs: str | None
    features: int
    jumps: bool
    open_options: dict[str, str]
    encoding: str | None = None
    recode: str | None = None
    tables: int = 1
    xy: tuple[str, str] | None = None

    def read(
        self, columns: Sequence[str], **options: Any
    ) -> tuple[np.ndarray, np.ndarray, dict[str, list[Any]]]:
        """Ids, WKB and columns of some features; options as pyogrio's raw.read takes them."""
        if self.recode:
            recode = self.recode
            columns = [name.encode(recode).decode("latin-1") for name in columns]
        with words_for_gdal(self.path), warnings.catch_warnings():
            # Said in the report, by row.
            warnings.filterwarnings("ignore", "Invalid value type found", RuntimeWarning)
            meta, fids, geometry, values = pyogrio.raw.read(
                self.source,
                layer=self.table,
                columns=columns,
                encoding=self.encoding,
                return_fids=True,
                **options,
                **self.open_options,
            )
        names = [str(name) for name in meta["fields"]]
        table = {name: as_list(column) for name, column in zip(names, values, strict=True)}
        return fids, geometry, self._decoded(table) if self.recode else table

    def as_written(self, columns: Sequence[str]) -> dict[str, list[str]]:
        """Columns of a whole CSV as its text; GDAL empties what is no coordinate."""
        with words_for_gdal(self.path):
            meta, _, _, values = pyogrio.raw.read(
                self.source,
                layer=self.table,
                columns=list(columns),
                encoding=self.encoding,
                read_geometry=False,
            )
        found = zip(meta["fields"], values, strict=True)
        return {
            str(name): ["" if value is None else str(value) for value in column.tolist()]
            for name, column in found
        }

    def _decoded(self, table: dict[str, list[Any]]) -> dict[str, list[Any]]:
        assert self.recode
        return {
            decode(name, self.recode, self.path.name): [
                decode(value, self.recode, self.path.name) for value in values
            ]
            for name, values in table.items()
        }


class words_for_gdal:
    """Turn GDAL's errors about a file into BadInput."""

    def __init__(self, path: Path):
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, UnicodeDecodeError | LookupError) and not isinstance(error, KeyError):
            raise BadInput(
                f"{self.path.name}: its text is not {getattr(error, 'encoding', 'readable')}; "
                "name its encoding, such as --encoding CP1258",
                field="encoding",
            ) from error
        if isinstance(error, RuntimeError | ValueError | OSError) and not isinstance(
            error, BadInput
        ):
            words = str(error).splitlines()[0] if str(error) else type(error).__name__
            if "sqlite" in words or "malformed" in words:
                words = f"it is damaged or breaks off; get it again ({words})"
            raise BadInput(f"{self.path.name} can't be read: {words}", field="file") from error


def open_vector(
    path: Path, layer: str, findings: Findings, options: VectorOptions | None = None
) -> VectorFile:
    """Look into a file without reading its features.

    Raises BadInput where it can't be opened, has no geometry, or has several tables and none is
    named by `options.table` or by the layer's name.
    """
    options = options or VectorOptions()
    if not path.exists():
        raise BadInput(f"{path} does not exist", field="file")
    if path.is_dir() and path.suffix.casefold() != ".gdb":
        raise BadInput(f"{path} is a folder, not a file", field="file")
    document = read_json(path, layer, findings)
    source: str | bytes = str(path) if document is None else json.dumps(document).encode()
    open_options = table_options(path, options)
    table: str | None = None
    tables = [""]
    if document is None:  # what was made here has one table, named anew at every opening
        with words_for_gdal(path):
            tables = [str(name) for name in pyogrio.list_layers(source)[:, 0]]
        table = choose_table(path, tables, options.table or (layer if layer in tables else None))
    encoding, recode = options.encoding, None
    if path.suffix.casefold() in (".shp", ".zip"):
        with words_for_gdal(path):
            shapefile = pyogrio.read_info(source, layer=table)["driver"] == "ESRI Shapefile"
        if shapefile:
            encoding, recode = BYTES_KEPT, encoding_of(path, options.encoding)
    with words_for_gdal(path):
        info = pyogrio.read_info(
            source, layer=table, encoding=encoding, force_feature_count=True, **open_options
        )
    if info["geometry_type"] is None:
        raise BadInput(NO_GEOMETRY.format(file=path.name), field="file")
    crs = info["crs"]
    if info["driver"] == "CSV" and not crs and not options.xy:
        names = {name.casefold() for name in info["fields"]}
        if names & set(LON_NAMES) and names & set(LAT_NAMES):
            crs = "EPSG:4326"
    return VectorFile(
        path=path,
        source=source,
        table=table,
        columns=[
            decode(str(name), recode, path.name) if recode else str(name) for name in info["fields"]
        ],
        dtypes=[str(dtype) for dtype in info["dtypes"]],
        geometry_type=str(info["geometry_type"]),
        crs=crs,
        features=int(info["features"]),
        jumps=info["driver"] in JUMPING_DRIVERS,
        open_options=open_options,
        encoding=encoding,
        recode=recode,
        tables=len(tables),
        xy=coordinate_columns([str(name) for name in info["fields"]], open_options),
    )


def chunks(
    file: VectorFile, columns: list[str]
) -> Iterator[tuple[np.ndarray, np.ndarray, dict[str, list[Any]]]]:
    """Pieces of the file: ids, WKB and columns."""
    if not file.jumps:
        fids, geometry, table = file.read(columns=columns)
        if len(fids):
            yield fids, geometry, table
        return
    start = 0
    while True:
        fids, geometry, table = file.read(columns=columns, skip_features=start, max_features=CHUNK)
        if not len(fids):
            return
        yield fids, geometry, table
        start += len(fids)
        if len(fids) < CHUNK:
            return


def choose_table(path: Path, tables: list[str], asked: str | None) -> str:
    """The file's own layer to read."""
    if asked:
        if asked not in tables:
            raise BadInput(f'{path.name} has no table "{asked}"; it has {listed(tables)}')
        return asked
    if not tables:
        raise BadInput(f"{path.name} holds no table", field="file")
    if len(tables) > 1:
        raise BadInput(
            f"{path.name} holds {len(tables)} tables; name one with --table: {listed(tables)}",
            field="table",
        )
    return tables[0]


def table_options(path: Path, options: VectorOptions) -> dict[str, str]:
    """How GDAL finds the coordinates in a CSV; types are left to the layer's fields."""
    if not path.name.casefold().endswith((".csv", ".tsv", ".txt")):
        return {}
    lon, lat = options.xy or (",".join(LON_NAMES + X_NAMES), ",".join(LAT_NAMES + Y_NAMES))
    found = {"X_POSSIBLE_NAMES": lon, "Y_POSSIBLE_NAMES": lat}
    return {**found, "AUTODETECT_TYPE": "YES"} if options.typed else found


def coordinate_columns(columns: Sequence[str], options: dict[str, str]) -> tuple[str, str] | None:
    """The columns of a CSV in which GDAL looks for X and Y; None for any other file."""
    found = []
    for key in ("X_POSSIBLE_NAMES", "Y_POSSIBLE_NAMES"):
        known = options.get(key, "").casefold().split(",")
        found += [name for name in columns if name.casefold() in known][:1]
    return (found[0], found[1]) if len(found) == 2 else None


def as_list(column: np.ndarray) -> list[Any]:
    """A column as Python values, None for missing."""
    values = column.tolist()
    if column.dtype.kind in "fM":
        missing = np.isnat(column) if column.dtype.kind == "M" else np.isnan(column)
        if missing.any():
            values = [None if gone else value for value, gone in zip(values, missing, strict=True)]
    return values


def listed(names: Sequence[str], most: int = 20) -> str:
    """Names for a message, cut after `most`."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
