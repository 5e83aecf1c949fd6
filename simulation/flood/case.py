"""A case file (TOML) goes in, a checked `Case` comes out; every mistake is named with its way out.

Conventions: paths are relative to the case file; durations are seconds or "90s", "5min", "6h";
coordinates are of the model's grid; levels are in the DEM's datum; an edge not named is closed.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulation.flood.series import Series, check_covers, parse_duration, read_series
from simulation.launch import BACKENDS
from twin.core.errors import BadInput

MM_PER_H = 1e-3 / 3600.0  # mm/h in m/s
EDGES = ("north", "south", "east", "west")
KINDS = ("open", "closed", "stage")


@dataclass(frozen=True)
class GridSpec:
    """Where the bed comes from. `cell_m` and `bounds` ask for another grid than the DEM's own."""

    dem: Path
    crs: str | None = None
    cell_m: float | None = None
    bounds: tuple[float, float, float, float] | None = None  # west, south, east, north
    vertical_datum: str | None = None


@dataclass(frozen=True)
class FloodParams:
    """What the driver and the scheme need beside the water and the ground."""

    duration: float  # s
    output_interval: float  # s
    solver: str = "inertial"
    precision: str = "float32"
    backend: str = "numba"
    threads: int | None = None
    courant: float = 0.6
    longest_step: float = 10.0  # s, where the domain is dry
    dry_depth: float = 1e-5  # m, shallower water does not move
    arrival_depth: float = 0.1  # m


@dataclass(frozen=True)
class Inflow:
    """Water that enters at a point or spread over a line; the discharge is the whole line's."""

    name: str
    line: tuple[tuple[float, float], ...]  # one point, or the points of a line
    discharge: Series  # m³/s


@dataclass(frozen=True)
class Boundary:
    """How an edge of the grid, or a line inside it, meets the world outside."""

    name: str
    kind: str
    edge: str | None = None
    line: tuple[tuple[float, float], ...] = ()
    level: Series | None = None  # m in the DEM's datum
    slope: float | None = None


@dataclass(frozen=True)
class Gauge:
    """A point that is written at every output."""

    name: str
    x: float
    y: float


@dataclass(frozen=True)
class Case:
    """A whole flood case; numbers or paths of rasters where both are allowed."""

    path: Path
    grid: GridSpec
    params: FloodParams
    manning: float | Path = 0.035
    rain: Series | None = None  # m/s
    inflows: list[Inflow] = field(default_factory=list)
    boundaries: list[Boundary] = field(default_factory=list)
    initial_level: float | Path | None = None
    initial_depth: float | Path | None = None
    gauges: list[Gauge] = field(default_factory=list)


TABLES = {
    "grid": {"dem", "crs", "cell_m", "bounds", "vertical_datum"},
    "run": {"duration", "output_interval", "solver", "precision", "backend", "threads"},
    "roughness": {"manning"},
    "rain": {"rate", "series"},
    "initial": {"level", "depth"},
}
LISTS = {
    "inflow": {"name", "x", "y", "line", "discharge", "series"},
    "boundary": {"edge", "line", "kind", "level", "series", "slope"},
    "gauge": {"name", "x", "y"},
}


