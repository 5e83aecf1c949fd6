"""The tests' own cluster keeps the promises that the real one makes."""

import psycopg
import pytest
import redis

from twin.local import roles


@pytest.fixture
def owner(services):
    with psycopg.connect(services.database_url(roles.OWNER), autocommit=True) as connection:
        yield connection


def test_database_has_the_extensions(owner):
    found = {row[0] for row in owner.execute("SELECT extname FROM pg_extension")}
    assert set(roles.EXTENSIONS) <= found
    distance = owner.execute("SELECT ST_Distance('POINT(0 0)'::geometry, 'POINT(3 4)')").fetchone()
    assert distance == (5.0,)


def test_no_role_is_a_superuser(owner):
    rows = owner.execute(
        "SELECT rolname, rolsuper, rolcreaterole FROM pg_roles WHERE rolname = ANY(%s)",
        [list(roles.ROLES)],
    ).fetchall()
    assert sorted(rows) == sorted((role, False, False) for role in roles.ROLES)


def test_wrong_password_is_refused(services):
    address = services.database_url(roles.WEB).replace(services.passwords[roles.WEB], "guess")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(address)


def test_owner_cuts_databases_from_the_template(owner, services):
    owner.execute("CREATE DATABASE cut_by_owner TEMPLATE template_twin")
    try:
        with psycopg.connect(services.database_url(roles.OWNER, "cut_by_owner")) as connection:
            connection.execute("SELECT PostGIS_Version()")
            connection.execute("CREATE TABLE mine (id int)")
    finally:
        owner.execute("DROP DATABASE cut_by_owner")


def test_owner_may_add_reference_systems_and_web_may_not(owner, services):
    insert = "INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid) VALUES (919191, 'X', 1)"
    with owner.transaction(force_rollback=True):
        owner.execute(insert)
    with (
        psycopg.connect(services.database_url(roles.WEB)) as web,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        web.execute(insert)


def test_redis_wants_its_password(services):
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=services.redis_port).ping()
    assert redis.Redis(port=services.redis_port, password=services.redis_password).ping()
