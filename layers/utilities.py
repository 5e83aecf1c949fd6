"""Water, drainage, power and telecom networks."""

from twin.core.declare import LOGGED_IN, Access, Cluster, Filter, Layer, Style, Text
from twin.core.features import LineFeature, PointFeature, integer, number, text

NETWORK = Access(view=LOGGED_IN)
OPEN_CLOSED = {"open": Text("open", "mở"), "closed": Text("closed", "đóng")}
DRAIN_KINDS = {
    "pipe": Text("pipe", "cống tròn"),
    "culvert": Text("box culvert", "cống hộp"),
    "channel": Text("open channel", "mương hở"),
}
POWER_KINDS = {
    "overhead": Text("overhead", "trên không"),
    "underground": Text("underground", "ngầm"),
}
TELECOM_KINDS = {"fiber": Text("fiber", "cáp quang"), "copper": Text("copper", "cáp đồng")}


class WaterMain(LineFeature):
    """A pressurized drinking-water pipe."""

    code = text("code", "mã")
    diameter_mm = number("diameter", "đường kính", "mm")
    material = text("material", "vật liệu")
    installed_year = integer("installed", "năm lắp đặt", "a")
    depth_m = number("depth of cover", "độ sâu chôn ống", "m")

    layer = Layer(
        Text("Water mains", "Ống cấp nước"),
        "utilities",
        zoom=(14, 16),
        style=Style("#1f78b4", width=2),
        labels="code",
        search=("code",),
        access=NETWORK,
    )

    class Meta(LineFeature.Meta):
        db_table = "layers_water_mains"


class WaterValve(PointFeature):
    """A valve on a water main."""

    code = text("code", "mã")
    diameter_mm = number("diameter", "đường kính", "mm")
    state = text("state", "trạng thái", choices=OPEN_CLOSED)

    layer = Layer(
        Text("Water valves", "Van nước"),
        "utilities",
        zoom=(15, 16),
        style=Style("#1f78b4", by="state", classes={"open": "#1f78b4", "closed": "#b2182b"}),
        labels="code",
        search=("code",),
        access=NETWORK,
    )

    class Meta(PointFeature.Meta):
        db_table = "layers_water_valves"


class Hydrant(PointFeature):
    """A fire hydrant."""

    code = text("code", "mã")
    flow_l_s = number("flow", "lưu lượng", "L/s")

    layer = Layer(
        Text("Fire hydrants", "Trụ cứu hỏa"),
        "utilities",
        zoom=(14, 16),
        style=Style("#d7301f", radius=4),
        labels="code",
        search=("code",),
    )

    class Meta(PointFeature.Meta):
        db_table = "layers_hydrants"


class Drain(LineFeature):
    """A storm-water pipe, culvert or channel; it falls from its first to its last vertex."""

    code = text("code", "mã")
    diameter_mm = number("diameter or width", "đường kính hoặc bề rộng", "mm")
    material = text("material", "vật liệu")
    invert_up_m = number("upstream invert", "cao độ đáy đầu", "m")
    invert_down_m = number("downstream invert", "cao độ đáy cuối", "m")
    kind = text("kind", "loại", choices=DRAIN_KINDS)

    layer = Layer(
        Text("Drains", "Cống thoát nước"),
        "utilities",
        zoom=(14, 16),
        style=Style(
            "#4d6a3a",
            by="kind",
            classes={"pipe": "#5f8a3f", "culvert": "#33691e", "channel": "#26a69a"},
            width=2,
        ),
        labels="code",
        search=("code",),
        access=NETWORK,
    )

    class Meta(LineFeature.Meta):
        db_table = "layers_drains"


class Manhole(PointFeature):
    """A storm-water manhole."""

    code = text("code", "mã")
    cover_m = number("cover level", "cao độ nắp", "m")
    invert_m = number("invert level", "cao độ đáy", "m")

    layer = Layer(
        Text("Manholes", "Hố ga"),
        "utilities",
        zoom=(15, 16),
        style=Style("#4d6a3a", radius=3),
        labels="code",
        search=("code",),
        access=NETWORK,
    )

    class Meta(PointFeature.Meta):
        db_table = "layers_manholes"


class Pump(PointFeature):
    """A drainage pumping station."""

    code = text("code", "mã")
    name = text("name", "tên")
    capacity_m3_s = number("capacity", "công suất", "m3/s")
    level_on_m = number("start level", "mực nước bật", "m")
    level_off_m = number("stop level", "mực nước tắt", "m")

    layer = Layer(
        Text("Drainage pumps", "Trạm bơm tiêu"),
        "utilities",
        zoom=(12, 16),
        style=Style("#00695c", radius=6),
        labels="name",
        search=("name", "code"),
    )

    class Meta(PointFeature.Meta):
        db_table = "layers_pumps"


class Outfall(PointFeature):
    """Where a drain enters a river or lake."""

    code = text("code", "mã")
    invert_m = number("invert level", "cao độ đáy", "m")

    layer = Layer(
        Text("Outfalls", "Cửa xả"),
        "utilities",
        zoom=(13, 16),
        style=Style("#00838f", radius=5),
        labels="code",
        search=("code",),
        access=NETWORK,
    )

    class Meta(PointFeature.Meta):
        db_table = "layers_outfalls"


class PowerLine(LineFeature):
    """A power line or cable."""

    code = text("code", "mã")
    voltage_kv = number("voltage", "điện áp", "kV")
    kind = text("kind", "loại", choices=POWER_KINDS)

    layer = Layer(
        Text("Power lines", "Đường dây điện"),
        "utilities",
        zoom=(13, 16),
        lowzoom=Filter("kind", {"overhead": 13, "underground": 14}),
        style=Style(
            "#b8860b", by="kind", classes={"overhead": "#c98a00", "underground": "#8d6e63"}
        ),
        labels="code",
        search=("code",),
        access=NETWORK,
    )

    class Meta(LineFeature.Meta):
        db_table = "layers_power_lines"


class Transformer(PointFeature):
    """A distribution transformer."""

    code = text("code", "mã")
    rating_kva = number("rating", "công suất", "kVA")

    layer = Layer(
        Text("Transformers", "Trạm biến áp"),
        "utilities",
        zoom=(14, 16),
        style=Style("#e0a100", radius=5),
        labels="code",
        search=("code",),
        access=NETWORK,
    )

    class Meta(PointFeature.Meta):
        db_table = "layers_transformers"


class TelecomLine(LineFeature):
    """A telecommunication cable."""

    code = text("code", "mã")
    kind = text("kind", "loại", choices=TELECOM_KINDS)
    operator = text("operator", "nhà mạng")

    layer = Layer(
        Text("Telecom lines", "Cáp viễn thông"),
        "utilities",
        zoom=(14, 16),
        style=Style("#7e57c2", by="kind", classes={"fiber": "#7e57c2", "copper": "#a1887f"}),
        labels="code",
        search=("code",),
        access=NETWORK,
    )

    class Meta(LineFeature.Meta):
        db_table = "layers_telecom_lines"


class BaseStation(PointFeature):
    """A mobile-network base station."""

    code = text("code", "mã")
    operator = text("operator", "nhà mạng")
    height_m = number("height", "chiều cao", "m")

    layer = Layer(
        Text("Base stations", "Trạm BTS"),
        "utilities",
        zoom=(9, 16),
        lowzoom=Cluster(below=12),
        style=Style("#5e35b1", radius=5),
        labels="code",
        search=("code",),
        access=NETWORK,
    )

    class Meta(PointFeature.Meta):
        db_table = "layers_base_stations"
