"""`twin bench NAME`: each module of this package with a `run` is a benchmark of that name.

A benchmark is `run(json, *, option=default, ...)`: it prints its figures, as JSON where asked,
and returns them. Its keyword options become the command's, by name and type.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
from pathlib import Path

EPILOG = """\
examples:
  twin bench flood --json
  twin bench flood --size 500
"""


def names() -> list[str]:
    """The benchmarks there are, found without importing them."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return [file.stem for file in files if "\ndef run(" in file.read_text(encoding="utf-8")]


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Declare `bench`."""
    bench = subparsers.add_parser(
        "bench",
        help="measure this machine",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    bench.add_argument("name", choices=names(), metavar="NAME", help=", ".join(names()))
    bench.add_argument("options", nargs=argparse.REMAINDER, help="see twin bench NAME --help")
    bench.set_defaults(run=run_bench, needs_django=False)


def run_bench(args: argparse.Namespace) -> int:
    """Run one benchmark with its own options; returns 0."""
    module = importlib.import_module(f"twin.bench.{args.name}")
    parser = argparse.ArgumentParser(
        prog=f"twin bench {args.name}",
        description=inspect.getdoc(module),
        epilog=f"example: twin bench {args.name} --json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    for option in inspect.signature(module.run).parameters.values():
        if option.kind is inspect.Parameter.KEYWORD_ONLY:
            parser.add_argument(
                f"--{option.name.replace('_', '-')}",
                type=type(option.default),
                default=option.default,
                help=f"default: {option.default}",
            )
    module.run(**vars(parser.parse_args(args.options)))
    return 0
