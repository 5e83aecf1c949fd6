"""Wards and the city's limits."""

from twin.core.declare import Layer, Style, Text
from twin.core.features import AreaFeature, flag, integer, text


class Ward(AreaFeature):
    """A ward or commune; wards from before the 2025 reform are marked as former."""

    name = text("name", "tên")
    code = text("code", "mã")
    province = text("province", "tỉnh, thành phố")
    former = flag("former unit", "đơn vị cũ")
    population = integer("population", "dân số", "1")

    layer = Layer(
        Text("Wards", "Phường, xã"),
        "admin",
        zoom=(6, 16),
        style=Style("#6d4c41", opacity=0.05, outline="#6d4c41"),
        labels="name",
        search=("name", "code"),
    )

    class Meta(AreaFeature.Meta):
        db_table = "layers_wards"


class CityArea(AreaFeature):
    """The area of the city."""

    name = text("name", "tên")
    code = text("code", "mã")

    layer = Layer(
        Text("City limits", "Ranh giới thành phố"),
        "admin",
        zoom=(4, 16),
        style=Style("#4e342e", opacity=0.0, outline="#4e342e", width=2),
        labels="name",
        search=("name",),
    )

    class Meta(AreaFeature.Meta):
        db_table = "layers_city"
