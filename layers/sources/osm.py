"""Read an OpenStreetMap file (.osm, .osm.pbf, …) as a stream of batches of the twin's layers.

A file comes in; out come batches in EPSG:4326 with source ids such as "way/123", and findings for
every object that was left out or mended. Three passes: relations and their members; the features;
and, only if some relation's rings failed, its ways again. Memory grows with the node locations and
the relations, not with the features.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import osmium
import shapely

from layers.sources import osm_tags
from layers.sources.batch import Batch, Findings, Rows
from layers.sources.osm_tags import AREAS, LINES, POINTS, Reader, Tags
from twin.core.errors import BadInput

WKB = osmium.geom.WKBFactory()
# Findings about relations that no layer takes are listed under this name.
OTHER = "relations"


@dataclass
class Relations:
    """The multipolygon and boundary relations of a file, and which of them came out as areas."""

    members: dict[int, list[tuple[int, str]]] = field(default_factory=dict)  # (way, role)
    tags: dict[int, dict[str, str]] = field(default_factory=dict)
    missing: dict[int, int] = field(default_factory=dict)
    assembled: set[int] = field(default_factory=set)

    def failed(self) -> list[int]:
        """Complete relations of some layer for which no area could be built."""
        return [
            id
            for id in self.members
            if id not in self.missing and id not in self.assembled and area_layers(self.tags[id])
        ]


def read_osm(
    path: Path, findings: Findings, progress: Callable[[int], None] | None = None
) -> Iterator[Batch]:
    """Yield the features of an OpenStreetMap file by layer.

    progress: called with the number of objects read since the last call.
    Raises BadInput where the file is no OpenStreetMap file or breaks off.
    """
    if not path.is_file():
        what = "a folder, not a file" if path.is_dir() else "not a file"
        raise BadInput(f"{path} is {what}", field="file")
    try:
        relations = read_relations(path)
        report_incomplete(relations, findings)
        rows = Rows()
        yield from read_features(path, relations, rows, findings, progress or (lambda count: None))
        yield from rescue_failed(path, relations, rows, findings)
        yield from rows.rest()
    except (RuntimeError, ValueError, OSError, osmium.InvalidLocationError) as error:
        raise BadInput(
            f"{path.name} can't be read as OpenStreetMap data ({error}); "
            "give a whole .osm or .osm.pbf file",
            field="file",
        ) from error


def file_bounds(path: Path) -> tuple[float, float, float, float] | None:
    """The bounds (west, south, east, north) that the file's header declares, where it does."""
    try:
        with osmium.io.Reader(str(path), osmium.osm.osm_entity_bits.NOTHING) as reader:
            box = reader.header().box()
    except (RuntimeError, OSError, osmium.InvalidLocationError):
        return None
    if not box.valid():
        return None
    return box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat


def read_relations(path: Path) -> Relations:
    """The first pass: every multipolygon and boundary relation, and its absent member ways."""
    relations = Relations()
    wanted: dict[int, list[int]] = defaultdict(list)
    only = osmium.osm.osm_entity_bits
    thing: Any  # pyosmium's types do not follow the filters
    for thing in osmium.FileProcessor(str(path), only.RELATION):
        if thing.tags.get("type") in ("multipolygon", "boundary"):
            ways = [(member.ref, member.role) for member in thing.members if member.type == "w"]
            relations.members[thing.id] = ways
            relations.tags[thing.id] = dict(thing.tags)
            for way, _ in ways:
                wanted[way].append(thing.id)
        elif thing.tags.get("type") == "building":
            relations.tags[thing.id] = dict(thing.tags)
    present = osmium.filter.IdFilter(wanted.keys())
    for thing in osmium.FileProcessor(str(path), only.WAY).with_filter(present):
        wanted.pop(thing.id, None)
    for owners in wanted.values():
        for id in owners:
            relations.missing[id] = relations.missing.get(id, 0) + 1
    return relations


def report_incomplete(relations: Relations, findings: Findings) -> None:
    """Name every relation that the file holds only in part, and building relations as such."""
    for id, missing in relations.missing.items():
        tags = relations.tags[id]
        name = osm_tags.name(tags)
        of = len(relations.members[id])
        for layer in area_layers(tags) or [OTHER]:
            findings.reject(
                layer,
                f"relation/{id}",
                f"incomplete: {missing} of its {of} ways are not in the file"
                + (f" ({name})" if name else ""),
            )
    outlines = [id for id in relations.tags if id not in relations.members]
    if outlines:
        findings.note(
            f"{len(outlines)} relations of type=building only group parts of a building; "
            "its outline is taken from its own way"
        )