class Table:
    """One table of the file; its readers name file, table, key and value in every complaint."""

    def __init__(self, file: Path, title: str, values: Any, known: set[str]):
        self.file, self.title, self.known = file, title, known
        if not isinstance(values, dict):
            raise BadInput(f"{file}: {title} is {values!r}; it must be a table", field=title)
        self.values: dict[str, Any] = values
        for key in values:
            if key not in known:
                raise self.bad(key, f"is not a known key; {title} knows {_list(known)}")

    def bad(self, key: str, problem: str) -> BadInput:
        """The error about one key."""
        value = f" = {self.values[key]!r}" if key in self.values else ""
        plain = self.title.strip("[]").split("]")[0]
        return BadInput(
            f"{self.file}: {self.title} {key}{value}: {problem}", field=f"{plain}.{key}"
        )

    def has(self, key: str) -> bool:
        """Whether the key is given."""
        return key in self.values

    def one_of(self, *keys: str, required: bool = True) -> str | None:
        """Which of the keys is given; more than one, or none where one is required, is an error."""
        given = [key for key in keys if key in self.values]
        if len(given) > 1:
            raise self.bad(given[1], f"can't stand beside {given[0]}; keep one of them")
        if not given and required:
            raise self.bad(keys[0], f"is missing; give {_list(keys, 'or')}")
        return given[0] if given else None

    def number(self, key: str, *, above: float = -math.inf, least: float = -math.inf) -> float:
        """A finite number."""
        value = self._required(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.bad(key, "must be a number")
        if not math.isfinite(value) or value <= above or value < least:
            bound = f" above {above:g}" if above > -math.inf else ""
            bound = f" of at least {least:g}" if least > -math.inf else bound
            raise self.bad(key, f"must be a finite number{bound}")
        return float(value)

    def text(self, key: str, choices: tuple[str, ...] = ()) -> str:
        """A text that is not empty, one of `choices` where those are given."""
        value = self._required(key)
        if not isinstance(value, str) or not value.strip():
            raise self.bad(key, "must be a text in quotes")
        if choices and value not in choices:
            raise self.bad(key, f"must be one of {_list(choices, 'or')}")
        return value

    def duration(self, key: str) -> float:
        """Seconds."""
        try:
            return parse_duration(self._required(key))
        except BadInput as error:
            raise self.bad(key, error.message) from None

    def file_path(self, key: str) -> Path:
        """A file that exists, relative to the case file."""
        path = self.file.parent / self.text(key)
        if not path.is_file():
            raise self.bad(key, f"there is no file {path}; paths are relative to the case file")
        return path

    def number_or_file(self, key: str, *, least: float = -math.inf) -> float | Path:
        """A number, or the path of a raster."""
        if isinstance(self._required(key), str):
            return self.file_path(key)
        return self.number(key, least=least)

    def series(self, key: str, column: str, duration: float, lowest: float | None) -> Series:
        """A CSV that covers the run."""
        path = self.file_path(key)
        name = f"{self.file}: {self.title} {key}"
        try:
            found = read_series(path, column, blocks=column == "mm_per_h", name=name, lowest=lowest)
            check_covers(found, duration, f"{name} = {self.values[key]!r}")
        except BadInput as error:
            raise BadInput(error.message, field=self.bad(key, "").field) from None
        return found

    def points(self, key: str) -> tuple[tuple[float, float], ...]:
        """The points of a line: [[x, y], [x, y], ...]."""
        value = self._required(key)
        problem = "must be at least two points: [[x, y], [x, y]]"
        if not isinstance(value, list) or len(value) < 2:
            raise self.bad(key, problem)
        return tuple(self._point(key, point, problem) for point in value)

    def bounds(self, key: str) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        value = self._required(key)
        if not (
            isinstance(value, list)
            and len(value) == 4
            and all(isinstance(v, int | float) and math.isfinite(v) for v in value)
            and value[0] < value[2]
            and value[1] < value[3]
        ):
            raise self.bad(
                key, "must be [west, south, east, north] with west < east, south < north"
            )
        return (float(value[0]), float(value[1]), float(value[2]), float(value[3]))

    def _point(self, key: str, point: Any, problem: str) -> tuple[float, float]:
        pair = isinstance(point, list) and len(point) == 2
        if not pair or not all(
            isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v)
            for v in point
        ):
            raise self.bad(key, problem)
        return float(point[0]), float(point[1])

    def _required(self, key: str) -> Any:
        if key not in self.values:
            raise self.bad(key, "is missing")
        return self.values[key]


def _list(words: Any, last: str = "and") -> str:
    ordered = sorted(words) if isinstance(words, set) else list(words)
    head = ", ".join(ordered[:-1])
    return f"{head} {last} {ordered[-1]}" if head else ordered[-1]


def load_case(path: str | Path) -> Case:
    """Read and check a case file; raises BadInput. Rasters are opened by `terrain.load_inputs`."""
    file = Path(path)
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(f"There is no case file {file}; check the path") from None
    except IsADirectoryError:
        raise BadInput(f"{file} is a folder; name the case file in it") from None
    except OSError as error:
        raise BadInput(f"{file} can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} is not valid TOML: {error}") from None
    return parse_case(document, file)


