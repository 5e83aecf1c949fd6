"""Roles come back as they were, but no file makes a superuser or changes whom a cluster has."""

import psycopg
import pytest
from psycopg.errors import OperationalError

from twin.local import database_users

NAMES = ["lan", "Người xem", "guild"]


@pytest.fixture
def server(services):
    with services.cluster.connect() as server:
        database_users.drop(server, NAMES)
        yield server
        database_users.drop(server, NAMES)


def read(server):
    return [role for role in database_users.read(server, private=True) if role["name"] in NAMES]


def test_the_twins_own_roles_are_not_among_them(server):
    names = {role["name"] for role in database_users.read(server, private=True)}
    assert not names & {*database_users.OURS}
    assert not [name for name in names if name.startswith("pg_")]


def test_roles_come_back_as_they_were(server, services):
    server.execute("CREATE ROLE guild; CREATE ROLE lan LOGIN NOINHERIT CONNECTION LIMIT 3")
    server.execute("ALTER ROLE lan PASSWORD 'hers' VALID UNTIL '2099-01-01'; GRANT guild TO lan")
    server.execute("""CREATE ROLE "Người xem" LOGIN PASSWORD 'x'""")
    server.execute("""GRANT pg_read_all_data TO "Người xem" """)
    before = read(server)
    database_users.drop(server, NAMES)
    assert sorted(database_users.make_missing(server, before)) == sorted(NAMES)
    assert read(server) == before
    psycopg.connect(
        host="127.0.0.1", port=services.port, user="lan", password="hers", dbname="postgres"
    ).close()


def test_a_file_makes_no_superuser(server):
    server.execute("CREATE ROLE lan LOGIN SUPERUSER BYPASSRLS PASSWORD 'hers'")
    server.execute("GRANT pg_execute_server_program, twin_admin TO lan")
    before = read(server)
    database_users.drop(server, ["lan"])
    made = database_users.make_missing(server, before)
    (after,) = read(server)
    assert (after["powers"], after["member_of"]) == ([], [])
    assert database_users.told(before, made)[1] == (
        "not given to lan from a file: superuser, bypassrls, pg_execute_server_program, "
        "twin_admin; give it by hand"
    )


def test_whom_the_cluster_has_keeps_the_password_of_today(server):
    server.execute("CREATE ROLE lan LOGIN PASSWORD 'old'")
    before = read(server)
    server.execute("ALTER ROLE lan PASSWORD 'new'")
    today = read(server)
    assert database_users.make_missing(server, before) == []
    assert read(server) == today
    assert database_users.told(before, []) == []


def test_without_a_verifier_nobody_logs_in(server, services):
    server.execute("CREATE ROLE lan LOGIN PASSWORD 'hers'")
    (hers,) = read(server)
    database_users.drop(server, ["lan"])
    made = database_users.make_missing(server, [{**hers, "verifier": None}])
    assert read(server)[0]["login"] is False
    assert "without a password" in database_users.told([{**hers, "verifier": None}], made)[0]
    with pytest.raises(OperationalError):
        psycopg.connect(
            host="127.0.0.1", port=services.port, user="lan", password="hers", dbname="postgres"
        )
