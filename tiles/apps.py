"""The tiles app."""

from django.apps import AppConfig


class TilesConfig(AppConfig):
    """App configuration."""

    name = "tiles"
