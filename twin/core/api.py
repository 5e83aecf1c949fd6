"""Session, city, live stream and health: what the viewer asks first."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import aauthenticate, alogin, alogout
from django.http import HttpRequest, StreamingHttpResponse
from django.middleware.csrf import get_token
from ninja import Router, Schema

from twin.core import permissions
from twin.core.db import fetch
from twin.core.errors import NotLoggedIn
from twin.core.live import hub
from twin.core.models import CitySettings

router = Router(tags=["twin"])
STORM_ROLES = ("flood_officer", "planner")


class Login(Schema):
    """A user's name and password."""

    username: str
    password: str


def describe(user: Any) -> dict[str, Any] | None:
    """The user as the viewer knows them, or None."""
    if not user.is_authenticated:
        return None
    return {
        "username": user.get_username(),
        "name": user.get_full_name() or user.get_username(),
        "roles": permissions.roles(user),
        "can": {
            "run_storm": permissions.has_role(user, *STORM_ROLES),
            "edit": sorted(permissions.allowed_layers(user, "edit")),
            "admin": bool(user.is_staff),
        },
    }


async def session_of(request: HttpRequest) -> dict[str, Any]:
    """The session as JSON, with the token that writes must carry."""
    user = await request.auser()
    return {"user": await sync_to_async(describe)(user), "csrf": get_token(request)}


@router.get("/session")
async def session(request: HttpRequest) -> dict[str, Any]:
    """Who is logged in."""
    return await session_of(request)


@router.post("/session")
async def log_in(request: HttpRequest, login: Login) -> dict[str, Any]:
    """Log in."""
    user = await aauthenticate(request, username=login.username, password=login.password)
    if user is None:
        raise NotLoggedIn("The name or the password is wrong", code="wrong_login", field="password")
    await alogin(request, user)
    return {"user": await sync_to_async(describe)(user), "csrf": get_token(request)}


@router.delete("/session")
async def log_out(request: HttpRequest) -> dict[str, Any]:
    """Log out."""
    await alogout(request)
    return {"user": None, "csrf": get_token(request)}


@router.get("/health")
async def health(request: HttpRequest) -> dict[str, Any]:
    """Whether the server and its database answer."""
    await fetch("SELECT 1")
    return {"ok": True}


@router.get("/live")
async def live(request: HttpRequest) -> StreamingHttpResponse:
    """Server-sent events: changed layers and the progress of runs."""
    response = StreamingHttpResponse(hub().stream(), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


def city_settings() -> dict[str, Any]:
    """The city's name and place; its extent from the city limits where the row says none."""
    city = CitySettings.current()
    return {
        "name": {"en": city.name_en, "vi": city.name_vi},
        "center": list(city.center.coords) if city.center else None,
        "bounds": list(city.bounds.extent) if city.bounds else None,
        "crs": city.crs or None,
        "synthetic": city.synthetic,
    }
