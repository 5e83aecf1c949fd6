"""What frames every request: an id, security headers, errors as words, and who acts.

Both middlewares are async-capable, so tiles and the live stream never wait for a thread.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware
from django.utils.translation import get_language_from_request

from twin.core.errors import BadInput, Forbidden, TwinError, lost_database

SAFE = ("GET", "HEAD", "OPTIONS")
ResponseT = TypeVar("ResponseT", bound=HttpResponseBase)
logger = logging.getLogger("twin.web")

# Everything comes from this server. MapLibre makes its textures and workers from blobs of its own.
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
)


def error_response(request: HttpRequest, error: TwinError) -> JsonResponse:
    """An error as the API words it, in the language that the request accepts."""
    # asked of the request itself: lean views come past LocaleMiddleware
    language = get_language_from_request(request)
    content = error.as_dict(getattr(request, "request_id", None), language)
    response = JsonResponse(content, status=error.status)
    response["Content-Language"] = language
    patch_vary_headers(response, ["Accept-Language"])
    return response


def begin(request: HttpRequest) -> None:
    """Number the request."""
    request.request_id = uuid.uuid4().hex[:12]  # type: ignore[attr-defined]


def with_nul(request: HttpRequest) -> HttpResponse | None:
    """A refusal where the address holds a NUL character, which PostgreSQL knows no text for."""
    if "%00" in request.META.get("QUERY_STRING", "") or "\0" in request.path_info:
        return error_response(request, nul_refused())
    return None


def nul_refused() -> BadInput:
    """The error for a text with a NUL character."""
    return BadInput(
        "A text holds the character NUL; remove it",
        vi="Nội dung có ký tự NUL; hãy xóa ký tự đó",
        code="nul",
    )


def finish(request: HttpRequest, response: ResponseT) -> ResponseT:
    """Set the headers that every response carries."""
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response


@sync_and_async_middleware
def frame(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Number the request and set the headers that every response carries."""
    if iscoroutinefunction(get_response):

        async def in_loop(request: HttpRequest) -> HttpResponse:
            begin(request)
            return finish(request, with_nul(request) or await get_response(request))

        in_loop.process_exception = process_exception  # type: ignore[attr-defined]
        return in_loop

    def in_thread(request: HttpRequest) -> HttpResponse:
        begin(request)
        return finish(request, with_nul(request) or get_response(request))

    in_thread.process_exception = process_exception  # type: ignore[attr-defined]
    return in_thread


def process_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """Errors of ours leave as JSON with their status; a lost database as 503."""
    if isinstance(error, OperationalError):
        logger.error("%s: %s", getattr(request, "request_id", "-"), error)
        error = lost_database()
    if isinstance(error, TwinError):
        return error_response(request, error)
    return None


def act_as(username: str) -> None:
    """Say to the database on whose behalf this session's writes are (history, updated_by)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('twin.user', %s, false)", [username])


def forged(request: HttpRequest) -> HttpResponse | None:
    """A refusal where a writing API request lacks the CSRF token (ninja exempts its views)."""
    if request.method in SAFE or not request.path.startswith("/api/"):
        return None
    reason = CsrfViewMiddleware(lambda _: HttpResponse()).process_view(
        request, HttpResponse, (), {}
    )
    if reason is None:
        return None
    refusal = Forbidden(
        "The request carries no valid X-CSRFToken; load the page again and repeat it",
        vi="Yêu cầu thiếu X-CSRFToken hợp lệ; hãy tải lại trang rồi thử lại",
        code="csrf",
    )
    return error_response(request, refusal)


@sync_and_async_middleware
def acting_user(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Name the user of a writing request to the database, and forget them afterwards."""

    def writing_user(request: HttpRequest) -> str | None:
        if request.method in SAFE:
            return None
        return request.user.get_username() if request.user.is_authenticated else None

    if iscoroutinefunction(get_response):

        async def in_loop(request: HttpRequest) -> HttpResponse:
            if request.method in SAFE:
                return await get_response(request)
            if refusal := forged(request):
                return refusal
            name = await sync_to_async(writing_user)(request)
            if name is None:
                return await get_response(request)
            await sync_to_async(act_as)(name)
            try:
                return await get_response(request)
            finally:
                await sync_to_async(act_as)("")

        return in_loop

    def in_thread(request: HttpRequest) -> HttpResponse:
        if refusal := forged(request):
            return refusal
        name = writing_user(request)
        if name is None:
            return get_response(request)
        act_as(name)
        try:
            return get_response(request)
        finally:
            act_as("")

    return in_thread
