"""`twin`: the command line. Words come in, one module is imported, its exit code goes out.

Headless commands (floods, signals, vision) go to plain modules and never import Django;
the others say so with `needs_django = True`, and Django is set up for them first.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from twin.core.errors import TwinError

# First word -> the module whose add_parser(subparsers) declares it. A module stays unimported
# until its word is asked for: `twin flood run` must work where Django is absent.
COMMANDS = {
    "up": "twin.local.commands",
    "down": "twin.local.commands",
    "status": "twin.local.commands",
    "demo": "twin.demo.commands",
    "import": "layers.commands",
    "user": "twin.core.commands",
    "backup": "twin.local.backup",
    "restore": "twin.local.backup",
    "flood": "simulation.commands",
    "bench": "twin.bench",
    "manage": "twin.core.commands",
}


def build_parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """The parser with only the module of the first word loaded; all of them for plain `--help`."""
    parser = argparse.ArgumentParser(
        prog="twin",
        description="Song Sinh, the digital twin of a city.",
        epilog="example: twin up --demo",
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    asked = next((word for word in words if not word.startswith("-")), None)
    modules = [COMMANDS[asked]] if asked in COMMANDS else list(dict.fromkeys(COMMANDS.values()))
    for name in modules:
        importlib.import_module(name).add_parser(subparsers)
    return parser


def setup_django() -> None:
    """Set Django up once for a command that needs the database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twin.settings.local")
    import django

    django.setup()


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0 (ok), 1 (failed) or 2 (bad input); errors go to stderr."""
    words = list(sys.argv[1:] if argv is None else argv)
    args = build_parser(words).parse_args(words)
    try:
        if getattr(args, "needs_django", False):
            setup_django()
        return int(args.run(args) or 0)
    except TwinError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1


if __name__ == "__main__":
    sys.exit(main())
