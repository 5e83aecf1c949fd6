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

from twin.core.errors import TwinError, Unavailable

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


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The words as arguments; an unknown one ends with the usage of the command it was given to."""
    parser = build_parser(words)
    args, unknown = parser.parse_known_args(words)
    if unknown:
        inner: argparse.ArgumentParser | None = parser
        while inner:
            parser, inner = inner, None
            for action in parser._actions:
                if isinstance(action, argparse._SubParsersAction):
                    inner = action.choices.get(getattr(args, action.dest))
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    return args


def setup_django() -> None:
    """Set Django up once for a command that needs the database.

    Raises Unavailable where no twin was ever started.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twin.settings.local")
    from twin.local import paths

    known = paths.read_env().get("TWIN_SECRET_KEY")
    if os.environ["DJANGO_SETTINGS_MODULE"] == "twin.settings.local" and not known:
        raise Unavailable(f"there is no twin in {paths.data_dir()}; run `twin up` once")
    import django

    django.setup()


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0 (ok), 1 (failed) or 2 (bad input); errors go to stderr."""
    words = list(sys.argv[1:] if argv is None else argv)
    args = parse(words)
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
    except Exception as error:
        if not database_gone(error):
            raise
        said = (str(error).strip().splitlines() or ["no answer"])[0]
        print(
            f"error: the database does not answer ({said}); see `twin status`, start it with "
            "`twin up`",
            file=sys.stderr,
        )
        return 1


def database_gone(error: Exception) -> bool:
    """The error is Django's of a server that does not answer; Django may be absent."""
    database = sys.modules.get("django.db")
    return database is not None and isinstance(
        error, database.OperationalError | database.InterfaceError
    )


if __name__ == "__main__":
    sys.exit(main())
