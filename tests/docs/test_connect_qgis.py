"""docs/how-to/connect-qgis.md: a user made by its SQL edits as the page says."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection

from tests.docs.blocks import ROOT, blocks
from twin.core.db import connect_arguments

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = ROOT / "docs" / "how-to" / "connect-qgis.md"
SQUARE = "ST_Multi(ST_MakeEnvelope(107.1, 16.8, 107.101, 16.801, 4326))"


@pytest.fixture
def lan(services):
    """A connection of the user that the page makes, as QGIS opens one."""
    [block] = [block for block in blocks(PAGE) if block.language == "sql"]
    database = connection.settings_dict["NAME"]
    with services.cluster.connect(database) as admin:
        admin.execute(block.text)
    arguments = connect_arguments() | {
        "user": "lan",
        "password": "a password of her own",
        "application_name": "QGIS",
    }
    with psycopg.connect(**arguments, autocommit=True) as user:
        yield user
    with services.cluster.connect(database) as admin:
        admin.execute("DROP OWNED BY lan")
        admin.execute("DROP ROLE lan")


def test_her_edits_are_stamped_and_kept(lan):
    lan.execute(f"INSERT INTO layers_buildings (name, geom) VALUES ('as she drew it', {SQUARE})")
    lan.execute("UPDATE layers_buildings SET name = 'after'")
    now = lan.execute("SELECT name, version, created_by, updated_by FROM layers_buildings")
    assert now.fetchall() == [("after", 2, "lan", "lan")]
    kept = lan.execute(
        "SELECT name, superseded_by, application FROM history.layers_buildings "
        "WHERE name = 'as she drew it'"
    )
    assert kept.fetchall() == [("as she drew it", "lan", "QGIS")]


def test_an_invalid_polygon_names_the_constraint(lan):
    bow_tie = "'SRID=4326;MULTIPOLYGON(((0 0,1 1,1 0,0 1,0 0)))'"
    with pytest.raises(psycopg.errors.CheckViolation, match="_valid"):
        lan.execute(f"INSERT INTO layers_buildings (geom) VALUES ({bow_tie})")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE layers_roads SET name = 'mine'",
        "SELECT * FROM layers_construction_permits",
        "SELECT * FROM auth_user",
        "DELETE FROM history.layers_buildings",
        "DROP TABLE layers_buildings",
    ],
)
def test_she_may_do_no_more_than_was_granted(lan, statement: str):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        lan.execute(statement)
