"""The layers app."""

from django.apps import AppConfig


class LayersConfig(AppConfig):
    """App configuration."""

    name = "layers"
