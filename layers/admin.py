"""Admin pages, generated from layers(): one for each declared layer.

Django's own map widget fetches from a CDN, so geometry is edited as text here, with a link to the
feature in the viewer.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AdminTextInputWidget
from django.contrib.gis.db import models
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html

from layers.forms import FeatureForm, GeometryText, PlaceField
from layers.models import Observation
from twin.core import permissions
from twin.core.declare import Layer, Right
from twin.core.features import declared_layers


class FeatureAdmin(admin.ModelAdmin):
    """The page of one layer; who may do what follows from the layer's rights."""

    layer: Layer
    form = FeatureForm
    formfield_overrides = {
        models.GeometryField: {"form_class": PlaceField, "widget": GeometryText},
        models.TextField: {"widget": AdminTextInputWidget},
    }
    readonly_fields = (
        "on_the_map",
        "source",
        "source_id",
        "version",
        "created_at",
        "created_by",
        "updated_at",
        "updated_by",
    )
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description="on the map")
    def on_the_map(self, feature: Model) -> str:
        """A link to the feature in the viewer."""
        if not feature.pk or not feature.geom:  # type: ignore[attr-defined]  # a Feature
            return "-"
        center = feature.geom.centroid  # type: ignore[attr-defined]  # a Feature
        return format_html(
            '<a href="/#c={},{},17,0,0&sel={}/{}">{}</a>',
            round(center.y, 6),
            round(center.x, 6),
            self.layer.name,
            feature.pk,
            "open in the viewer",
        )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Attributes and geometry; the stamps once the database has made them."""
        own = [*(field.name for field in self.layer.fields), "geom"]
        return [*own, *self.readonly_fields, "opened_version"] if obj else own

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The stamps."""
        return self.readonly_fields if obj else ()

    def _may(self, request: HttpRequest, right: Right) -> bool:
        return permissions.may(request.user, right, self.layer)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the layer is listed."""
        return self._may(request, "view")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may look."""
        return self._may(request, "view")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether the user may add."""
        return self._may(request, "edit")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may change."""
        return self._may(request, "edit")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may delete."""
        return self._may(request, "edit")


class EventAdmin(admin.ModelAdmin):
    """Events are looked at, never changed."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


def feature_admin(layer: Layer) -> type[FeatureAdmin]:
    """The admin class of a layer: its first fields as columns, its choices as filters."""
    names = [field.name for field in layer.fields]
    columns = {"list_display": ("__str__", *names[:6], "updated_by", "updated_at")}
    filters = [field.name for field in layer.fields if field.choices or field.type == "boolean"]
    return type(
        f"{layer.model.__name__}Admin",
        (FeatureAdmin,),
        {
            "layer": layer,
            **columns,
            "list_filter": filters,
            "search_fields": layer.search,
        },
    )


def register() -> None:
    """Register every declared layer that has no special admin yet."""
    for layer in declared_layers().values():
        if not admin.site.is_registered(layer.model):
            admin.site.register(layer.model, feature_admin(layer))


register()
admin.site.register(Observation, EventAdmin, list_display=("ts", "sensor", "value"))
