"""Every address of the twin: finds each app's api.py by itself."""

from __future__ import annotations

import logging
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import DataError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.generic import RedirectView
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from twin import pages
from twin.core.errors import BadInput, TwinError, lost_database
from twin.core.invalid import what_is_wrong
from twin.core.web import error_response, nul_refused

logger = logging.getLogger("twin.api")
api = NinjaAPI(title="Song Sinh", version="1", docs_url="/docs")


@api.exception_handler(TwinError)
def on_twin_error(request: HttpRequest, error: TwinError) -> HttpResponse:
    """Our errors carry their own words and status."""
    return error_response(request, error)


@api.exception_handler(OperationalError)
def on_lost_database(request: HttpRequest, error: OperationalError) -> HttpResponse:
    """A lost database is a 503 with words, not a stack trace."""
    return error_response(request, lost_database())


@api.exception_handler(ValidationError)
def on_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """The first thing that is wrong with a request, by the name of its field."""
    first: dict[str, Any] = error.errors[0]
    parts = [str(part) for part in first["loc"]]
    # ("body", "payload", "rain", "total_mm"): the first two are ninja's, not the sender's
    field = ".".join(parts[2:] if parts[:1] == ["body"] else parts[1:]) or parts[-1]
    said = what_is_wrong(first, field)
    return error_response(request, BadInput(said.en, vi=said.vi, code="invalid", field=field))


@api.exception_handler(HttpError)
def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What ninja itself refuses, such as a body that is no JSON."""
    answer = TwinError(
        f"{error}; send JSON as /api/docs describes it",
        vi="Không đọc được nội dung yêu cầu; hãy gửi JSON như mô tả ở /api/docs",
        code="bad_request",
    )
    answer.status = error.status_code
    return error_response(request, answer)


@api.exception_handler(Exception)
def on_bug(request: HttpRequest, error: Exception) -> HttpResponse:
    """What nobody foresaw: logged whole, told with the id that finds it in the log."""
    if "NUL" in str(error) and isinstance(error, (ValueError, DataError)):
        return error_response(request, nul_refused())
    logger.exception("%s %s", getattr(request, "request_id", "-"), request.path)
    answer = TwinError(
        "The server failed; tell its administrator the request id",
        vi="Máy chủ gặp lỗi; hãy báo mã yêu cầu cho quản trị viên",
        code="server_error",
    )
    return error_response(request, answer)


urlpatterns = [
    path("", pages.viewer),
    path("admin/", admin.site.urls),
    path("favicon.ico", RedirectView.as_view(url="/static/viewer/favicon.svg")),
]
OURS = ("twin", "layers", "tiles", "simulation", "vision")
for app in apps.get_app_configs():
    # Django's own apps have no api.py of this kind
    if app.name.split(".")[0] in OURS and find_spec(f"{app.name}.api"):
        module = import_module(f"{app.name}.api")
        if hasattr(module, "router"):
            api.add_router("", module.router)
        urlpatterns += getattr(module, "urlpatterns", [])
urlpatterns.append(path("api/", api.urls))
