"""`twin flood run`: a case file in, a folder of results out; no database, no Django."""

from __future__ import annotations

import argparse
import json
import sys

EPILOG = """\
example:
  twin flood run storm.toml --out results/storm

A case file:
  [grid]       dem = "dem.tif"              # metric CRS; crs = "local" for a plain grid
  [run]        duration = "6h", output_interval = "5min"
  [roughness]  manning = 0.035              # or a raster
  [rain]       rate = 60                    # mm/h, or series = "rain.csv" (time_s, mm_per_h)
  [[inflow]]   name = "river", x = 1, y = 2, discharge = 50   # m³/s, or a series; or a line
  [[boundary]] edge = "west", kind = "open"                   # open, closed or stage
  [[gauge]]    name = "bridge", x = 1, y = 2

exit codes: 0 done, 1 failed, 2 the case can't be used, 3 canceled
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Declare `flood run`."""
    flood = subparsers.add_parser(
        "flood",
        help="run floods without a server",
        epilog="example: twin flood run storm.toml --out results/storm",
    )
    actions = flood.add_subparsers(dest="action", metavar="ACTION", required=True)
    run = actions.add_parser(
        "run",
        help="run a case file",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.add_argument("case", metavar="CASE.toml")
    run.add_argument("--out", required=True, metavar="DIR", help="a folder or fsspec URL")
    run.add_argument("--json", action="store_true", help="print the summary as JSON")
    run.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: all)")
    run.add_argument("--backend", help="numba, python or cuda (default: the case's, or numba)")
    run.set_defaults(run=run_flood, needs_django=False)


def run_flood(args: argparse.Namespace) -> int:
    """Run the case with a progress bar on stderr; returns 0."""
    from tqdm import tqdm

    from simulation.run import run_case, stop_on_signals

    with tqdm(
        total=100.0, unit="%", file=sys.stderr, disable=not sys.stderr.isatty(), leave=False
    ) as bar:

        def progress(fraction: float, message: str) -> None:
            bar.set_postfix_str(message, refresh=False)
            bar.update(round(100 * fraction, 1) - bar.n)

        summary = run_case(
            args.case,
            args.out,
            backend=args.backend,
            threads=args.threads,
            progress=progress,
            cancelled=stop_on_signals(),
        )
    if args.json:
        print(json.dumps(summary))
    else:
        print(
            f"{args.out}: {summary['steps']} steps in {summary['wall_s']:.1f} s, greatest depth "
            f"{summary['max_depth_m']:.2f} m, mass error {summary['mass_error_rel']:.1e}"
        )
    return 0
