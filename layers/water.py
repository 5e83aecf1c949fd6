"""Rivers, water bodies and levees."""

from twin.core.declare import Access, Filter, Layer, Style, Text
from twin.core.features import AreaFeature, LineFeature, number, text

WATER = Access(edit=("flood_officer", "gis_editor"))
RIVER_KINDS = {
    "river": Text("river", "sông"),
    "stream": Text("stream", "suối"),
    "canal": Text("canal", "kênh"),
    "drain": Text("ditch", "mương"),
}
BODY_KINDS = {
    "river": Text("river bed", "lòng sông"),
    "lake": Text("lake", "hồ"),
    "pond": Text("pond", "ao"),
    "basin": Text("basin", "hồ điều hòa"),
    "wetland": Text("wetland", "đất ngập nước"),
}


class River(LineFeature):
    """The centerline of a watercourse."""

    name = text("name", "tên")
    kind = text("kind", "loại", choices=RIVER_KINDS)
    width_m = number("width", "bề rộng", "m")

    layer = Layer(
        Text("Rivers and streams", "Sông suối"),
        "water",
        zoom=(6, 16),
        lowzoom=Filter("kind", {"river": 6, "canal": 11, "stream": 12, "drain": 14}),
        style=Style("#5aa9d6", width=2.5),
        labels="name",
        search=("name",),
        access=WATER,
    )

    class Meta(LineFeature.Meta):
        db_table = "layers_rivers"


class WaterBody(AreaFeature):
    """Permanent water: a river bed, lake, pond or basin."""

    name = text("name", "tên")
    kind = text("kind", "loại", choices=BODY_KINDS)

    layer = Layer(
        Text("Water bodies", "Mặt nước"),
        "water",
        zoom=(6, 16),
        style=Style("#9fd0ec", opacity=0.9),
        labels="name",
        search=("name",),
        access=WATER,
    )

    class Meta(AreaFeature.Meta):
        db_table = "layers_water_bodies"


class Levee(LineFeature):
    """A levee along its crest."""

    name = text("name", "tên")
    crest_m = number("crest level", "cao độ đỉnh", "m")

    layer = Layer(
        Text("Levees", "Đê, kè"),
        "water",
        zoom=(11, 16),
        style=Style("#8d6e63", width=3),
        labels="name",
        search=("name",),
        access=WATER,
    )

    class Meta(LineFeature.Meta):
        db_table = "layers_levees"
