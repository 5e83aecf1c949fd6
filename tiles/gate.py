"""Who asks for which layer, and for which version of it: a request comes in, a Pass goes out.

Rights and versions are remembered for two seconds in each process, so that a map that moves does
not ask the database the same thing for each of its tiles. A version that is not the remembered one
is always looked up anew, so a changed layer's new tiles are there at once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from psycopg import sql

from tiles import cells
from twin.core import permissions
from twin.core.db import fetch
from twin.core.declare import Layer
from twin.core.errors import TwinError
from twin.core.express import in_thread, user_of
from twin.core.features import declared_layers, layer_named

REMEMBERED_S = 2.0
LOOK = (
    "SELECT v.version, s.fingerprint, EXISTS (SELECT FROM core_layerright AS r "
    "WHERE r.layer = v.layer AND r.\"right\" = 'view' AND r.group_id IS NULL) "
    "FROM core_layerversion AS v LEFT JOIN tiles_layerstate AS s USING (layer) WHERE v.layer = %s"
)


@dataclass(frozen=True)
class Door:
    """What is remembered of a layer."""

    layer: Layer
    version: int
    public: bool
    until: float


class Pass(NamedTuple):
    """What an asker may have: the rows of `visible`, at `version`; `public` if all may."""

    layer: Layer
    version: int
    public: bool
    visible: sql.Composable


_doors: dict[str, Door] = {}
_keys: dict[tuple[str | None, str], tuple[float, sql.Composable | TwinError]] = {}


def forget() -> None:
    """Drop everything remembered."""
    _doors.clear()
    _keys.clear()


async def admit(request: HttpRequest, name: str, asked: str | None = None) -> Pass:
    """Let the asker in to the layer.

    asked: the version in the address; the current one if it equals `str(pass.version)`.
    Raises NotFound for a layer that is unknown or closed to this user, NotLoggedIn where a login
    may open it.
    """
    door = _doors.get(name)
    if door is None or door.until < time.monotonic() or asked != str(door.version):
        door = await _look(name)
    visible = await _predicate(request, door)
    return Pass(door.layer, door.version, door.public, visible)


async def _look(name: str) -> Door:
    layer = declared_layers().get(name) or await in_thread(layer_named, name)
    found = await fetch(LOOK, [name])
    if not found or found[0][1] != cells.fingerprint(layer):
        await in_thread(cells.ensure, layer)
        found = await fetch(LOOK, [name])
    version, _, public = found[0] if found else (1, None, False)
    _doors[name] = Door(layer, version, public, time.monotonic() + REMEMBERED_S)
    return _doors[name]


async def _predicate(request: HttpRequest, door: Door) -> sql.Composable:
    # everybody sees the same rows of a public layer: caches share its tiles
    session = None if door.public else request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    key = (session, door.layer.name)
    until, answer = _keys.get(key, (0.0, None))
    if answer is None or until < time.monotonic():
        answer = await _decide(request, door)
        if len(_keys) > 10_000:
            _keys.clear()
        _keys[key] = (time.monotonic() + REMEMBERED_S, answer)
    if isinstance(answer, TwinError):
        raise answer
    return answer


async def _decide(request: HttpRequest, door: Door) -> sql.Composable | TwinError:
    if door.public:
        return sql.SQL("TRUE")
    user = await user_of(request)

    def decide(user: Any) -> sql.Composable | TwinError:
        try:
            permissions.require(user, "view", door.layer)
        except TwinError as error:
            return error
        return permissions.visible_to(user, door.layer)

    return await in_thread(decide, user)
