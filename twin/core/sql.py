"""SQL files and identifiers: `<app>/sql/name.sql` comes in, statements ready to run go out."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any, LiteralString, cast

from django.db import connection
from psycopg import sql

Composable = sql.Composable


@cache
def statement(app: str, name: str) -> LiteralString:
    """The text of `<app>/sql/<name>.sql`. `app` is a package such as "tiles" or "twin.core"."""
    text = resources.files(app).joinpath("sql", f"{name}.sql").read_text("utf-8")
    # These files are part of the program, never of the input.
    return cast(LiteralString, text)


def compose(app: str, name: str, **parts: Composable) -> sql.Composed:
    """A statement with its {parts} filled in. Values stay bound; braces of SQL are doubled."""
    return sql.SQL(statement(app, name)).format(**parts)


def ident(*names: str) -> sql.Identifier:
    """A quoted, perhaps qualified, identifier: ident("history", "layers_roads")."""
    return sql.Identifier(*names)


def execute(query: Any, params: Any = None) -> list[tuple[Any, ...]]:
    """Run one query on Django's connection; the rows, or an empty list where there are none."""
    with connection.cursor() as cursor:
        if isinstance(query, sql.Composable):
            query = query.as_string(cursor.cursor)
        cursor.execute(query, params)
        return cursor.fetchall() if cursor.description else []
