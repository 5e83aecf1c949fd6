"""Streets, intersections, traffic signals and bus stops."""

from twin.core.declare import Access, Cluster, Filter, Layer, Style, Text
from twin.core.features import LineFeature, PointFeature, boolean, flag, integer, number, text

TRAFFIC = Access(edit=("traffic_engineer", "gis_editor"))
ROAD_CLASSES = {
    "motorway": Text("motorway", "cao tốc"),
    "trunk": Text("trunk road", "quốc lộ"),
    "primary": Text("primary road", "đường chính"),
    "secondary": Text("secondary road", "đường liên khu vực"),
    "tertiary": Text("tertiary road", "đường khu vực"),
    "residential": Text("residential street", "đường nội bộ"),
    "service": Text("service road", "đường phụ"),
    "pedestrian": Text("pedestrian street", "phố đi bộ"),
    "track": Text("track", "đường mòn"),
    "path": Text("path", "lối đi"),
    "other": Text("other", "khác"),
}
ROAD_COLORS = {
    "motorway": "#e0707f",
    "trunk": "#ee9a5d",
    "primary": "#f5bf62",
    "secondary": "#f3d98a",
    "tertiary": "#ffffff",
    "residential": "#ffffff",
    "service": "#f1f3f5",
    "pedestrian": "#d9cbe6",
    "track": "#cdb98f",
    "path": "#bfa98a",
    "other": "#eceff2",
}
ROAD_WIDTHS = {
    "motorway": 9.0,
    "trunk": 8.5,
    "primary": 8.0,
    "secondary": 6.5,
    "tertiary": 5.5,
    "residential": 4.0,
    "service": 2.2,
    "pedestrian": 2.6,
    "track": 1.8,
    "path": 1.4,
    "other": 2.2,
}
FIRST_ZOOM = {
    "motorway": 6,
    "trunk": 8,
    "primary": 9,
    "secondary": 11,
    "tertiary": 12,
    "residential": 13,
    "service": 14,
    "pedestrian": 14,
    "track": 14,
    "path": 15,
    "other": 14,
}


class Road(LineFeature):
    """A street or path between two nodes of the network."""

    name = text("name", "tên đường")
    highway_class = text("class", "cấp đường", choices=ROAD_CLASSES)
    lanes = number("lanes", "số làn", "1")
    width_m = number("width", "bề rộng", "m")
    oneway = boolean("one-way", "một chiều")
    bridge = flag("bridge", "cầu")
    tunnel = flag("tunnel", "hầm")
    level = integer("level above ground", "tầng", "1")
    surface = text("surface", "mặt đường")

    layer = Layer(
        Text("Roads", "Đường"),
        "roads",
        zoom=(6, 16),
        lowzoom=Filter("highway_class", FIRST_ZOOM),
        style=Style(
            "#eceff2",
            by="highway_class",
            classes=ROAD_COLORS,
            width=3,
            outline="#7d8894",
            widths=ROAD_WIDTHS,
            carries=("bridge", "tunnel", "level"),
        ),
        labels="name",
        search=("name",),
        access=TRAFFIC,
    )

    class Meta(LineFeature.Meta):
        db_table = "layers_roads"


class Intersection(PointFeature):
    """A named intersection."""

    name = text("name", "tên nút giao")

    layer = Layer(
        Text("Intersections", "Nút giao"),
        "roads",
        zoom=(14, 16),
        style=Style("#607d8b", radius=3),
        labels="name",
        search=("name",),
        access=TRAFFIC,
    )

    class Meta(PointFeature.Meta):
        db_table = "layers_intersections"


class Signal(PointFeature):
    """A traffic signal."""

    code = text("code", "mã")
    name = text("name", "tên")
    intersection_name = text("intersection", "nút giao")

    layer = Layer(
        Text("Traffic signals", "Đèn tín hiệu"),
        "roads",
        zoom=(10, 16),
        lowzoom=Cluster(below=13),
        style=Style("#c62828", radius=5, outline="#ffffff"),
        labels="name",
        search=("name", "code", "intersection_name"),
        access=TRAFFIC,
    )

    class Meta(PointFeature.Meta):
        db_table = "layers_signals"


class BusStop(PointFeature):
    """A bus stop."""

    name = text("name", "tên")
    code = text("code", "mã")
    shelter = boolean("shelter", "nhà chờ")

    layer = Layer(
        Text("Bus stops", "Trạm xe buýt"),
        "roads",
        zoom=(13, 16),
        style=Style("#1565c0", radius=4, outline="#ffffff"),
        labels="name",
        search=("name", "code"),
        access=TRAFFIC,
    )

    class Meta(PointFeature.Meta):
        db_table = "layers_bus_stops"