def parse_case(document: dict[str, Any], file: Path) -> Case:
    """Check a case that was read already; `file` gives names to errors and a home to paths."""
    known = set(TABLES) | set(LISTS)
    for title in document:
        if title not in known:
            raise BadInput(
                f"{file}: [{title}] is not a known table; a case knows {_list(known)}", field=title
            )

    def table(title: str) -> Table:
        return Table(file, f"[{title}]", document.get(title, {}), TABLES[title])

    def tables(title: str, read: Callable[[Table, float], Any], duration: float) -> list[Any]:
        rows = document.get(title, [])
        if not isinstance(rows, list):
            raise BadInput(f"{file}: [{title}] must be written [[{title}]]", field=title)
        return [
            read(Table(file, f"[[{title}]] {number}", row, LISTS[title]), duration)
            for number, row in enumerate(rows, start=1)
        ]

    params = _params(table("run"))
    initial = table("initial")
    given = initial.one_of("level", "depth", required=False)
    roughness = table("roughness")
    gauges = tables("gauge", _gauge, params.duration)
    names = [gauge.name for gauge in gauges]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f'{file}: two gauges are called "{name}"; give each a name of its own')
    return Case(
        path=file,
        grid=_grid(table("grid")),
        params=params,
        manning=roughness.number_or_file("manning", least=0) if roughness.has("manning") else 0.035,
        rain=_rain(table("rain"), params.duration),
        inflows=tables("inflow", _inflow, params.duration),
        boundaries=tables("boundary", _boundary, params.duration),
        initial_level=initial.number_or_file("level") if given == "level" else None,
        initial_depth=initial.number_or_file("depth", least=0) if given == "depth" else None,
        gauges=gauges,
    )


def _grid(table: Table) -> GridSpec:
    return GridSpec(
        dem=table.file_path("dem"),
        crs=table.text("crs") if table.has("crs") else None,
        cell_m=table.number("cell_m", above=0) if table.has("cell_m") else None,
        bounds=table.bounds("bounds") if table.has("bounds") else None,
        vertical_datum=table.text("vertical_datum") if table.has("vertical_datum") else None,
    )


def _params(table: Table) -> FloodParams:
    given: dict[str, Any] = {
        "duration": table.duration("duration"),
        "output_interval": table.duration("output_interval"),
    }
    if given["output_interval"] > given["duration"]:
        raise table.bad(
            "output_interval", f"is longer than the run ({given['duration']:g} s); shorten it"
        )
    choices = {
        "solver": ("inertial",),
        "precision": ("float32", "float64"),
        "backend": BACKENDS,
    }
    for key, allowed in choices.items():
        if table.has(key):
            given[key] = table.text(key, allowed)
    if table.has("threads"):
        if table.number("threads", least=1) % 1:
            raise table.bad("threads", "must be a whole number")
        given["threads"] = int(table.number("threads"))
    return FloodParams(**given)


def _rain(table: Table, duration: float) -> Series | None:
    given = table.one_of("rate", "series", required=bool(table.values))
    if given is None:
        return None
    if given == "rate":
        return Series.constant(table.number("rate", least=0) * MM_PER_H)
    return table.series("series", "mm_per_h", duration, 0.0).scaled(MM_PER_H)


def _inflow(table: Table, duration: float) -> Inflow:
    if table.one_of("x", "line") == "x":
        line: tuple[tuple[float, float], ...] = ((table.number("x"), table.number("y")),)
    else:
        if table.has("y"):
            raise table.bad("y", "can't stand beside line; keep one of them")
        line = table.points("line")
    if table.one_of("discharge", "series") == "discharge":
        discharge = Series.constant(table.number("discharge", least=0))
    else:
        discharge = table.series("series", "m3_per_s", duration, 0.0)
    return Inflow(table.text("name"), line, discharge)


def _boundary(table: Table, duration: float) -> Boundary:
    where = table.one_of("edge", "line")
    kind = table.text("kind", KINDS)
    if kind != "open" and table.has("slope"):
        raise table.bad("slope", 'belongs to kind = "open" alone')
    level = None
    if kind == "stage":
        if table.one_of("level", "series") == "level":
            level = Series.constant(table.number("level"))
        else:
            level = table.series("series", "level_m", duration, None)
    else:
        for key in ("level", "series"):
            if table.has(key):
                raise table.bad(key, 'belongs to kind = "stage" alone')
    return Boundary(
        name=table.title,
        kind=kind,
        edge=table.text("edge", EDGES) if where == "edge" else None,
        line=table.points("line") if where == "line" else (),
        level=level,
        slope=table.number("slope", above=0) if table.has("slope") else None,
    )


def _gauge(table: Table, duration: float) -> Gauge:
    return Gauge(table.text("name"), table.number("x"), table.number("y"))
