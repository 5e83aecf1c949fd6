"""Read any vector file that GDAL opens as batches in EPSG:4326, columns as the file names them.

A file comes in: GeoPackage, Shapefile (zipped too), GeoJSON, FlatGeobuf, CSV with coordinates, bare
JSON arrays and ring lists. Out come batches whose columns are the layer's fields where `--map`, an
equal name or an OpenStreetMap tag says so. Values are still as the file holds them.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyogrio.raw
import shapely

from layers.sources import osm_tags
from layers.sources.batch import Batch, Findings
from layers.sources.json_files import read_json
from layers.sources.reproject import ToWgs84, source_crs
from layers.sources.shapefile_text import BYTES_KEPT, decode, encoding_of
from twin.core.errors import BadInput

# Read this many features at a time where the driver can jump to a row. The others (GeoJSON says it
# can, and parses the whole file each time) are read in one go.
CHUNK = 50_000
JUMPING_DRIVERS = {"GPKG", "ESRI Shapefile", "FlatGeobuf", "OpenFileGDB", "SQLite"}
ID_COLUMNS = ("source_id", "id", "@id", "osm_id", "full_id", "uuid", "globalid")
LON_NAMES = ("lon", "long", "longitude", "lng", "kinh_do")
LAT_NAMES = ("lat", "latitude", "vi_do")
X_NAMES = ("x", "easting", "point_x", "x_coord")
Y_NAMES = ("y", "northing", "point_y", "y_coord")
NO_GEOMETRY = (
    "{file} has no geometry; a CSV needs columns lon and lat (or x and y with --crs), "
    "or name them with --xy LON,LAT"
)
# The columns of other files that hold what a layer's field holds, in plain Vietnamese or English.
ALIASES = {"name": ("ten", "name_vi", "name:vi"), "address": ("dia_chi", "addr:full")}
# The OpenStreetMap key that shows a file to hold raw tags, by layer.
TAGGED = {
    "buildings": "building",
    "roads": "highway",
    "rivers": "waterway",
    "water_bodies": "natural",
    "land_use_zones": "landuse",
}


@dataclass
class VectorOptions:
    """What the user may say about a file.

    mapping: layer field -> column; crs: "EPSG:…" or any PROJ words; table: the file's own layer;
    id_column: whose values name the features; key_fields: layer fields that together do so where
    the file has no id; xy: the two coordinate columns of a table; typed: let a CSV's columns have
    the types that their values suggest.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    crs: str | None = None
    swap_xy: bool = False
    table: str | None = None
    id_column: str | None = None
    key_fields: Sequence[str] = ()
    xy: tuple[str, str] | None = None
    encoding: str | None = None
    typed: bool = False


@dataclass
class VectorFile:
    """An opened file: where GDAL finds it, what it holds and how to read it."""

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

    def read(
        self, columns: Sequence[str], **options: Any
    ) -> tuple[np.ndarray, np.ndarray, dict[str, list[Any]]]:
        """Ids, WKB and columns of some features; options as pyogrio's raw.read takes them."""
        if self.recode:
            recode = self.recode
            columns = [name.encode(recode).decode("latin-1") for name in columns]
        with words_for_gdal(self.path):
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
    document = read_json(path, layer, findings)
    source: str | bytes = str(path) if document is None else json.dumps(document).encode()
    open_options = table_options(path, options)
    table: str | None = None
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
    )


def read_vector(
    file: VectorFile,
    layer: str,
    fields: Sequence[str],
    findings: Findings,
    options: VectorOptions | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Batch]:
    """Yield the features of an opened file for one layer with the columns of its `fields`.

    progress: called with the number of features read since the last call.
    """
    options = options or VectorOptions()
    crs, crs_name = source_crs(options.crs, file.crs, file.path.name)
    if options.crs and file.crs and options.crs != file.crs:
        findings.note(f"The file says {short_crs(file.crs)}; read as {crs_name}, as asked")
    if crs.is_bound and crs.to_epsg() is None:
        findings.note("The datum shift is the file's own (towgs84), not that of an EPSG code")
    to_wgs84 = ToWgs84(crs, crs_name, swap_xy=options.swap_xy)
    mapping = map_columns(file, layer, fields, options.mapping, findings)
    tagged = TAGGED.get(layer) if TAGGED.get(layer) in file.columns else None
    wanted = file.columns if tagged else list(dict.fromkeys(mapping.values()))
    ids = Ids.choose(file, options.id_column, [mapping.get(name) for name in options.key_fields])
    columns = list(dict.fromkeys([*wanted, *ids.columns]))

    first = True
    for fids, geometry, table in chunks(file, columns):
        geometries = shapely.from_wkb(geometry, on_invalid="ignore")
        if first:
            to_wgs84.check_axes(geometries, findings)
            first = False
        batch = Batch(
            layer,
            ids.of(fids, table),
            to_wgs84(geometries),
            {name: table[column] for name, column in mapping.items()},
        )
        if tagged:
            batch = read_tags(batch, table, set(options.mapping), findings)
        batch = batch.only(ids.first_of_each(batch, findings))
        if progress:
            progress(len(fids))
        yield batch


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


