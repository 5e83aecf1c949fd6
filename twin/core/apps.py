"""The core app: installs triggers, rights and roles after every migration."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    """Core of the twin."""

    name = "twin.core"
    label = "core"
    verbose_name = "Song Sinh"

    def ready(self) -> None:
        """Hook the installation behind the last migration of the layers app."""
        from twin.core.install import after_migrate

        post_migrate.connect(after_migrate, dispatch_uid="twin.core.install")