def read_features(
    path: Path,
    relations: Relations,
    rows: Rows,
    findings: Findings,
    progress: Callable[[int], None],
) -> Iterator[Batch]:
    """The second pass: nodes and ways as they are, areas of relations as pyosmium builds them."""
    processor = (
        osmium.FileProcessor(str(path))
        .with_areas(osmium.filter.TagFilter(("type", "multipolygon"), ("type", "boundary")))
        .with_filter(osmium.filter.KeyFilter(*osm_tags.KEYS))
    )
    thing: Any
    for count, thing in enumerate(processor, 1):
        if count % 5000 == 0:
            progress(5000)
        if thing.is_node():
            yield from read_node(thing, rows, findings)
        elif thing.is_way():
            yield from read_way(thing, rows, findings)
        elif thing.is_area() and not thing.from_way():
            yield from read_area(thing, relations, rows, findings)


def read_node(node: osmium.osm.Node, rows: Rows, findings: Findings) -> Iterator[Batch]:
    """Points: signals, lamps, bus stops, transformers."""
    source_id = f"node/{node.id}"
    tags: Tags = node.tags
    if "building" in tags and tags["building"] != "no":
        findings.reject("buildings", source_id, "a point among areas: draw the building's outline")
    highway = tags.get("highway", "")
    if ";" in highway:
        for word in highway.split(";"):
            layer = {"traffic_signals": "signals", "street_lamp": "lamps", "bus_stop": "bus_stops"}
            if word.strip() in layer:
                findings.reject(
                    layer[word.strip()],
                    source_id,
                    f'highway="{highway}" mixes two things; give each a node of its own',
                )
    for layer_name, attributes in attributes_of(POINTS, tags, source_id, findings):
        yield from rows.add(layer_name, source_id, WKB.create_point(node), attributes)


def read_way(way: osmium.osm.Way, rows: Rows, findings: Findings) -> Iterator[Batch]:
    """Lines, and the areas of closed ways."""
    tags = way.tags
    source_id = f"way/{way.id}"
    # A closed building or lake is an area; a closed street is a line unless it says area=yes.
    area = tags.get("area") == "yes"
    for layer, attributes in attributes_of(AREAS, tags, source_id, findings):
        if layer == "wards":
            continue  # a boundary way is a piece of a ward, never the ward
        ring = ring_of_way(way, layer, source_id, findings)
        if ring is not None:
            yield from rows.add(layer, source_id, ring, attributes)
    for layer, attributes in attributes_of(LINES, tags, source_id, findings):
        if area:
            findings.reject(layer, source_id, "drawn as an area (area=yes), not as a line")
            continue
        if tags.get("highway") in osm_tags.NOT_YET_ROADS:
            reason = f'highway={tags["highway"]}: no road yet, taken with class "other"'
            findings.repair(layer, source_id, reason)
        line = line_of_way(way, layer, source_id, findings)
        if line is not None:
            if osm_tags.runs_backward(tags):
                line = shapely.reverse(shapely.from_wkb(line))
            yield from rows.add(layer, source_id, line, attributes)


def read_area(
    area: osmium.osm.Area, relations: Relations, rows: Rows, findings: Findings
) -> Iterator[Batch]:
    """The area of a multipolygon or boundary relation."""
    id = area.orig_id()
    if not any(area.num_rings()):
        return  # pyosmium's way of saying that the rings do not close; see rescue_failed
    relations.assembled.add(id)
    source_id = f"relation/{id}"
    for layer, attributes in attributes_of(AREAS, area.tags, source_id, findings):
        yield from rows.add(layer, source_id, WKB.create_multipolygon(area), attributes)


