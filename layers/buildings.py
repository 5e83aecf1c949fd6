"""Buildings."""

from twin.core.declare import Grid, Layer, Style, Text
from twin.core.features import AreaFeature, flag, number, text

BUILDING_USES = {
    "residential": Text("residential", "nhà ở"),
    "commercial": Text("commercial", "thương mại"),
    "industrial": Text("industrial", "công nghiệp"),
    "public": Text("public", "công cộng"),
    "religious": Text("religious", "tôn giáo"),
    "education": Text("education", "giáo dục"),
    "health": Text("health", "y tế"),
    "other": Text("other", "khác"),
}
BUILDING_COLORS = {
    "residential": "#e4d5c3",
    "commercial": "#d98c7a",
    "industrial": "#a99bc4",
    "public": "#d9a3b7",
    "religious": "#cfae7b",
    "education": "#e3b7cf",
    "health": "#e39a9a",
    "other": "#c9cdd2",
}


class Building(AreaFeature):
    """A building; a height estimated from its levels says so."""

    name = text("name", "tên")
    use = text("use", "công năng", choices=BUILDING_USES)
    levels = number("levels", "số tầng", "1")
    height_m = number("height", "chiều cao", "m")
    height_estimated = flag("height is an estimate", "chiều cao ước tính")
    address = text("address", "địa chỉ")

    layer = Layer(
        Text("Buildings", "Nhà và công trình"),
        "buildings",
        zoom=(10, 16),
        lowzoom=Grid(cell_m=200, by="use", below=14),
        style=Style(
            "#c9cdd2", by="use", classes=BUILDING_COLORS, extrude="height_m", outline="#9aa3ad"
        ),
        labels="name",
        search=("name", "address"),
    )

    class Meta(AreaFeature.Meta):
        db_table = "layers_buildings"
