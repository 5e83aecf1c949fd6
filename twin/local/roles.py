"""Roles, database and extensions of a fresh cluster: a superuser's connection comes in.

`twin_owner` owns the database (migrations, imports), `twin_web` and `twin_ingest` get only what
the migrations grant them. None is a superuser, so the extensions are made here, in a template
from which new databases (restores, tests) are cut.
"""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import sql

OWNER, WEB, INGEST = "twin_owner", "twin_web", "twin_ingest"
ROLES = (OWNER, WEB, INGEST)
DATABASE = "twin"
TEMPLATE = "template_twin"
EXTENSIONS = ("postgis", "pg_trgm", "unaccent")


def create_roles(
    connection: psycopg.Connection, passwords: Mapping[str, str], *, createdb: bool = False
) -> None:
    """Create or update the three roles; `createdb` lets the owner make test databases."""
    for role in ROLES:
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        flags = "LOGIN NOSUPERUSER NOCREATEROLE NOREPLICATION "
        flags += "CREATEDB" if createdb and role == OWNER else "NOCREATEDB"
        connection.execute(
            sql.SQL("{verb} ROLE {role} {flags} PASSWORD {password}").format(
                verb=sql.SQL("ALTER" if found else "CREATE"),
                role=sql.Identifier(role),
                flags=sql.SQL(flags),
                password=sql.Literal(passwords[role]),
            )
        )


def create_template(server: psycopg.Connection, connect) -> None:
    """Make `template_twin` with the extensions.

    server: autocommit connection of a superuser; connect(dbname): opens another one.
    """
    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    with connect(TEMPLATE) as inside:
        prepare_database(inside)
    # Marked as a template, anyone with CREATEDB may copy it (tests do).
    server.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(sql.Identifier(TEMPLATE)))


def create_database(server: psycopg.Connection, name: str, template: str = TEMPLATE) -> None:
    """Make a database owned by twin_owner, extensions included."""
    server.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
            sql.Identifier(name), sql.Identifier(template), sql.Identifier(OWNER)
        )
    )


def prepare_database(connection: psycopg.Connection) -> None:
    """Extensions and the rights that only a superuser can give; safe to repeat."""
    for name in EXTENSIONS:
        connection.execute(
            sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name))
        )
    owner = sql.Identifier(OWNER)
    connection.execute(sql.SQL("GRANT ALL ON SCHEMA public TO {}").format(owner))
    # Migrations add Vietnam's VN-2000 zones, which PostGIS 3.3 lacks.
    connection.execute(
        sql.SQL("GRANT SELECT, INSERT, UPDATE ON spatial_ref_sys TO {}").format(owner)
    )
    for role in (WEB, INGEST):
        connection.execute(
            sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.Identifier(role))
        )
