"""Admin pages of the core: the city, who may do what, runtime layers."""

from django.contrib import admin

from twin.core.models import CitySettings, CustomLayer, LayerRight, LayerVersion

admin.site.site_header = admin.site.site_title = "Song Sinh"
admin.site.index_title = "Song Sinh"


@admin.register(CitySettings)
class CitySettingsAdmin(admin.ModelAdmin):
    """The city's name and metric CRS."""

    fields = ("name_en", "name_vi", "crs", "synthetic")


@admin.register(LayerRight)
class LayerRightAdmin(admin.ModelAdmin):
    """Which group may view, edit or publish which layer."""

    list_display = ("layer", "right", "group")
    list_filter = ("right", "group", "layer")


@admin.register(LayerVersion)
class LayerVersionAdmin(admin.ModelAdmin):
    """Versions, for looking at."""

    list_display = ("layer", "version", "advanced_at")

    def has_add_permission(self, request: object) -> bool:
        """Never: triggers do it."""
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        """Never: the drainer does it."""
        return False

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        """Never."""
        return False


@admin.register(CustomLayer)
class CustomLayerAdmin(admin.ModelAdmin):
    """Titles and styles of runtime layers."""

    list_display = ("name", "title_en", "geometry", "created_by", "created_at")
    fields = ("title_en", "title_vi", "style")

    def has_add_permission(self, request: object) -> bool:
        """Made by `twin import layer FILE --new NAME`."""
        return False

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        """Never here: the table would stay."""
        return False
