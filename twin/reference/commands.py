"""docs/reference/commands.md: every `twin` command with its options, read from the parsers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from twin.cli import COMMANDS, build_parser
from twin.reference.markdown import cell, code, page, table

INTRO = """\
# Commands

`twin COMMAND --help` says the same on the screen. Every command exits with 0 (done), 1 (failed) or
2 (the input can't be used), and says in one line on standard error what was wrong; a flood that was
canceled exits with 3.

`twin flood` needs no database and no server. The others work on the twin in the folder `TWIN_DATA`.
"""


def summary() -> list[tuple[str, str]]:
    """(command, what it does) in the order of `twin --help`."""
    _, choices = _subcommands(build_parser(["--help"]))
    words = dict(choices)
    return [(f"twin {name}", words[name]) for name in COMMANDS if name in words]


def write() -> str:
    """The page."""
    lines = [INTRO, *table(("Command", "What it does"), ((code(a), b) for a, b in summary()))]
    for path, words, parser in _commands(build_parser(["--help"]), "twin"):
        lines += [f"## {path}", "", sentence(parser.description or words), ""]
        rows = list(_options(parser))
        if rows:
            lines += table(("Argument", "Meaning"), rows)
        if parser.epilog:
            lines += ["```text", parser.epilog.strip("\n"), "```", ""]
    return page(*lines)


def sentence(words: str) -> str:
    """The words with a capital and a full stop."""
    text = cell(words)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _subcommands(
    parser: argparse.ArgumentParser,
) -> tuple[dict[str, argparse.ArgumentParser], list[tuple[str, str]]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            words = [(choice.dest, choice.help or "") for choice in action._choices_actions]
            return dict(action.choices), words
    return {}, []


def _commands(
    parser: argparse.ArgumentParser, path: str
) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    parsers, choices = _subcommands(parser)
    order = list(COMMANDS) if path == "twin" else list(parsers)
    words = dict(choices)
    for name in sorted(parsers, key=order.index):
        yield f"{path} {name}", words.get(name, ""), parsers[name]
        yield from _commands(parsers[name], f"{path} {name}")


def _options(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            continue
        if action.help == argparse.SUPPRESS:
            continue
        value = action.metavar or ("" if action.nargs == 0 else action.dest.upper())
        if action.choices and not action.metavar:
            value = "|".join(map(str, action.choices))
        if isinstance(value, tuple):
            value = " ".join(value)
        more = " …" if action.nargs in ("*", "+", argparse.REMAINDER) else ""
        name = action.option_strings[-1] if action.option_strings else ""
        shown = f"{name} {value}{more}".strip()
        must = " (required)" if action.option_strings and action.required else ""
        yield code(shown), (action.help or "").replace("%(default)s", str(action.default)) + must
