"""docs/reference/case-toml.md: every key of a flood case; words must fit the keys of the code."""

from __future__ import annotations

from simulation.flood.case import EDGES, KINDS, LISTS, TABLES, FloodParams
from simulation.flood.forcing import SLOPE_FLOOR
from simulation.flood.model import Flood
from simulation.flood.publish import GAUGE_COLUMNS
from simulation.flood.series import UNITS
from simulation.launch import BACKENDS
from twin.reference.markdown import code, page, table

Keys = dict[str, tuple[str, str]]  # key -> (value, meaning)

INTRO = """\
# Case files

`twin flood run CASE.toml --out DIR` reads one TOML file and the rasters and series beside it. An
unknown key, a missing file or a value that can't be meant stops the run before it starts, with exit
code 2 and a line that names file, key, value and way out.

```toml
[grid]
dem = "dem.tif"

[run]
duration = "6h"
output_interval = "5min"

[roughness]
manning = 0.035

[rain]
series = "rain.csv"

[[inflow]]
name = "river"
line = [[590410, 1859500], [590410, 1859560]]
discharge = 120

[[boundary]]
edge = "east"
kind = "open"

[[gauge]]
name = "bridge"
x = 591550
y = 1859530
```

## Conventions
"""
CONVENTIONS = (
    'Durations are seconds or text with a unit ({units}): `90`, `"90s"`, `"5min"`, `"6h"`.',
    "Paths are relative to the case file.",
    "Coordinates are those of the model's grid, in meters, x east and y north.",
    "Levels are in the DEM's datum; nothing is shifted.",
    "The grid's CRS is metric. A DEM in degrees is refused unless `crs` names a metric CRS and "
    '`cell_m` a cell size to warp it to; `crs = "local"` takes the DEM\'s own cells as meters.',
    "Cells without data (nodata, NaN) are walls: water neither enters nor crosses them.",
    'An edge that no boundary names is closed, as is one named `kind = "closed"`.',
    "An edge means the first cell with data of each row or column, seen from that side. Where two "
    "boundaries meet, the first one in the file owns the cell.",
    "The discharge of a line is the total over the line, shared evenly by its cells with data.",
    "A gauge reads the cell that contains it; a cell owns its western and northern edges.",
    "Rain falls on every cell with data. Values of a rain series hold from their time until the "
    "next row; discharges and levels run straight between rows.",
    "A series must begin at 0 s and last at least as long as the run.",
    "`cell_updates` in the summary counts the cells that were computed, not grid times steps: "
    "dry parts of the grid are skipped.",
)

