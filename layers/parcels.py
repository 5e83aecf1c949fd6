"""Cadastral parcels."""

from django.contrib.gis.db import models

from twin.core.declare import LOGGED_IN, Access, Grid, Layer, Style, Text
from twin.core.features import AreaFeature, attribute, number, text

# Codes of the Vietnamese land law's statistics (Circular 08/2024/TT-BTNMT).
LAND_USES = {
    "ODT": Text("urban residential", "đất ở tại đô thị"),
    "ONT": Text("rural residential", "đất ở tại nông thôn"),
    "TMD": Text("trade and services", "đất thương mại, dịch vụ"),
    "SKC": Text("non-farm production", "đất cơ sở sản xuất phi nông nghiệp"),
    "SKK": Text("industrial park", "đất khu công nghiệp"),
    "TSC": Text("offices of state bodies", "đất trụ sở cơ quan"),
    "DGD": Text("education", "đất giáo dục"),
    "DYT": Text("health", "đất y tế"),
    "DVH": Text("culture", "đất văn hóa"),
    "DTT": Text("sport", "đất thể thao"),
    "DCH": Text("market", "đất chợ"),
    "DKV": Text("parks and recreation", "đất khu vui chơi, giải trí"),
    "DGT": Text("transport", "đất giao thông"),
    "TON": Text("religion", "đất tôn giáo"),
    "NTD": Text("cemetery", "đất nghĩa trang"),
    "CLN": Text("perennial crops", "đất trồng cây lâu năm"),
    "LUC": Text("wet rice", "đất chuyên trồng lúa"),
    "HNK": Text("other annual crops", "đất trồng cây hằng năm khác"),
    "NTS": Text("aquaculture", "đất nuôi trồng thủy sản"),
    "BCS": Text("unused flat land", "đất bằng chưa sử dụng"),
}
LAND_COLORS = {
    "ODT": "#f3c6a5",
    "ONT": "#f7dcc1",
    "TMD": "#e88989",
    "SKC": "#b8a1d9",
    "SKK": "#9c86c6",
    "TSC": "#e9a0bf",
    "DGD": "#f0b6d0",
    "DYT": "#f29c9c",
    "DVH": "#e7a6dd",
    "DTT": "#a5d6a7",
    "DCH": "#ef9a9a",
    "DKV": "#81c784",
    "DGT": "#d7dde2",
    "TON": "#d7b98e",
    "NTD": "#bcaaa4",
    "CLN": "#c5d86d",
    "LUC": "#e6ee9c",
    "HNK": "#dce775",
    "NTS": "#80deea",
    "BCS": "#eceff1",
}


class Parcel(AreaFeature):
    """A land parcel: unique by former commune, map sheet and parcel number."""

    former_commune = attribute(models.TextField(), "former commune", "xã, phường cũ")
    map_sheet = attribute(models.IntegerField(), "map sheet", "tờ bản đồ")
    parcel_number = attribute(models.IntegerField(), "parcel number", "số thửa")
    legal_area_m2 = number("legal area", "diện tích pháp lý", "m2")
    measured_area_m2 = number("measured area", "diện tích đo", "m2")
    land_use = text("land-use code", "mã loại đất", choices=LAND_USES)

    layer = Layer(
        Text("Parcels", "Thửa đất"),
        "land",
        zoom=(10, 16),
        lowzoom=Grid(cell_m=200, by="land_use", below=14),
        style=Style("#d9c7a7", by="land_use", classes=LAND_COLORS, opacity=0.55, outline="#8a7a5c"),
        labels="parcel_number",
        search=("former_commune",),
        access=Access(view=LOGGED_IN),
    )

    class Meta(AreaFeature.Meta):
        db_table = "layers_parcels"
        indexes = [
            *AreaFeature.Meta.indexes,
            models.Index(fields=["map_sheet", "parcel_number"], name="parcels_sheet"),
        ]
        constraints = [
            *AreaFeature.Meta.constraints,
            models.UniqueConstraint(
                fields=["former_commune", "map_sheet", "parcel_number"], name="parcels_number"
            ),
        ]
