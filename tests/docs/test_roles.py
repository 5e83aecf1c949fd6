"""What README and limits say of roles and layers is what the declarations and the code say."""

from __future__ import annotations

from simulation.case_files import BLOCK_M, COARSEST_BLOCKS_M
from simulation.impacts import CLASS_EDGES_M, SHARE_OF_PARCEL
from tests.docs.blocks import ROOT
from twin.core.api import STORM_ROLES
from twin.core.declare import GROUPS
from twin.core.features import declared_layers
from twin.core.users import STAFF_ROLES
from twin.demo.logins import USERS

README = (ROOT / "README.md").read_text("utf-8")
LIMITS = " ".join((ROOT / "docs" / "limits.md").read_text("utf-8").split())
NUMBERS = {31: "Thirty-one", 32: "Thirty-two", 33: "Thirty-three"}


def role_table() -> dict[str, str]:
    rows = [line.split("|")[1:3] for line in README.splitlines() if line.startswith("| `")]
    cells = {name.strip().strip("`"): words.strip() for name, words in rows}
    return {name: words for name, words in cells.items() if not name.startswith("twin ")}


def editable(role: str) -> set[str]:
    return {
        layer.name for layer in declared_layers().values() if role in layer.access.groups("edit")
    }


def test_every_role_is_in_the_table():
    assert list(role_table()) == list(GROUPS) == list(USERS)


def test_the_table_says_who_runs_storms():
    said = {role for role, words in role_table().items() if "run storms" in words}
    assert said == set(STORM_ROLES)


def test_the_table_says_who_edits_what():
    every = set(declared_layers())
    assert editable("viewer") == set()
    assert editable("planner") == {"land_use_zones", "development_projects", "construction_permits"}
    assert editable("flood_officer") == {"sensors", "rivers", "water_bodies", "levees"}
    assert editable("traffic_engineer") == {
        "roads",
        "intersections",
        "signals",
        "bus_stops",
        "cameras",
    }
    assert editable("gis_editor") == every - {"construction_permits"}
    assert editable("admin") == every
    assert {role for role in GROUPS if editable(role)} == STAFF_ROLES


def test_the_number_of_layers():
    assert f"{NUMBERS[len(declared_layers())]} are there" in README


def test_the_numbers_of_the_limits():
    assert f"cells of {COARSEST_BLOCKS_M:g} m or less" in LIMITS
    assert f"raised by {BLOCK_M:g} m" in LIMITS
    assert f"Water under {CLASS_EDGES_M[0]:g} m does not count" in LIMITS
    assert f"a parcel from {100 * SHARE_OF_PARCEL:g} % under water" in LIMITS
