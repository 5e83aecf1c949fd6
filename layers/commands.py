"""`twin import osm|layer|wards|dem|raster FILE`: words come in, a report goes out.

Nothing heavy is imported before a command runs.
"""

from __future__ import annotations

import argparse
import functools
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.core.errors import BadInput, Conflict, NotFound, Unavailable

if TYPE_CHECKING:
    from layers.report import Report
    from layers.sources.batch import Batch
    from layers.sources.vector_file import VectorFile, VectorOptions
    from twin.core.declare import Layer

EPILOG = """examples:
  twin import osm district1.osm.pbf
  twin import layer pipes.gpkg --layer water_mains --map diameter_mm=DN --crs EPSG:9212
  twin import layer trees.shp --new trees
  twin import wards wards_79.json
  twin import dem dem.tif --crs EPSG:9210 --vertical-datum "Hòn Dấu 1992"
  twin import raster orthophoto.tif
"""


def add_parser(subparsers: Any) -> None:
    """Declare the import commands."""
    parser = subparsers.add_parser(
        "import",
        help="bring data into the twin",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)

    osm = _features(kinds, "osm", "an OpenStreetMap file", import_osm, "district1.osm.pbf")
    osm.add_argument(
        "--layers", metavar="A,B", help="only these layers (all that the file can fill)"
    )
    osm.add_argument(
        "--bounds",
        metavar="W,S,E,N",
        help="what the file covers, for --sync (what its header says)",
    )

    layer = _features(
        kinds,
        "layer",
        "any vector file, into one layer",
        import_layer,
        "pipes.gpkg --layer water_mains --map diameter_mm=DN --crs EPSG:9212",
    )
    target = layer.add_mutually_exclusive_group(required=True)
    target.add_argument("--layer", metavar="NAME", help="the twin's layer, such as drains")
    target.add_argument(
        "--new", metavar="NAME", help="make a layer of that name with the file's columns"
    )
    layer.add_argument("--title", help="English title of a new layer (its name)")
    layer.add_argument("--title-vi", help="Vietnamese title of a new layer (the English one)")
    _vector_options(layer)

    wards = _features(kinds, "wards", "wards and communes", import_wards, "wards_79.json")
    wards.add_argument("--province", help="its name, where the file does not say it")
    wards.add_argument("--former", action="store_true", help="units from before the 2025 reform")
    _vector_options(wards)

    dem = _command(kinds, "dem", "terrain: a digital elevation model", import_dem, "dem.tif")
    dem.add_argument("--crs", help="metric CRS to store it in, such as EPSG:9210 (the city's)")
    dem.add_argument("--cell", type=float, metavar="M", help="cell size in meters (the file's)")
    dem.add_argument("--vertical-datum", default="", metavar="TEXT", help='such as "Hòn Dấu 1992"')
    dem.add_argument("--title", help="shown in the viewer (the file's name)")

    raster = _command(
        kinds, "raster", "an orthophoto or MBTiles as base map", import_raster, "orthophoto.tif"
    )
    raster.add_argument("--crs", help="CRS of a picture that does not say its own")
    raster.add_argument("--title", help="shown in the viewer (the file's name)")


def _command(
    kinds: Any, name: str, words: str, run: Callable[[argparse.Namespace], int], example: str
) -> argparse.ArgumentParser:
    parser = kinds.add_parser(
        name,
        help=words,
        description=f"Import {words}.",
        epilog=f"example: twin import {name} {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--dry-run", action="store_true", help="report only; change nothing")
    parser.set_defaults(run=_answered(run), needs_django=True)
    return parser


def _answered(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """The command with words for a database that is not there or goes away."""

    @functools.wraps(run)
    def wrapped(args: argparse.Namespace) -> int:
        import psycopg
        from django.db import InterfaceError, OperationalError

        # COPY raises psycopg's own errors, past Django.
        gone = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
        try:
            return run(args)
        except gone as error:
            words = str(error).strip().splitlines() or ["no answer"]
            raise Unavailable(
                f"The database does not answer ({words[0]}). Nothing of {args.file.name} was "
                "imported; see `twin status`, then run the import again"
            ) from error

    return wrapped


def _features(
    kinds: Any, name: str, words: str, run: Callable[[argparse.Namespace], int], example: str
) -> argparse.ArgumentParser:
    parser = _command(kinds, name, words, run, example)
    parser.add_argument(
        "--sync",
        action="store_true",
        help="remove features that came from this source and are no longer in the file",
    )
    parser.add_argument(
        "--restore-deleted", action="store_true", help="bring back features deleted here"
    )
    return parser


def _vector_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--map",
        nargs="+",
        action="extend",
        default=[],
        metavar="FIELD=COLUMN",
        help="which column holds a field (an equal name does by itself)",
    )
    parser.add_argument("--crs", help="CRS of the file, such as EPSG:9212")
    parser.add_argument(
        "--swap-xy", action="store_true", help="the file gives northing before easting"
    )
    parser.add_argument("--table", help="the file's own layer, where it has several")
    parser.add_argument("--id", metavar="COLUMN", help="names the features from import to import")
    parser.add_argument("--xy", metavar="X,Y", help="the coordinate columns of a table")
    parser.add_argument("--encoding", help="of the file's text, such as CP1258")
    parser.add_argument(
        "--source",
        help="the source's name (the file's without its ending, and the table's where it has "
        "several)",
    )


