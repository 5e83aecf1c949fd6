"""After every migration: functions, triggers, database roles' grants, groups and first rights."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.db import connection, transaction

from twin.core import permissions, sql
from twin.core.declare import GROUPS, Layer
from twin.core.features import layers
from twin.core.models import LayerRight, LayerVersion

# Fields that people search by typing a part of a word; codes are few enough to scan.
NAME_LIKE = ("name", "address", "intersection_name")


def after_migrate(app_config: Any, **_: Any) -> None:
    """Install once, when the last app has its tables."""
    # Sent app by app; layers' tables and core's are both there only when nothing is missing.
    if app_config.name != "layers":
        return
    if {"core_layerright", "auth_group"} - set(connection.introspection.table_names()):
        return
    install()


@transaction.atomic
def install() -> None:
    """Make database functions, triggers, grants, groups and rights what the code says they are."""
    sql.execute(sql.statement("twin.core", "functions"))
    for name in GROUPS:
        Group.objects.get_or_create(name=name)
    known = set(LayerVersion.objects.values_list("layer", flat=True))
    for layer in layers().values():
        track(layer)
        if layer.name not in known:
            seed_rights(layer)
    sql.execute(sql.statement("twin.core", "grants"))


def track(layer: Layer) -> None:
    """Give a layer's table stamps, history, outbox and grants. Safe to repeat."""
    sql.execute("SELECT twin_track(%s, %s::regclass)", [layer.name, layer.table])
    sql.execute(
        sql.compose(
            "twin.core",
            "grant_layer",
            table=sql.ident(layer.table),
            history=sql.ident("history", layer.table),
        )
    )
    for name in layer.search:
        if name in NAME_LIKE:
            sql.execute(
                sql.compose(
                    "twin.core",
                    "index_name",
                    table=sql.ident(layer.table),
                    index=sql.ident(f"{layer.name}_{name}_plain"),
                    column=sql.ident(name),
                )
            )


def seed_rights(layer: Layer) -> None:
    """Write the declaration's rights; from then on they are the admins' to change."""
    groups = {group.name: group for group in Group.objects.filter(name__in=GROUPS)}
    for right in permissions.RIGHTS:
        for name in layer.access.groups(right):
            LayerRight.objects.get_or_create(layer=layer.name, group=groups.get(name), right=right)
