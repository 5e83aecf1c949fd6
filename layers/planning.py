"""Land-use zoning, development projects and construction permits."""

from django.contrib.gis.db import models

from twin.core.declare import Access, Cluster, Layer, Style, Text
from twin.core.features import AreaFeature, PointFeature, attribute, integer, number, text

PLANNING = Access(edit=("planner", "gis_editor"), publish=("planner",))
ZONE_USES = {
    "residential": Text("residential", "đất ở"),
    "commercial": Text("commercial", "thương mại, dịch vụ"),
    "industrial": Text("industrial", "công nghiệp"),
    "public": Text("public services", "công trình công cộng"),
    "green": Text("green space", "cây xanh"),
    "water": Text("water", "mặt nước"),
    "agriculture": Text("agriculture", "nông nghiệp"),
    "transport": Text("transport", "giao thông"),
    "mixed": Text("mixed use", "hỗn hợp"),
}
ZONE_COLORS = {
    "residential": "#f4c095",
    "commercial": "#e07a7a",
    "industrial": "#b39ddb",
    "public": "#f2a6c2",
    "green": "#9ccc65",
    "water": "#90caf9",
    "agriculture": "#dce775",
    "transport": "#cfd8dc",
    "mixed": "#ffb74d",
}
PROJECT_STATUS = {
    "proposed": Text("proposed", "đề xuất"),
    "approved": Text("approved", "đã duyệt"),
    "building": Text("under construction", "đang xây dựng"),
    "finished": Text("finished", "hoàn thành"),
}


class LandUseZone(AreaFeature):
    """A zone of the land-use plan."""

    code = text("code", "mã ô đất")
    use = text("planned use", "chức năng sử dụng", choices=ZONE_USES)
    max_height_m = number("maximum height", "chiều cao tối đa", "m")
    max_far = number("maximum floor-area ratio", "hệ số sử dụng đất tối đa", "1")

    layer = Layer(
        Text("Land-use zones", "Quy hoạch sử dụng đất"),
        "planning",
        zoom=(10, 16),
        style=Style("#f4c095", by="use", classes=ZONE_COLORS, opacity=0.45),
        labels="code",
        search=("code",),
        access=PLANNING,
    )

    class Meta(AreaFeature.Meta):
        db_table = "layers_land_use_zones"


class DevelopmentProject(AreaFeature):
    """A development project with its site."""

    name = text("name", "tên dự án")
    status = text("status", "tình trạng", choices=PROJECT_STATUS)
    investor = text("investor", "chủ đầu tư")

    layer = Layer(
        Text("Development projects", "Dự án phát triển"),
        "planning",
        zoom=(11, 16),
        style=Style(
            "#8e24aa",
            by="status",
            classes={
                "proposed": "#ce93d8",
                "approved": "#ab47bc",
                "building": "#8e24aa",
                "finished": "#4a148c",
            },
            opacity=0.4,
            outline="#6a1b9a",
        ),
        labels="name",
        search=("name",),
        access=PLANNING,
    )

    class Meta(AreaFeature.Meta):
        db_table = "layers_development_projects"


class ConstructionPermit(PointFeature):
    """A construction permit, at its building site."""

    number = text("number", "số giấy phép")
    issued_on = attribute(models.DateField(null=True, blank=True), "issued on", "ngày cấp")
    floors = integer("floors", "số tầng")

    layer = Layer(
        Text("Construction permits", "Giấy phép xây dựng"),
        "planning",
        zoom=(10, 16),
        lowzoom=Cluster(below=14),
        style=Style("#ef6c00", radius=4),
        labels="number",
        search=("number",),
        access=Access(view=("planner", "gis_editor"), edit=("planner",), publish=("planner",)),
    )

    class Meta(PointFeature.Meta):
        db_table = "layers_construction_permits"
