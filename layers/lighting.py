"""Street lighting."""

from twin.core.declare import Access, Cluster, Layer, Style, Text
from twin.core.features import PointFeature, integer, number, text

LAMP_KINDS = {
    "led": Text("LED", "LED"),
    "sodium": Text("sodium", "natri cao áp"),
    "mercury": Text("mercury", "thủy ngân"),
}
LAMP_STATES = {
    "on": Text("on", "sáng"),
    "off": Text("off", "tắt"),
    "fault": Text("fault", "hỏng"),
}


class Lamp(PointFeature):
    """A street lamp."""

    code = text("code", "mã cột")
    power_w = number("power", "công suất", "W")
    kind = text("kind", "loại đèn", choices=LAMP_KINDS)
    state = text("state", "trạng thái", choices=LAMP_STATES)

    layer = Layer(
        Text("Street lamps", "Đèn đường"),
        "lighting",
        zoom=(10, 16),
        lowzoom=Cluster(below=15),
        style=Style(
            "#f9a825",
            by="state",
            classes={"on": "#f9a825", "off": "#90a4ae", "fault": "#c62828"},
            radius=3,
        ),
        labels="code",
        search=("code",),
    )

    class Meta(PointFeature.Meta):
        db_table = "layers_lamps"


class LightingCabinet(PointFeature):
    """A cabinet that feeds and switches street lamps."""

    code = text("code", "mã tủ")
    lamps_fed = integer("lamps fed", "số đèn cấp điện")

    layer = Layer(
        Text("Lighting cabinets", "Tủ điều khiển chiếu sáng"),
        "lighting",
        zoom=(13, 16),
        style=Style("#ff8f00", radius=5),
        labels="code",
        search=("code",),
        access=Access(view=("viewer", "planner", "traffic_engineer", "gis_editor")),
    )

    class Meta(PointFeature.Meta):
        db_table = "layers_lighting_cabinets"
