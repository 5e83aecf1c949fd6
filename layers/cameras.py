"""Cameras as things that stand in the street."""

from twin.core.declare import LOGGED_IN, Access, Layer, Style, Text
from twin.core.features import PointFeature, number, text

STATES = {"online": Text("online", "hoạt động"), "offline": Text("offline", "mất kết nối")}


class Camera(PointFeature):
    """A camera on its mast."""

    code = text("code", "mã")
    name = text("name", "tên")
    height_m = number("mast height", "chiều cao cột", "m")
    bearing_deg = number("bearing", "hướng nhìn", "deg")
    state = text("state", "trạng thái", choices=STATES)

    layer = Layer(
        Text("Cameras", "Camera"),
        "cameras",
        zoom=(11, 16),
        style=Style(
            "#37474f", by="state", classes={"online": "#2e7d32", "offline": "#b71c1c"}, radius=5
        ),
        labels="name",
        search=("name", "code"),
        access=Access(view=LOGGED_IN, edit=("traffic_engineer", "gis_editor")),
    )

    class Meta(PointFeature.Meta):
        db_table = "layers_cameras"
