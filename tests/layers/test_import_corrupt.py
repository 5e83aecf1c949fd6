"""Files with bytes changed at random are read, or refused as bad input: nothing else happens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.sources.batch import Findings
from layers.sources.geometry import fit_geometries
from layers.sources.osm import read_osm
from layers.sources.vector import read_vector
from layers.sources.vector_file import open_vector
from twin.core.errors import BadInput

OSM = b"""<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6">
<node id="1" version="1" lat="10.0" lon="106.0"/><node id="2" version="1" lat="10.0" lon="106.1"/>
<node id="3" version="1" lat="10.1" lon="106.1"><tag k="highway" v="street_lamp"/></node>
<way id="1" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/>
<tag k="building" v="house"/><tag k="height" v="26 m"/></way>
<way id="2" version="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/>
<tag k="lanes" v="2"/><tag k="layer" v="1"/></way>
<relation id="1" version="1"><member type="way" ref="1" role="outer"/>
<tag k="type" v="multipolygon"/><tag k="natural" v="water"/></relation>
</osm>"""
GEOJSON = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": n,
                "properties": {"code": f"H{n}", "flow_l_s": "5,5"},
                "geometry": {"type": "Point", "coordinates": [106.0 + n, 10.0]},
            }
            for n in range(5)
        ],
    }
).encode()
changes = st.lists(
    st.tuples(st.integers(min_value=0, max_value=10_000), st.integers(0, 255)), max_size=6
)
often = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def changed(content: bytes, places) -> bytes:
    found = bytearray(content)
    for place, byte in places:
        found[place % len(found)] = byte
    return bytes(found)


def read_all(batches, findings: Findings) -> None:
    try:
        for batch in batches:
            for kind in ("Point", "MultiLineString", "MultiPolygon"):
                fitted = fit_geometries(batch, kind, findings)
                assert all(shape.is_valid for shape in fitted.geometries)
    except BadInput as error:
        assert error.message


@often
@given(changes)
def test_openstreetmap(tmp_path: Path, places):
    path = tmp_path / "a.osm"
    path.write_bytes(changed(OSM, places))
    findings = Findings()
    read_all(read_osm(path, findings), findings)


@often
@given(changes)
@pytest.mark.parametrize("name", ["a.geojson", "a.json"])
def test_geojson(tmp_path: Path, name, places):
    content = GEOJSON if name == "a.geojson" else GEOJSON[GEOJSON.index(b"[") : -1]
    path = tmp_path / name
    path.write_bytes(changed(content, places))
    findings = Findings()

    def batches():
        file = open_vector(path, "hydrants", findings)
        yield from read_vector(file, "hydrants", ("code", "flow_l_s"), findings)

    read_all(batches(), findings)
