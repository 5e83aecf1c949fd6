"""The simulation app."""

from django.apps import AppConfig


class SimulationConfig(AppConfig):
    """App configuration."""

    name = "simulation"
