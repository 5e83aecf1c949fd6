"""People's own database users (QGIS): a cluster's roles come in, roles of another go out.

Roles belong to the cluster, not to the database, so pg_dump leaves them out and a dump with rights
of theirs can't be restored without them. The backup carries them with the verifiers of their
passwords (SCRAM, which is why its file is 0600). What would make a role a second superuser is not
given by a file: the administrator gives it again.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from twin.local import postgres, roles

OURS = (*roles.ROLES, postgres.SUPERUSER)
WITHHELD = ("superuser", "createrole", "createdb", "replication", "bypassrls")
# Other pg_ roles reach files and programs of the machine.
HARMLESS = ("pg_read_all_data", "pg_write_all_data", "pg_read_all_settings", "pg_read_all_stats")

COLUMNS = """r.rolname AS name, r.rolcanlogin AS login, r.rolinherit AS inherit,
    r.rolconnlimit AS connections, r.rolvaliduntil::text AS valid_until, {verifier} AS verifier,
    array_remove(ARRAY[CASE WHEN rolsuper THEN 'superuser' END,
        CASE WHEN rolcreaterole THEN 'createrole' END, CASE WHEN rolcreatedb THEN 'createdb' END,
        CASE WHEN rolreplication THEN 'replication' END,
        CASE WHEN rolbypassrls THEN 'bypassrls' END], NULL) AS powers,
    ARRAY(SELECT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
        WHERE m.member = r.oid ORDER BY 1) AS member_of"""
OURS_LEFT_OUT = "r.rolname != ALL(%s) AND r.rolname !~ '^pg_'"
ALL = f"SELECT {COLUMNS.format(verifier='r.rolpassword')} FROM pg_authid r WHERE {OURS_LEFT_OUT}"
# On a server of others: who has rights in this database, without the verifiers.
MENTIONED = f"""SELECT {COLUMNS.format(verifier="NULL")} FROM pg_roles r
    WHERE {OURS_LEFT_OUT} AND EXISTS (SELECT FROM pg_shdepend d JOIN pg_database b ON b.oid = d.dbid
    WHERE b.datname = current_database() AND d.refclassid = 'pg_authid'::regclass
    AND d.refobjid = r.oid)"""


def read(connection: psycopg.Connection, *, private: bool) -> list[dict[str, Any]]:
    """Every role but the twin's and PostgreSQL's own; `private`: as superuser of our cluster."""
    cursor = connection.execute(f"{ALL if private else MENTIONED} ORDER BY 1", [list(OURS)])
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def make_missing(server: psycopg.Connection, wanted: list[dict[str, Any]]) -> list[str]:
    """Create the roles that this cluster lacks; those that it has stay as they are.

    Returns the names of the made ones.
    """
    known = {row[0] for row in server.execute("SELECT rolname FROM pg_roles")}
    missing = [role for role in wanted if role["name"] not in known]
    with server.transaction():
        for role in missing:
            server.execute(_create(role))
        for role in missing:
            for group in filter(_may_join, role["member_of"]):
                if group in known or any(other["name"] == group for other in missing):
                    server.execute(
                        sql.SQL("GRANT {} TO {}").format(
                            sql.Identifier(group), sql.Identifier(role["name"])
                        )
                    )
    return [role["name"] for role in missing]


def _create(role: dict[str, Any]) -> sql.Composed:
    flags = "LOGIN" if _can_log_in(role) else "NOLOGIN"
    flags += f" {'INHERIT' if role['inherit'] else 'NOINHERIT'}"
    flags += f" CONNECTION LIMIT {int(role['connections'])}"
    command = sql.SQL(f"CREATE ROLE {{}} {flags}").format(sql.Identifier(role["name"]))
    if role["verifier"]:
        command += sql.SQL(" PASSWORD {}").format(sql.Literal(role["verifier"]))
    if role["valid_until"]:
        command += sql.SQL(" VALID UNTIL {}").format(sql.Literal(role["valid_until"]))
    return command


def _can_log_in(role: dict[str, Any]) -> bool:
    return bool(role["login"] and role["verifier"])


def _may_join(group: str) -> bool:
    return group != postgres.SUPERUSER and (not group.startswith("pg_") or group in HARMLESS)


def drop(server: psycopg.Connection, names: list[str]) -> None:
    """Take back what `make_missing` made."""
    for name in names:
        server.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))


def told(wanted: list[dict[str, Any]], made: list[str]) -> list[str]:
    """Lines for the person who restores: who was made, and what to give by hand."""
    lines = []
    for role in (role for role in wanted if role["name"] in made):
        name = role["name"]
        if _can_log_in(role):
            lines.append(f"made the database user {name}, with the password of the backup")
        elif role["login"]:
            lines.append(
                f"made the database user {name} without a password; to let {name} in: "
                f"ALTER ROLE {name} LOGIN PASSWORD '…'"
            )
        else:
            lines.append(f"made the database role {name}")
        left = [*role["powers"], *(g for g in role["member_of"] if not _may_join(g))]
        if left:
            lines.append(f"not given to {name} from a file: {', '.join(left)}; give it by hand")
    return lines