@dataclass
class Ids:
    """What names the features: one column, several together, or the file's own row numbers."""

    columns: list[str]
    _seen: set[str] = field(default_factory=set)

    @classmethod
    def choose(cls, file: VectorFile, asked: str | None, key: Sequence[str | None] = ()) -> Ids:
        """The column asked for; else a well-known one that is unique; else the key; else rows."""
        if asked:
            if asked not in file.columns:
                raise BadInput(
                    f'{file.path.name} has no column "{asked}"; it has {listed(file.columns)}',
                    field="id",
                )
            return cls([asked])
        by_folded = {name.casefold(): name for name in reversed(file.columns)}
        for candidate in ID_COLUMNS:
            column = by_folded.get(candidate)
            if column is None:
                continue
            _, _, table = file.read(columns=[column], read_geometry=False)
            found = [plain_id(value) for value in table[column]]
            if found and None not in found and max(Counter(found).values()) == 1:
                return cls([column])
        known = [column for column in key if column]
        return cls(known if len(known) == len(key) else [])

    def of(self, fids: np.ndarray, table: Mapping[str, list[Any]]) -> list[str]:
        """The names of a chunk's features; "row 12" where what should name one is empty."""
        rows = [str(int(fid)) for fid in fids]
        if not self.columns:
            return rows
        parts = zip(*(map(plain_id, table[column]) for column in self.columns), strict=True)
        return [
            f"row {row}" if None in part else "/".join(map(str, part))
            for part, row in zip(parts, rows, strict=True)
        ]

    def first_of_each(self, batch: Batch, findings: Findings) -> np.ndarray:
        """True for the first feature of each id; a finding for every later one."""
        keep = np.ones(len(batch), dtype=bool)
        for row, id in enumerate(batch.source_ids):
            if id in self._seen:
                keep[row] = False
                words = "/".join(self.columns) or "id"
                findings.reject(batch.layer, id, f"its {words} is repeated in the file")
            self._seen.add(id)
        return keep


def map_columns(
    file: VectorFile,
    layer: str,
    fields: Sequence[str],
    asked: Mapping[str, str],
    findings: Findings,
) -> dict[str, str]:
    """Layer field -> column of the file: as asked, else by equal name, case and accents apart."""
    for name, column in asked.items():
        if name not in fields:
            raise BadInput(
                f'The layer {layer} has no field "{name}"; it has {listed(fields)}', field="map"
            )
        if column not in file.columns:
            raise BadInput(
                f'{file.path.name} has no column "{column}"; it has {listed(file.columns)}',
                field="map",
            )
    by_folded = {folded(name): name for name in reversed(file.columns)}
    mapping = dict(asked)
    for name in fields:
        for candidate in (name, *ALIASES.get(name, ())):
            if name not in mapping and folded(candidate) in by_folded:
                mapping[name] = by_folded[folded(candidate)]
    unused = [name for name in file.columns if name not in mapping.values()]
    if unused and layer not in TAGGED:
        findings.note(f"Columns that no field takes: {listed(unused)}")
    return mapping


def read_tags(
    batch: Batch, table: Mapping[str, list[Any]], asked: set[str], findings: Findings
) -> Batch:
    """Attributes from OpenStreetMap tags held as columns; fields mapped by the user stay so."""
    readers = {**osm_tags.AREAS, **osm_tags.LINES}
    reader = readers[batch.layer]
    rows: list[dict[str, Any]] = []
    keep = np.ones(len(batch), dtype=bool)
    for row, source_id in enumerate(batch.source_ids):
        tags = {
            key: str(values[row])
            for key, values in table.items()
            if values[row] is not None and values[row] == values[row]
        }
        problems: list[str] = []
        attributes = reader(tags, problems)
        if attributes is None:
            keep[row] = False
            key = TAGGED[batch.layer]
            findings.reject(
                batch.layer, source_id, f"{key}={tags.get(key)} is none of the {batch.layer}"
            )
            attributes = {}
        elif problems:
            findings.repair(batch.layer, source_id, f"left empty: {'; '.join(problems)}")
        rows.append(attributes)
    names = dict.fromkeys(name for attributes in rows for name in attributes)
    columns = {name: [attributes.get(name) for attributes in rows] for name in names}
    columns.update({name: batch.columns[name] for name in asked})
    return Batch(batch.layer, batch.source_ids, batch.geometries, columns).only(keep)


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


def as_list(column: np.ndarray) -> list[Any]:
    """A column as Python values, None for missing."""
    values = column.tolist()
    if column.dtype.kind in "fM":
        missing = np.isnat(column) if column.dtype.kind == "M" else np.isnan(column)
        if missing.any():
            values = [None if gone else value for value, gone in zip(values, missing, strict=True)]
    return values


def plain_id(value: Any) -> str | None:
    """An id as text; 12.0 (an integer column with gaps) is "12"."""
    if value is None or value != value:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() or None


def folded(name: str) -> str:
    """A column name without case, accents and marks."""
    plain = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D"))
    letters = (char for char in plain.casefold() if not unicodedata.combining(char))
    return "".join(char for char in letters if char.isalnum())


def listed(names: Sequence[str], most: int = 20) -> str:
    """Names for a message, cut after `most`."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def short_crs(words: str) -> str:
    """A CRS for a message: its code, or the first words of its WKT."""
    return words if len(words) <= 40 else words[:40] + "…"