def import_osm(args: argparse.Namespace) -> int:
    """Fill the layers that an OpenStreetMap file speaks of."""
    from layers.sources.osm import OTHER, file_bounds, read_osm
    from layers.sources.osm_tags import LAYERS
    from twin.core.features import layer_named

    names = [name.strip() for name in args.layers.split(",")] if args.layers else list(LAYERS)
    unknown = sorted(set(names) - set(LAYERS))
    if unknown:
        raise BadInput(
            f"OpenStreetMap data fills no layer {', '.join(unknown)}; it fills {', '.join(LAYERS)}"
        )
    report = _report(args, "osm")
    extent = _extent(args) or file_bounds(args.file)
    if args.sync and extent is None and args.file.is_file():
        raise BadInput(
            f"{args.file.name} does not say which area it covers, so --sync can't know what "
            "vanished; name it with --bounds WEST,SOUTH,EAST,NORTH",
            field="bounds",
        )
    with _Progress(args.file.name) as progress:
        batches = read_osm(args.file, report.findings, progress)
        wanted = (batch for batch in batches if batch.layer in names)
        layers = {name: layer_named(name) for name in names}
        _merge(args, wanted, report, layers, extent=extent)
    if args.layers:
        skipped = set(LAYERS) - set(names)
        report.findings.items = [i for i in report.findings.items if i.layer not in skipped]
        report.layers = {n: c for n, c in report.layers.items() if n in names or n == OTHER}
    return _done(args, report)


def import_layer(args: argparse.Namespace) -> int:
    """Bring a vector file into one layer, or into a new one made after it."""
    from django.db import transaction

    from layers.sources.vector import read_vector
    from layers.sources.vector_file import open_vector
    from twin.core.custom import create_layer
    from twin.core.declare import Text
    from twin.core.features import layer_named

    report = _report(args, args.source or _stem(args.file))
    options = _options(args)
    if args.new:
        from layers.sources.schema import fields_of, geometry_of

        options.typed = True
        file = open_vector(args.file, args.new, report.findings, options)
        _name_table(args, report, options, file)
        fields, mapping = fields_of(file)
        options.mapping = {**mapping, **options.mapping}
        title = Text(args.title or args.new, args.title_vi or args.title or args.new)
        with transaction.atomic(), _Progress(args.file.name, file.features) as progress:
            try:
                geometry = geometry_of(file)
                layer = create_layer(args.new, title=title, geometry=geometry, fields=fields)
            except Conflict as error:
                raise BadInput(
                    f'The layer "{args.new}" exists already; import into it with --layer '
                    f"{args.new}, or choose another name",
                    field="new",
                ) from error
            names = [field.name for field in fields]
            batches = read_vector(file, args.new, names, report.findings, options, progress)
            _merge(args, batches, report, {layer.name: layer}, options)
            if args.dry_run or report.nothing_taken:  # no layer that holds nothing
                transaction.set_rollback(True)
        return _done(args, report)
    try:
        layer = layer_named(args.layer)
    except NotFound as error:
        raise BadInput(error.message, field="layer") from error
    if layer.name == "parcels":
        options.key_fields = ("former_commune", "map_sheet", "parcel_number")
    file = open_vector(args.file, layer.name, report.findings, options)
    _name_table(args, report, options, file)
    names = [field.name for field in layer.fields]
    with _Progress(args.file.name, file.features) as progress:
        batches = read_vector(file, layer.name, names, report.findings, options, progress)
        _merge(args, batches, report, {layer.name: layer}, options)
    return _done(args, report)


def import_wards(args: argparse.Namespace) -> int:
    """Bring wards in."""
    from layers.sources.batch import Findings
    from layers.sources.vector_file import open_vector
    from layers.sources.wards import LAYER, read_wards
    from twin.core.features import layer_named

    report = _report(args, args.source or _stem(args.file))
    options = _options(args)
    _name_table(args, report, options, open_vector(args.file, LAYER, Findings(), options))
    with _Progress(args.file.name) as progress:
        batches = read_wards(
            args.file,
            report.findings,
            options=options,
            province=args.province,
            former=args.former,
            progress=progress,
        )
        _merge(args, batches, report, {LAYER: layer_named(LAYER)}, options)
    return _done(args, report)