def ring_of_way(
    way: osmium.osm.Way, layer: str, source_id: str, findings: Findings
) -> shapely.Geometry | None:
    """The polygon of a way; None, with a finding, where no ring can be made of it."""
    total = len(way.nodes)
    points = [(node.lon, node.lat) for node in way.nodes if node.location.valid()]
    if len(points) < total:
        absent = total - len(points)
        findings.reject(layer, source_id, f"{absent} of its {total} nodes are not in the file")
        return None
    if len(set(points)) < 3:
        findings.reject(layer, source_id, f"a ring of {len(set(points))} points has no area")
        return None
    if points[0] != points[-1]:
        if layer == "buildings" and shapely.is_valid(shapely.Polygon(points)):
            findings.repair(layer, source_id, "its ring was open; closed")
        else:
            # An open way with landuse=* or natural=* is a line on purpose.
            findings.reject(layer, source_id, "its ring is open")
            return None
    return shapely.Polygon(points)


def line_of_way(
    way: osmium.osm.Way, layer: str, source_id: str, findings: Findings
) -> str | shapely.Geometry | None:
    """The line of a way (hex WKB), or of its parts inside the file; None, with a finding."""
    try:
        return WKB.create_linestring(way)
    except osmium.InvalidLocationError:
        pass
    except (RuntimeError, ValueError):
        findings.reject(layer, source_id, "a line needs two different points")
        return None
    runs: list[list[tuple[float, float]]] = [[]]
    for node in way.nodes:
        if node.location.valid():
            runs[-1].append((node.lon, node.lat))
        elif runs[-1]:
            runs.append([])
    lines = [run for run in runs if len(set(run)) > 1]
    absent = sum(not node.location.valid() for node in way.nodes)
    words = f"{absent} of its {len(way.nodes)} nodes are not in the file"
    if not lines:
        findings.reject(layer, source_id, words)
        return None
    findings.repair(layer, source_id, f"{words}; the part inside is kept")
    return shapely.multilinestrings([shapely.LineString(run) for run in lines])


def rescue_failed(
    path: Path, relations: Relations, rows: Rows, findings: Findings
) -> Iterator[Batch]:
    """The third pass: build the failed relations from whatever rings their ways form."""
    failed = relations.failed()
    if not failed:
        return
    ids = {way for id in failed for way, _ in relations.members[id]}
    lines: dict[int, shapely.Geometry] = {}
    only = osmium.osm.osm_entity_bits
    processor = osmium.FileProcessor(str(path), only.NODE | only.WAY).with_locations()
    thing: Any
    for thing in processor.with_filter(osmium.filter.EntityFilter(only.WAY)):
        if thing.id in ids and all(node.location.valid() for node in thing.nodes):
            points = [(node.lon, node.lat) for node in thing.nodes]
            if len(set(points)) > 1:
                lines[thing.id] = shapely.LineString(points)
    for id in failed:
        source_id = f"relation/{id}"
        shape = shape_of_rings(relations.members[id], lines)
        for layer, attributes in attributes_of(AREAS, relations.tags[id], source_id, findings):
            if shape.is_empty:
                findings.reject(layer, source_id, "its ways form no closed ring")
            else:
                findings.repair(layer, source_id, "its rings cross, or lie open in part; rebuilt")
                yield from rows.add(layer, source_id, shape, attributes)


def shape_of_rings(
    members: list[tuple[int, str]], lines: dict[int, shapely.Geometry]
) -> shapely.Geometry:
    """What the outer ways enclose less what the inner ways enclose; empty without a closed ring."""

    def enclosed(inner: bool) -> shapely.Geometry:
        ways = [lines[way] for way, role in members if way in lines and (role == "inner") == inner]
        rings = shapely.get_parts(shapely.polygonize([shapely.union_all(ways)]))
        return shapely.union_all(rings)

    return shapely.difference(enclosed(inner=False), enclosed(inner=True))


def attributes_of(
    readers: dict[str, Reader], tags: Tags, source_id: str, findings: Findings
) -> Iterator[tuple[str, dict]]:
    """The layers an object belongs to with its attributes there; unreadable values are findings."""
    for layer, read in readers.items():
        problems: list[str] = []
        attributes = read(tags, problems)
        if attributes is None:
            continue
        if problems:
            findings.repair(layer, source_id, f"left empty: {'; '.join(problems)}")
        yield layer, attributes


def area_layers(tags: Tags) -> list[str]:
    """The layers that would take an area with these tags."""
    return [layer for layer, read in AREAS.items() if read(tags, []) is not None]
