"""OpenStreetMap files: the counts of the real ones, and what a broken one does."""

from __future__ import annotations

import itertools
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from layers.sources.batch import Findings
from layers.sources.geometry import fit_geometries
from layers.sources.osm import file_bounds, read_osm
from layers.sources.osm_tags import AREAS, LINES, POINTS
from twin.core.errors import BadInput

GEOMETRY = {
    **dict.fromkeys(AREAS, "MultiPolygon"),
    **dict.fromkeys(LINES, "MultiLineString"),
    **dict.fromkeys(POINTS, "Point"),
}


def read(path: Path) -> tuple[dict[str, dict[str, dict]], Findings]:
    """Layer -> source id -> attributes with the geometry under "geom"."""
    findings = Findings()
    found: dict[str, dict[str, dict]] = {}
    for batch in read_osm(path, findings):
        batch = fit_geometries(batch, GEOMETRY[batch.layer], findings)
        for row, id in enumerate(batch.source_ids):
            values = {name: column[row] for name, column in batch.columns.items()}
            found.setdefault(batch.layer, {})[id] = {**values, "geom": batch.geometries[row]}
    return found, findings


@pytest.fixture(scope="module")
def district1(shared_data):
    return read(shared_data / "city/hcmc_osm/district1.osm.pbf")


def test_district_1_has_the_known_counts(district1):
    found, _ = district1
    counts = {layer: len(features) for layer, features in found.items()}
    assert counts["buildings"] == 2104
    assert counts["roads"] == 2539
    assert counts["signals"] == 184
    assert counts["lamps"] == 164
    assert counts["bus_stops"] == 190
    buildings = found["buildings"].values()
    assert sum(building["levels"] is not None for building in buildings) == 259
    measured = [b for b in buildings if b["height_m"] is not None and not b["height_estimated"]]
    assert len(measured) == 60


def test_heights_are_read_or_estimated_and_marked(district1):
    buildings = list(district1[0]["buildings"].values())
    assert 26.0 in {b["height_m"] for b in buildings if not b["height_estimated"]}
    estimated = [b for b in buildings if b["height_estimated"]]
    assert estimated
    for building in estimated:
        assert building["height_m"] == pytest.approx(3.3 * building["levels"], abs=0.06)
    assert 5.5 in {b["levels"] for b in buildings}


def test_every_name_is_composed(district1):
    names = [
        feature["name"]
        for layer in ("roads", "buildings", "bus_stops")
        for feature in district1[0][layer].values()
        if feature["name"]
    ]
    assert len(names) > 1000
    assert all(unicodedata.is_normalized("NFC", name) for name in names)


def test_every_incomplete_relation_is_named(district1):
    _, findings = district1
    incomplete = {
        item.id for item in findings.of("rejected") if item.reason.startswith("incomplete: ")
    }
    assert len(incomplete) == 49
    assert "relation/19260504" in incomplete  # Phường Sài Gòn: 7 of its ways are elsewhere


def test_each_highway_is_a_road_or_is_explained(district1):
    """2,574 ways are tagged highway: 2,539 lines and 35 areas."""
    found, findings = district1
    refused = Counter(item.reason for item in findings.of("rejected", "roads"))
    assert refused == {"drawn as an area (area=yes), not as a line": 2574 - 2539}
    assert len(findings.of("rejected", "signals")) == 1  # traffic_signals;crossing
    assert len(findings.of("rejected", "buildings")) == 3  # points
    roads = found["roads"].values()
    assert sum(road["bridge"] for road in roads) == 49
    assert sum(road["tunnel"] for road in roads) == 20


def test_porto_alegre(shared_data):
    found, findings = read(shared_data / "city/porto_alegre/poa_osm.pbf")
    assert len(found["roads"]) == 15852
    assert len(found["signals"]) == 1662
    assert len(found["buildings"]) == 19
    assert len(findings.of("rejected", "roads")) == 15886 - 15852


@pytest.mark.parametrize("name", ["q5_q10_2026-03.osm", "tandinh_dakao_2026-01.osm"])
def test_raw_xml_neighbors(shared_data, name):
    found, findings = read(shared_data / "city/hcmc_osm" / name)
    assert len(found["buildings"]) > 300
    assert file_bounds(shared_data / "city/hcmc_osm" / name) is not None
    assert not findings.of("rejected", "roads")


NODES = {
    1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0.2, 0.2), 6: (0.8, 0.2), 7: (0.8, 0.8),
    8: (0.2, 0.8), 9: (2, 0),
}  # fmt: skip


