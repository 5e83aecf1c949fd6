"""Waste collection."""

from twin.core.declare import Cluster, Layer, Style, Text
from twin.core.features import LineFeature, PointFeature, number, text

WASTE_KINDS = {"bin": Text("bin", "thùng rác"), "station": Text("station", "trạm trung chuyển")}
SHIFTS = {
    "morning": Text("morning", "sáng"),
    "afternoon": Text("afternoon", "chiều"),
    "night": Text("night", "đêm"),
}


class WastePoint(PointFeature):
    """A bin or a transfer station."""

    code = text("code", "mã")
    capacity_l = number("capacity", "dung tích", "L")
    kind = text("kind", "loại", choices=WASTE_KINDS)

    layer = Layer(
        Text("Waste points", "Điểm thu gom rác"),
        "waste",
        zoom=(10, 16),
        lowzoom=Cluster(below=14),
        style=Style("#558b2f", by="kind", classes={"bin": "#7cb342", "station": "#33691e"}),
        labels="code",
        search=("code",),
    )

    class Meta(PointFeature.Meta):
        db_table = "layers_waste_points"


class WasteRoute(LineFeature):
    """The route of a collection vehicle in one shift."""

    code = text("code", "mã tuyến")
    vehicle = text("vehicle", "xe")
    shift = text("shift", "ca", choices=SHIFTS)

    layer = Layer(
        Text("Waste routes", "Tuyến thu gom rác"),
        "waste",
        zoom=(11, 16),
        style=Style(
            "#689f38",
            by="shift",
            classes={"morning": "#9ccc65", "afternoon": "#689f38", "night": "#33691e"},
            width=2.5,
        ),
        labels="code",
        search=("code",),
    )

    class Meta(LineFeature.Meta):
        db_table = "layers_waste_routes"