def import_dem(args: argparse.Namespace) -> int:
    """Store a DEM as the terrain."""
    from layers.terrain import import_terrain

    stored = import_terrain(
        args.file,
        crs=args.crs,
        cell_m=args.cell,
        vertical_datum=args.vertical_datum,
        title=args.title,
        created_by="import:dem",
        dry_run=args.dry_run,
    )
    print(json.dumps(stored.as_dict(), ensure_ascii=False, indent=1) if args.json else stored)
    return 0


def import_raster(args: argparse.Namespace) -> int:
    """Store an orthophoto or MBTiles as a base map."""
    from layers.basemaps import import_basemap

    stored = import_basemap(
        args.file,
        crs=args.crs,
        title=args.title,
        created_by="import:raster",
        dry_run=args.dry_run,
    )
    print(json.dumps(stored.as_dict(), ensure_ascii=False, indent=1) if args.json else stored)
    return 0


def _report(args: argparse.Namespace, source: str) -> Report:
    from layers.report import Report

    return Report(source=source, file=str(args.file), dry_run=args.dry_run)


def _options(args: argparse.Namespace) -> VectorOptions:
    from layers.sources.vector_file import VectorOptions

    mapping = {}
    for words in args.map:
        name, equals, column = words.partition("=")
        if not equals or not name or not column:
            raise BadInput(f'"{words}" is not FIELD=COLUMN, such as diameter_mm=DN', field="map")
        mapping[name] = column
    xy = tuple(part.strip() for part in args.xy.split(",")) if args.xy else None
    if xy is not None and len(xy) != 2:
        raise BadInput(f'--xy "{args.xy}" does not name two columns, such as lon,lat', field="xy")
    return VectorOptions(
        mapping=mapping,
        crs=args.crs,
        swap_xy=args.swap_xy,
        table=args.table,
        id_column=args.id,
        xy=xy,
        encoding=args.encoding,
    )


def _name_table(
    args: argparse.Namespace, report: Report, options: VectorOptions, file: VectorFile
) -> None:
    """Keep the tables of one file apart: by the source's name, or by their ids under --source.

    Row numbers of two tables are the same numbers.
    """
    if file.tables < 2:
        return
    if args.source:
        options.id_prefix = f"{file.table}/"
    else:
        report.source = f"{_stem(args.file)}:{file.table}"


def _extent(args: argparse.Namespace) -> tuple[float, float, float, float] | None:
    if args.bounds is None:
        return None
    try:
        west, south, east, north = (float(part) for part in args.bounds.split(","))
    except ValueError:
        west, south, east, north = 0, 0, 0, 0
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise BadInput(
            f'--bounds "{args.bounds}" is not WEST,SOUTH,EAST,NORTH in degrees, such as '
            "106.69,10.76,106.71,10.79",
            field="bounds",
        )
    return west, south, east, north


def _merge(
    args: argparse.Namespace,
    batches: Iterable[Batch],
    report: Report,
    layers: dict[str, Layer],
    options: VectorOptions | None = None,
    extent: tuple[float, float, float, float] | None = None,
) -> None:
    from layers.importer import run_import

    run_import(
        batches,
        report,
        layers=layers,
        sync=args.sync,
        extent=extent,
        restore_deleted=args.restore_deleted,
        id_prefix=options.id_prefix if options else "",
    )
    if options and not report.total("read") and not report.total("rejected"):
        raise BadInput(f"{args.file.name} holds no features; nothing was imported", field="file")


def _done(args: argparse.Namespace, report: Report) -> int:
    from django.conf import settings

    from twin.local.paths import hand_over

    folder = settings.TWIN_DATA / "imports"
    report.save(folder)
    hand_over(folder)
    if args.json:
        saved = {"report": str(report.saved_as)}
        print(json.dumps({**report.as_dict(), **saved}, ensure_ascii=False, indent=1))
    else:
        print(report.words())
    if report.nothing_taken:
        count = report.total("rejected")
        which = "its only feature was" if count == 1 else f"all of its {count:,} features were"
        print(
            f"error: nothing of {args.file.name} was imported: {which} rejected; "
            "the report says why",
            file=sys.stderr,
        )
        return 1
    return 0


def _stem(path: Path) -> str:
    return path.name.split(".")[0]


class _Progress:
    """A progress bar on stderr; calling it says how many features were read since the last call."""

    def __init__(self, name: str, total: int | None = None):
        from tqdm import tqdm

        self.bar = tqdm(desc=name, total=total, unit=" features", disable=None, leave=False)

    def __enter__(self) -> _Progress:
        return self

    def __call__(self, count: int) -> None:
        self.bar.update(count)

    def __exit__(self, *_: object) -> None:
        self.bar.close()
