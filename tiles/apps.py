"""The tiles app."""

from django.apps import AppConfig


class TilesConfig(AppConfig):
    """App configuration."""

    name = "tiles"

    def ready(self) -> None:
        """Low-zoom cells are counted anew before a layer's version advances."""
        from tiles.cells import refresh
        from twin.core.outbox import before_advance

        before_advance(refresh)
