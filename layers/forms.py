"""The form of a feature in the admin pages: what is typed comes in, words or a feature go out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.gis.forms import BaseGeometryWidget, GeometryField
from django.contrib.gis.geos import GEOSGeometry, MultiLineString, MultiPolygon
from django.core.exceptions import ValidationError
from django.utils.translation import get_language

from twin.core.declare import Text

MULTI = {"Polygon": MultiPolygon, "LineString": MultiLineString}
WEST, SOUTH, EAST, NORTH = -180.0, -85.0, 180.0, 85.0


def said(text: Text) -> str:
    """The words in the language of the page."""
    return text.vi if get_language() == "vi" else text.en


class GeometryText(BaseGeometryWidget):
    """A geometry as well-known text: works with no network and keeps every digit."""

    template_name = "layers/geometry_text.html"
    map_srid = 4326
    supports_3d = False

    def serialize(self, value: Any) -> str:
        """WKT of a geometry."""
        return value.wkt if value else ""


class PlaceField(GeometryField):
    """A geometry on Earth: single parts become multi, and what can't be stored is refused."""

    def to_python(self, value: Any) -> Any:
        """The geometry, promoted to the layer's type."""
        geometry = super().to_python(value) if value else None
        multi = MULTI.get(geometry.geom_type) if geometry else None
        if geometry and multi and self.geom_type == f"MULTI{geometry.geom_type}".upper():
            return multi(geometry, srid=geometry.srid)
        return geometry

    def clean(self, value: Any) -> Any:
        """Refuse what is empty, off the Earth or invalid, each with its reason."""
        geometry: GEOSGeometry | None = super().clean(self.to_python(value))
        if geometry is None:
            return None
        if geometry.empty:
            raise ValidationError(said(Text("The geometry is empty.", "Hình học rỗng.")))
        west, south, east, north = geometry.extent
        if not (west >= WEST and south >= SOUTH and east <= EAST and north <= NORTH):
            raise ValidationError(
                said(
                    Text(
                        f"{west:.2f} {south:.2f} is no longitude and latitude in degrees; give "
                        "EPSG:4326 coordinates, longitude first.",
                        f"{west:.2f} {south:.2f} không phải kinh độ, vĩ độ tính bằng độ; hãy nhập "
                        "tọa độ EPSG:4326, kinh độ trước.",
                    )
                )
            )
        if not geometry.valid:
            reason = geometry.valid_reason
            raise ValidationError(
                said(
                    Text(
                        f"The geometry is invalid: {reason}.",
                        f"Hình học không hợp lệ: {reason}.",
                    )
                )
            )
        return geometry


class FeatureForm(forms.ModelForm):
    """Refuses to overwrite what someone else saved since the page was opened."""

    opened_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.fields["opened_version"].initial = self.instance.version

    def clean(self) -> dict[str, Any]:
        """Compare the version of the page with that of the database."""
        cleaned = super().clean() or {}
        opened = cleaned.get("opened_version")
        if opened is not None and opened != self.instance.version:
            who = self.instance.updated_by
            raise ValidationError(
                said(
                    Text(
                        f"{who} changed this feature after you opened it; open it again and "
                        "repeat your change.",
                        f"{who} đã sửa đối tượng này sau khi bạn mở; hãy mở lại rồi sửa.",
                    )
                )
            )
        return cleaned
