"""A real PostgreSQL server instead of the private cluster: DATABASE_URL comes in, roles go out.

What a superuser must do is tried and, where it is not permitted, asked for in words.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from twin.core.errors import Unavailable
from twin.local.roles import EXTENSIONS, INGEST, WEB

VARIABLE_OF = {WEB: "TWIN_WEB_DATABASE_URL", INGEST: "TWIN_INGEST_DATABASE_URL"}


def prepare(address: str, passwords: Mapping[str, str]) -> dict[str, str]:
    """Check the server, make extensions and roles where permitted.

    Returns the addresses of the web and ingest roles (the owner's own where no role could be
    made). Raises Unavailable where the server does not answer or has no PostGIS.
    """
    try:
        connection = psycopg.connect(address, connect_timeout=10, autocommit=True)
    except psycopg.OperationalError as error:
        raise Unavailable(f"DATABASE_URL: {str(error).strip()}") from error
    with connection:
        _extensions(connection)
        return {
            variable: os.environ.get(variable) or _role(connection, address, role, passwords[role])
            for role, variable in VARIABLE_OF.items()
        }


def _extensions(connection: psycopg.Connection) -> None:
    have = {row[0] for row in connection.execute("SELECT extname FROM pg_extension")}
    for name in [name for name in EXTENSIONS if name not in have]:
        try:
            connection.execute(sql.SQL("CREATE EXTENSION {}").format(sql.Identifier(name)))
        except psycopg.Error as error:
            raise Unavailable(
                f"the database {connection.info.dbname} has no {name} and this role can't add it; "
                f'let a superuser run there: CREATE EXTENSION "{name}"',
                code="no_postgis",
            ) from error


def _role(connection: psycopg.Connection, address: str, role: str, password: str) -> str:
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    try:
        connection.execute(
            sql.SQL("{} ROLE {} LOGIN NOSUPERUSER PASSWORD {}").format(
                sql.SQL("ALTER" if found else "CREATE"),
                sql.Identifier(role),
                sql.Literal(password),
            )
        )
        grant = sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.Identifier(role))
        connection.execute(grant)
    except psycopg.errors.InsufficientPrivilege:
        print(
            f"note: no right to make the role {role}; its work runs as the owner. Set "
            f"{VARIABLE_OF[role]} to use a role of your own.",
            file=sys.stderr,
        )
        return address
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{quote(password)}@{host}"))