TEXTS: dict[str, Keys] = {
    "grid": {
        "dem": ("file, required", "raster of bed levels [m], one band"),
        "crs": ('"EPSG:…" or "local"', "metric CRS; the raster's own unless given"),
        "cell_m": ("number", "warp the DEM to cells of this size [m]"),
        "bounds": ("[west, south, east, north]", "compute this part only, in the grid's CRS"),
        "vertical_datum": ("text", "name of the datum of the levels; the results carry it"),
    },
    "run": {
        "duration": ("duration, required", "simulated time"),
        "output_interval": ("duration, required", "time between two results"),
        "solver": ('"inertial"', "the local-inertia scheme (the only one yet)"),
        "precision": ('"float32" or "float64"', "of the state; volumes are summed in float64"),
        "backend": ("{backends}", "where the cells are computed"),
        "threads": ("whole number", "CPU threads; all that the machine offers unless given"),
    },
    "roughness": {"manning": ("number or file", "Manning's n [s/m^(1/3)]; 0.035 unless given")},
    "rain": {
        "rate": ("number", "steady rain [mm/h]"),
        "series": ("file", "CSV with the columns time_s, mm_per_h"),
    },
    "inflow": {
        "name": ("text, required", "shown in messages"),
        "x": ("number", "of a point"),
        "y": ("number", "of a point"),
        "line": ("[[x, y], [x, y], …]", "instead of a point"),
        "discharge": ("number", "steady, m³/s"),
        "series": ("file", "instead: CSV with the columns time_s, m3_per_s"),
    },
    "boundary": {
        "edge": ("{edges}", "a side of the grid"),
        "line": ("[[x, y], [x, y], …]", "instead: cells inside the grid"),
        "kind": (
            "{kinds}, required",
            "open lets water leave at normal flow, closed is a wall, stage holds a level (brings "
            "water or takes it)",
        ),
        "level": ("number", "of a stage [m]"),
        "series": ("file", "instead: CSV with the columns time_s, level_m"),
        "slope": (
            "number",
            "of an open edge; unless given, the water surface's own there, at least {floor:g}",
        ),
    },
    "initial": {
        "level": ("number or file", "water level at the start [m]"),
        "depth": ("number or file", "instead: water depth at the start [m]; 0 unless given"),
    },
    "gauge": {
        "name": ("text, required", "in gauges.csv; each its own"),
        "x": ("number, required", ""),
        "y": ("number, required", ""),
    },
}
FILES = (
    ("results.zarr", "everything below, with CF attributes; xarray opens it"),
    ("gauges.csv", "columns " + ", ".join(GAUGE_COLUMNS)),
    ("max_depth.tif", "greatest depth [m], GeoTIFF"),
    ("summary.json", "the run in numbers; written last, so its presence means the run is whole"),
)
SUMMARY = (
    ("steps", "time steps"),
    ("wall_s, cpu_s", "seconds on the clock and of all threads"),
    ("cell_updates", "cells computed"),
    ("initial_m3", "water at the start: a river's baseflow, a lake, a given level or depth"),
    ("rain_m3, inflow_m3, outflow_m3", "water that fell, came in and left during the run"),
    ("stored_m3", "water at the end: initial + rain + inflow − outflow, but for the mass error"),
    ("mass_error_rel", "(stored + outflow − in) / in, where in is initial + rain + inflow"),
    ("max_depth_m", "greatest depth anywhere"),
    ("solver, precision, backend, threads", "what was run"),
)


def write() -> str:
    """The page; raises ValueError where keys and their words have come apart."""
    known = TABLES | LISTS
    for title in known.keys() | TEXTS.keys():
        if known.get(title, set()) != TEXTS.get(title, {}).keys():
            raise ValueError(f"The words about [{title}] in {__file__} do not fit the code's keys")
    names = {
        "backends": _choices(BACKENDS),
        "edges": _choices(EDGES),
        "kinds": _choices(KINDS),
        "units": ", ".join(UNITS),
        "floor": SLOPE_FLOOR,
    }
    lines = [INTRO, *(f"- {line.format(**names)}" for line in CONVENTIONS), "", "## Keys", ""]
    for title, keys in TEXTS.items():
        lines += [f"### [[{title}]]" if title in LISTS else f"### [{title}]", ""]
        if title in LISTS:
            lines += ["May stand more than once.", ""]
        rows = (
            (code(key), value.format(**names), meaning.format(**names) + _default(key, title))
            for key, (value, meaning) in keys.items()
        )
        lines += table(("Key", "Value", "Meaning"), rows)
    lines += ["## Results", "", *table(("File", "Content"), ((code(a), b) for a, b in FILES))]
    lines += ["Variables of `results.zarr`:", ""]
    lines += table(
        ("Name", "Dimensions", "Unit", "Meaning"),
        ((code(v.name), ", ".join(v.dims), v.units, v.long_name) for v in Flood.outputs),
    )
    lines += ["Numbers of `summary.json`:", "", *table(("Name", "Meaning"), SUMMARY)]
    return page(*lines)


def _choices(words: tuple[str, ...]) -> str:
    return ", ".join(f'"{word}"' for word in words[:-1]) + f' or "{words[-1]}"'


def _default(key: str, title: str) -> str:
    fields = FloodParams.__dataclass_fields__
    default = fields[key].default if title == "run" and key in fields else None
    return f"; {default} unless given" if isinstance(default, str) else ""