def osm_file(path: Path, ways: dict[int, tuple[list[int], dict]], relations=()) -> Path:
    """Write an OSM XML file with NODES, ways {id: (nodes, tags)} and multipolygon relations."""

    def tag(tags):
        return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())

    lines = ['<osm version="0.6">']
    lines += [
        f'<node id="{id}" version="1" lon="{106 + x}" lat="{10 + y}"/>'
        for id, (x, y) in NODES.items()
    ]
    for id, (nodes, tags) in ways.items():
        refs = "".join(f'<nd ref="{node}"/>' for node in nodes)
        lines.append(f'<way id="{id}" version="1">{refs}{tag(tags)}</way>')
    for id, members, tags in relations:
        refs = "".join(f'<member type="way" ref="{ref}" role="{role}"/>' for ref, role in members)
        tags = {"type": "multipolygon", **tags}
        lines.append(f'<relation id="{id}" version="1">{refs}{tag(tags)}</relation>')
    path.write_text("\n".join([*lines, "</osm>"]))
    return path


HOUSE = {"building": "yes"}


def test_rings_that_are_open_crossed_or_cut_off(tmp_path):
    path = osm_file(
        tmp_path / "rings.osm",
        {
            1: ([1, 2, 3, 4, 1], HOUSE),
            2: ([1, 2, 3, 4], HOUSE),  # open
            3: ([1, 3, 2, 4, 1], HOUSE),  # a bow tie
            4: ([1, 2, 99, 4, 1], HOUSE),  # a node outside the file
            5: ([1, 2, 1], HOUSE),  # no area
            6: ([1, 2], HOUSE),
            7: ([98, 99], HOUSE),
        },
    )
    found, findings = read(path)
    assert set(found["buildings"]) == {"way/1", "way/2", "way/3"}
    assert found["buildings"]["way/2"]["geom"].area == pytest.approx(1)
    assert found["buildings"]["way/3"]["geom"].area == pytest.approx(0.5)
    reasons = {item.id: item.reason for item in findings.items}
    assert reasons["way/2"] == "its ring was open; closed"
    assert "Self-intersection" in reasons["way/3"]
    assert reasons["way/4"] == "1 of its 5 nodes are not in the file"
    assert {"way/5", "way/6", "way/7"} <= {item.id for item in findings.of("rejected")}


def test_roads_that_leave_the_file_keep_what_is_inside(tmp_path):
    path = osm_file(
        tmp_path / "roads.osm",
        {
            1: ([1, 2, 99, 3, 4], {"highway": "primary"}),
            2: ([98, 99], {"highway": "primary"}),
            3: ([1, 2, 9], {"highway": "residential", "oneway": "-1", "layer": "high"}),
        },
    )
    found, findings = read(path)
    assert len(found["roads"]["way/1"]["geom"].geoms) == 2
    assert [item.id for item in findings.of("rejected")] == ["way/2"]
    backward = found["roads"]["way/3"]
    assert backward["geom"].geoms[0].coords[0] == (108, 10)
    assert backward["oneway"] is True
    assert 'layer: "high" is not a number' in {i.id: i.reason for i in findings.items}["way/3"]


def test_multipolygons_with_holes_and_broken_ones(tmp_path):
    ways = {
        1: ([1, 2, 3, 4, 1], {}),
        2: ([5, 6, 7, 8, 5], {}),
        3: ([1, 2, 3], {}),
        4: ([1, 3, 2, 4, 1], {}),
    }
    relations = [
        (1, [(1, "outer"), (2, "inner")], HOUSE),
        (2, [(3, "outer")], HOUSE),  # complete, but no ring
        (3, [(4, "outer")], HOUSE),  # a ring that crosses itself
        (4, [(1, "outer"), (77, "outer")], HOUSE),
    ]
    found, findings = read(osm_file(tmp_path / "relations.osm", ways, relations))
    assert set(found["buildings"]) == {"relation/1", "relation/3"}
    assert found["buildings"]["relation/1"]["geom"].area == pytest.approx(1 - 0.36)
    assert found["buildings"]["relation/3"]["geom"].area == pytest.approx(0.5)
    reasons = {item.id: item.reason for item in findings.items}
    assert reasons["relation/2"] == "its ways form no closed ring"
    assert reasons["relation/4"] == "incomplete: 1 of its 2 ways are not in the file"


@pytest.mark.parametrize("ending", [".osm.pbf", ".osm"])
def test_a_file_that_breaks_off_is_bad_input(tmp_path, shared_data, ending):
    source = {
        ".osm.pbf": "city/hcmc_osm/district1.osm.pbf",
        ".osm": "city/hcmc_osm/q5_q10_2026-03.osm",
    }[ending]
    whole = (shared_data / source).read_bytes()
    for share, name in itertools.product((0.0, 0.3, 0.9), ["cut"]):
        path = tmp_path / f"{name}{share}{ending}"
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(BadInput, match="can't be read as OpenStreetMap data"):
            list(read_osm(path, Findings()))
    noise = tmp_path / f"noise{ending}"
    noise.write_bytes(bytes(range(256)) * 50)
    with pytest.raises(BadInput):
        list(read_osm(noise, Findings()))
    with pytest.raises(BadInput, match="is not a file"):
        list(read_osm(tmp_path / "absent.osm", Findings()))
