"""Session, city, live stream and health: what the viewer asks first."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import aauthenticate, alogin, alogout
from django.contrib.gis.db.models import Extent
from django.http import HttpRequest, StreamingHttpResponse
from django.middleware.csrf import get_token
from ninja import Router, Schema

from twin.core import permissions
from twin.core.db import fetch
from twin.core.errors import NotLoggedIn
from twin.core.features import declared_layers
from twin.core.live import hub
from twin.core.models import CitySettings
from twin.core.products import basemaps, current_terrain, terrain_dict

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
        raise NotLoggedIn(
            "The name or the password is wrong",
            vi="Tên hoặc mật khẩu không đúng",
            code="wrong_login",
            field="password",
        )
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


def describe_city(user: Any) -> dict[str, Any]:
    """The city's name, place, terrain and base maps.

    Before anyone said where the city is, the wards and the terrain that were imported say it.
    """
    city = CitySettings.current()
    terrain = current_terrain(user)
    bounds = list(city.bounds.extent) if city.bounds else city_extent()
    if bounds is None and terrain:
        bounds = terrain.bounds
    center = list(city.center.coords) if city.center else None
    if center is None and bounds:
        center = [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2]
    return {
        "name": {"en": city.name_en, "vi": city.name_vi},
        "center": center,
        "bounds": bounds,
        "crs": city.crs or None,
        "synthetic": city.synthetic,
        "terrain": terrain_dict(terrain),
        "basemaps": basemaps(user),
    }


def city_extent() -> list[float] | None:
    """Bounds of the first of these layers that holds anything: city, roads, buildings, wards."""
    known = declared_layers()
    for name in ("city", "roads", "buildings", "wards"):
        if name in known:
            extent = known[name].model.objects.aggregate(extent=Extent("geom"))["extent"]
            if extent:
                return list(extent)
    return None


@router.get("/city")
async def city(request: HttpRequest) -> dict[str, Any]:
    """The city that this twin is of."""
    return await sync_to_async(describe_city)(await request.auser())
