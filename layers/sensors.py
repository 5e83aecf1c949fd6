"""Sensors and what they measured."""

from django.contrib.gis.db import models

from twin.core.declare import Access, Layer, Style, Text
from twin.core.features import Event, PointFeature, number, text

SENSOR_KINDS = {
    "rain": Text("rain gauge", "đo mưa"),
    "water_level": Text("water level", "mực nước"),
    "air": Text("air quality", "chất lượng không khí"),
    "traffic": Text("traffic", "giao thông"),
    "noise": Text("noise", "tiếng ồn"),
}


class Sensor(PointFeature):
    """A sensor with its three alarm levels (báo động I, II, III)."""

    code = text("code", "mã")
    name = text("name", "tên")
    kind = text("kind", "loại", choices=SENSOR_KINDS)
    unit = text("unit", "đơn vị")
    alarm_1 = number("alarm level I", "báo động I")
    alarm_2 = number("alarm level II", "báo động II")
    alarm_3 = number("alarm level III", "báo động III")

    layer = Layer(
        Text("Sensors", "Cảm biến"),
        "sensors",
        zoom=(10, 16),
        style=Style(
            "#00838f",
            by="kind",
            classes={
                "rain": "#1e88e5",
                "water_level": "#0d47a1",
                "air": "#43a047",
                "traffic": "#fb8c00",
                "noise": "#8e24aa",
            },
            radius=5,
        ),
        labels="name",
        search=("name", "code"),
        access=Access(edit=("flood_officer", "gis_editor")),
    )

    class Meta(PointFeature.Meta):
        db_table = "layers_sensors"


class Observation(Event):
    """One value measured by a sensor, in the sensor's unit."""

    sensor = models.ForeignKey(Sensor, models.CASCADE, db_constraint=False)
    value = models.FloatField()

    class Meta(Event.Meta):
        db_table = "layers_observations"
        managed = False
