"""Who may do what with which layer. A user comes in, layer names or one SQL predicate go out.

Default deny: a right exists only as a LayerRight row. Superusers and the admin group hold all.
"""

from __future__ import annotations

from typing import Any, get_args

from django.db.models import Q
from psycopg import sql

from twin.core.declare import Layer, Right
from twin.core.errors import Forbidden, NotFound, NotLoggedIn
from twin.core.models import LayerRight

RIGHTS: tuple[Right, ...] = get_args(Right)
RIGHT_WORDS: dict[Right, str] = {"view": "xem", "edit": "sửa", "publish": "công bố"}
# Whoever asks: a User, or AnonymousUser. Any, because Django types neither as the other's kin.
User = Any


def allowed_layers(user: User, right: Right = "view") -> set[str]:
    """Names of the layers on which `user` holds `right`. One query."""
    rows = LayerRight.objects.filter(right=right)
    if getattr(user, "is_superuser", False):
        return set(rows.values_list("layer", flat=True))
    held = Q(group=None)
    if user.is_authenticated:
        held |= Q(group__user=user)
    return set(rows.filter(held).values_list("layer", flat=True))


def is_public(layer: Layer) -> bool:
    """Whether anybody may view the layer without a login."""
    return LayerRight.objects.filter(layer=layer.name, group=None, right="view").exists()


def may(user: User, right: Right, layer: Layer) -> bool:
    """Whether `user` holds `right` on `layer`."""
    return layer.name in allowed_layers(user, right)


def require(user: User, right: Right, layer: Layer) -> None:
    """Raise unless `user` holds `right`: 404 for a layer they may not see, 401 or 403 otherwise."""
    if may(user, right, layer):
        return
    if not user.is_authenticated:
        raise NotLoggedIn(
            f'Log in to {right} the layer "{layer.name}"',
            vi=f"Hãy đăng nhập để {RIGHT_WORDS[right]} lớp “{layer.title.vi}”",
        )
    if right == "view" or not may(user, "view", layer):
        raise NotFound(
            f'There is no layer "{layer.name}" for you',
            vi=f"Không có lớp “{layer.name}” cho bạn",
            code="no_such_layer",
        )
    raise Forbidden(
        f'Your role may not {right} the layer "{layer.name}"',
        vi=f"Vai trò của bạn không được {RIGHT_WORDS[right]} lớp “{layer.title.vi}”",
    )


def visible_to(user: User, layer: Layer) -> sql.Composable:
    """The SQL predicate of the rows of `layer` that `user` may see; FALSE for a closed layer.

    Items, tiles, aggregates, search, export and impacts all use it, so that a rule added here
    holds everywhere.
    """
    return sql.SQL("TRUE") if may(user, "view", layer) else sql.SQL("FALSE")


def roles(user: User) -> list[str]:
    """The names of the user's groups; admins by flag count as admin."""
    if not user.is_authenticated:
        return []
    names = set(user.groups.values_list("name", flat=True))
    return sorted(names | ({"admin"} if user.is_superuser else set()))


def has_role(user: User, *names: str) -> bool:
    """Whether the user is in one of the groups, or an admin."""
    return bool({*names, "admin"} & set(roles(user)))
