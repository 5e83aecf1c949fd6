"""OpenStreetMap tags become a layer's attributes: one function a layer, no geometry here.

Each function takes the tags of an object and returns the attributes, or None where the object
does not belong to its layer. Values that can't be read are left empty and named in `problems`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from layers.sources import text

Tags = Any  # a mapping from key to value: pyosmium's TagList or a dict
Problems = list[str]
Attributes = dict[str, Any]

# Tags that none of the functions below looks at are never read from the file.
KEYS = (
    "building",
    "highway",
    "waterway",
    "natural",
    "landuse",
    "leisure",
    "power",
    "boundary",
    "man_made",
)
MAIN_ROADS = ("motorway", "trunk", "primary", "secondary", "tertiary")
ROADS = {
    **{name: name for name in MAIN_ROADS},
    **{f"{name}_link": name for name in MAIN_ROADS},
    "residential": "residential",
    "unclassified": "residential",
    "road": "residential",
    "living_street": "residential",
    "service": "service",
    "busway": "service",
    "bus_guideway": "service",
    "services": "service",
    "escape": "service",
    "pedestrian": "pedestrian",
    "track": "track",
    "footway": "path",
    "path": "path",
    "steps": "path",
    "cycleway": "path",
    "bridleway": "path",
    "corridor": "path",
}
NOT_YET_ROADS = {"proposed", "construction", "planned"}
BUILDINGS = {
    "residential": (
        "residential apartments house detached semidetached_house terrace dormitory bungalow "
        "cabin farm villa houseboat static_caravan hut"
    ),
    "commercial": "commercial retail office hotel supermarket kiosk shop bank marketplace",
    "industrial": "industrial warehouse factory manufacture hangar storage_tank silo",
    "public": (
        "public civic government townhall fire_station police train_station bus_station "
        "transportation stadium sports_hall sports_centre museum palace library guard_house"
    ),
    "religious": (
        "religious church chapel cathedral mosque temple pagoda shrine synagogue monastery "
        "convent place_of_worship"
    ),
    "education": "school university college kindergarten education",
    "health": "hospital clinic doctors pharmacy",
    "other": (
        "roof garage garages carport shed parking construction ruins toilets service "
        "greenhouse bunker bridge tower water_tower"
    ),
}
USE_OF_BUILDING = {word: use for use, words in BUILDINGS.items() for word in words.split()}
USE_OF_LAND = {
    "residential": "residential",
    "commercial": "commercial",
    "retail": "commercial",
    "industrial": "industrial",
    "religious": "public",
    "military": "public",
    "education": "public",
    "institutional": "public",
    "cemetery": "green",
    "recreation_ground": "green",
    "village_green": "green",
    "forest": "green",
    "farmland": "agriculture",
    "farmyard": "agriculture",
    "orchard": "agriculture",
    "aquaculture": "agriculture",
    "railway": "transport",
}
RIVERS = {"river": "river", "stream": "stream", "tidal_channel": "stream", "canal": "canal",
          "drain": "drain", "ditch": "drain"}  # fmt: skip
WATER_BODIES = {"river": "river", "stream": "river", "canal": "river", "oxbow": "lake",
                "pond": "pond", "fishpond": "pond", "basin": "basin", "reservoir": "basin",
                "wastewater": "basin", "moat": "pond"}  # fmt: skip
# One storey of a Vietnamese town house is built 3.3 to 3.6 m high; the lower figure is used, so
# that an estimate rather understates what a building shades or hides.
LEVEL_HEIGHT_M = 3.3
WARD_NAME = re.compile(r"^(Phường|Xã|Thị trấn|Đặc khu|Ward|Commune)\b", re.IGNORECASE)


def read(parse: Callable[[Any], Any], value: Any, problems: Problems, key: str) -> Any:
    """The parsed value, or None with the problem noted."""
    try:
        return parse(value)
    except text.Unreadable as error:
        problems.append(f"{key}: {error}")
        return None


def estimated_height(height_m: float | None, levels: float | None) -> tuple[float | None, bool]:
    """The height [m] and whether it is an estimate from the levels (3.3 m each)."""
    if height_m is None and levels:
        return round(levels * LEVEL_HEIGHT_M, 1), True
    return height_m, False


def building(tags: Tags, problems: Problems) -> Attributes | None:
    """An area tagged building=* (not building=no)."""
    kind = tags.get("building")
    if kind is None or kind == "no":
        return None
    levels = read(text.levels, tags.get("building:levels"), problems, "building:levels")
    height = read(text.height, tags.get("height"), problems, "height")
    height, estimated = estimated_height(height, levels)
    return {
        "name": name(tags),
        "use": building_use(tags),
        "levels": levels,
        "height_m": height,
        "height_estimated": estimated,
        "address": address(tags),
    }


def building_use(tags: Tags) -> str | None:
    """What a building is used for, from its own word or from what is in it; None if unknown."""
    kind = tags.get("building", "")
    if kind in USE_OF_BUILDING and USE_OF_BUILDING[kind] != "other":
        return USE_OF_BUILDING[kind]
    for key in ("amenity", "building:use", "healthcare"):
        if USE_OF_BUILDING.get(tags.get(key, ""), "other") != "other":
            return USE_OF_BUILDING[tags[key]]
    if "shop" in tags or "office" in tags or tags.get("tourism") in ("hotel", "guest_house"):
        return "commercial"
    if tags.get("government") or tags.get("amenity") in ("community_centre", "theatre"):
        return "public"
    if kind == "yes":
        return None
    return "other"


def name(tags: Tags) -> str | None:
    """The local name."""
    return text.nfc(tags.get("name") or tags.get("name:vi"))


def address(tags: Tags) -> str | None:
    """One line: "12/3 Lê Lợi, Phường Bến Thành"."""
    full = text.nfc(tags.get("addr:full"))
    if full:
        return full
    street = [tags.get("addr:housenumber"), tags.get("addr:street")]
    parts = [
        " ".join(part for part in street if part),
        tags.get("addr:subdistrict"),
        tags.get("addr:district"),
        tags.get("addr:city"),
    ]
    return text.nfc(", ".join(part for part in parts if part))


def road(tags: Tags, problems: Problems) -> Attributes | None:
    """A line tagged highway=*."""
    kind = tags.get("highway")
    if kind is None:
        return None
    level = read(text.number, tags.get("layer"), problems, "layer")
    oneway = tags.get("oneway")
    return {
        "name": name(tags),
        "highway_class": ROADS.get(kind, "other"),
        "lanes": read(text.number, tags.get("lanes"), problems, "lanes"),
        "width_m": read(text.height, tags.get("width"), problems, "width"),
        # Roundabouts and motorways are one-way without saying so.
        "oneway": oneway in ("yes", "true", "1", "-1", "reverse")
        if oneway
        else tags.get("junction") in ("roundabout", "circular") or kind == "motorway",
        "bridge": tags.get("bridge", "no") != "no",
        "tunnel": tags.get("tunnel", "no") != "no",
        "level": int(level) if level is not None and abs(level) <= 100 else None,
        "surface": text.nfc(tags.get("surface")),
    }


def runs_backward(tags: Tags) -> bool:
    """A one-way street drawn against its direction."""
    return tags.get("oneway") in ("-1", "reverse")


def signal(tags: Tags, problems: Problems) -> Attributes | None:
    """A node tagged highway=traffic_signals."""
    if tags.get("highway") != "traffic_signals":
        return None
    return {"code": text.nfc(tags.get("ref")), "name": name(tags)}


def lamp(tags: Tags, problems: Problems) -> Attributes | None:
    """A node tagged highway=street_lamp."""
    if tags.get("highway") != "street_lamp":
        return None
    method = " ".join([tags.get("light:method", ""), tags.get("lamp_type", "")]).casefold()
    kinds = {"led": "led", "sodium": "sodium", "mercury": "mercury"}
    return {
        "code": text.nfc(tags.get("ref")),
        "kind": next((kind for word, kind in kinds.items() if word in method), None),
    }


def bus_stop(tags: Tags, problems: Problems) -> Attributes | None:
    """A node tagged highway=bus_stop."""
    if tags.get("highway") != "bus_stop":
        return None
    return {
        "name": name(tags),
        "code": text.nfc(tags.get("ref")),
        "shelter": read(text.yes_no, tags.get("shelter"), problems, "shelter"),
    }


def river(tags: Tags, problems: Problems) -> Attributes | None:
    """The centerline of a watercourse."""
    kind = RIVERS.get(tags.get("waterway", ""))
    if kind is None:
        return None
    width = read(text.height, tags.get("width"), problems, "width")
    return {"name": name(tags), "kind": kind, "width_m": width}


def water_body(tags: Tags, problems: Problems) -> Attributes | None:
    """An area of permanent water or wetland."""
    kind = None
    if tags.get("natural") == "water":
        kind = WATER_BODIES.get(tags.get("water", ""), "lake")
    elif tags.get("natural") == "wetland":
        kind = "wetland"
    elif tags.get("waterway") == "riverbank":
        kind = "river"
    elif tags.get("waterway") == "dock" or tags.get("landuse") in ("basin", "reservoir"):
        kind = "basin"
    return None if kind is None else {"name": name(tags), "kind": kind}


def levee(tags: Tags, problems: Problems) -> Attributes | None:
    """A line tagged man_made=dyke or embankment=dyke."""
    return {"name": name(tags)} if tags.get("man_made") == "dyke" else None


def power_line(tags: Tags, problems: Problems) -> Attributes | None:
    """A line tagged power=line, minor_line or cable; the highest of its voltages in kV."""
    kinds = {"line": "overhead", "minor_line": "overhead", "cable": "underground"}
    kind = kinds.get(tags.get("power", ""))
    if kind is None:
        return None
    volts = [
        read(text.number, part, problems, "voltage")
        for part in tags.get("voltage", "").split(";")
        if part.strip()
    ]
    known = [value for value in volts if value]
    return {
        "code": text.nfc(tags.get("ref")),
        "voltage_kv": max(known) / 1000 if known else None,
        "kind": kind,
    }


def transformer(tags: Tags, problems: Problems) -> Attributes | None:
    """A node tagged power=transformer."""
    if tags.get("power") != "transformer":
        return None
    rating = tags.get("rating")
    return {
        "code": text.nfc(tags.get("ref")),
        "rating_kva": read(lambda value: text.quantity(value, "kVA"), rating, problems, "rating"),
    }


def ward(tags: Tags, problems: Problems) -> Attributes | None:
    """An administrative area of level 6 or 8 whose name says that it is a ward or commune.

    In Vietnam wards are level 8 up to the reform of July 2025 and level 6 from then on; level 6
    before it is a district, which the name tells apart.
    """
    if tags.get("boundary") != "administrative" or tags.get("admin_level") not in ("6", "8"):
        return None
    if not WARD_NAME.match(name(tags) or ""):
        return None
    population = read(text.whole, tags.get("population"), problems, "population")
    return {
        "name": name(tags),
        "code": text.nfc(tags.get("ref") or tags.get("gso:code")),
        "former": tags["admin_level"] == "8",
        "population": population,
    }


def land_use_zone(tags: Tags, problems: Problems) -> Attributes | None:
    """An area of land use as it is (OpenStreetMap knows no plan); lawns and beds are no zones."""
    use = USE_OF_LAND.get(tags.get("landuse", ""))
    if use is None and tags.get("leisure") == "park":
        use = "green"
    return None if use is None else {"code": name(tags), "use": use}


Reader = Callable[[Tags, Problems], Attributes | None]
AREAS: dict[str, Reader] = {
    "buildings": building,
    "water_bodies": water_body,
    "wards": ward,
    "land_use_zones": land_use_zone,
}
LINES: dict[str, Reader] = {
    "roads": road,
    "rivers": river,
    "levees": levee,
    "power_lines": power_line,
}
POINTS: dict[str, Reader] = {
    "signals": signal,
    "lamps": lamp,
    "bus_stops": bus_stop,
    "transformers": transformer,
}
LAYERS = (*AREAS, *LINES, *POINTS)
