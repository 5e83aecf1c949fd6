"""The short way to tiles: a GET for a lean view comes in, its answer goes out.

A map asks for hundreds of tiles, and the long way costs each of them twelve changes of thread
(sessions, language, forms) and two new threads (Django's request signals): more than the tile.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from importlib import import_module
from io import BytesIO
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.auth import aget_user
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.asgi import ASGIRequest
from django.db import OperationalError, close_old_connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.decorators import sync_and_async_middleware

from twin.core import web
from twin.core.errors import BadInput, TwinError

Send = Callable[[dict[str, Any]], Awaitable[None]]
logger = logging.getLogger("twin.web")


def lean(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark an async view for GET that needs no middleware; it may ask `user_of` who asks."""
    view.lean = True  # type: ignore[attr-defined]
    return view


async def user_of(request: HttpRequest) -> Any:
    """The user of a request that came the short way."""
    engine = import_module(settings.SESSION_ENGINE)
    request.session = engine.SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    return await aget_user(request)


async def in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Call what uses Django's own connection; a connection that the server ended is replaced,

    as Django does at the start and end of the requests that go the long way.
    """

    def call() -> Any:
        close_old_connections()
        try:
            return function(*args)
        finally:
            close_old_connections()

    return await sync_to_async(call)()


def lean_match(method: str | None, path: str) -> ResolverMatch | None:
    """The lean view behind a GET for `path`, if there is one."""
    if method not in ("GET", "HEAD"):
        return None
    try:
        match = resolve(path)
    except Resolver404:
        return None
    return match if getattr(match.func, "lean", False) else None


async def call(match: ResolverMatch, request: HttpRequest) -> HttpResponseBase:
    """The view's answer, its errors worded."""
    try:
        request.get_host()  # a foreign name for this server is an attack, or a missing setting
        return await match.func(request, *match.args, **match.kwargs)
    except (TwinError, OperationalError) as error:
        answer = web.process_exception(request, error)
        assert answer is not None  # both have words
        return answer
    except SuspiciousOperation as error:
        return web.error_response(request, BadInput(str(error), code="bad_request"))


@sync_and_async_middleware
def express(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """The short way as middleware, for servers and test clients that start at Django's handler."""
    if not iscoroutinefunction(get_response):
        return get_response

    async def in_loop(request: HttpRequest) -> HttpResponseBase:
        match = lean_match(request.method, request.path_info)
        return await (call(match, request) if match else get_response(request))

    return in_loop


async def serve(scope: dict[str, Any], send: Send) -> bool:
    """Answer an ASGI connection if a lean view can; False where Django must."""
    match = lean_match(scope.get("method"), scope["path"])
    if match is None:
        return False
    request = ASGIRequest(scope, BytesIO())
    web.begin(request)
    try:
        response = await call(match, request)
    except Exception:
        logger.exception("%s: %s", request.request_id, request.path)  # type: ignore[attr-defined]
        failure = TwinError(
            "The server failed on this; its log says more under the request id",
            vi="Máy chủ gặp lỗi; nhật ký của máy chủ nói rõ hơn theo mã yêu cầu",
        )
        response = web.error_response(request, failure)
    await _send(web.finish(request, response), send, body=scope["method"] == "GET")
    return True


async def _send(
    response: HttpResponseBase, send: Callable[[dict[str, Any]], Any], body: bool
) -> None:
    streaming = getattr(response, "streaming", False)
    if not streaming and response.status_code not in (204, 304):
        response["Content-Length"] = str(len(response.content))  # type: ignore[attr-defined]
    headers = [(k.lower().encode("latin1"), v.encode("latin1")) for k, v in response.items()]
    start = {"type": "http.response.start", "status": response.status_code, "headers": headers}
    await send(start)
    if streaming and body:
        async for part in response:  # type: ignore[attr-defined]
            await send({"type": "http.response.body", "body": part, "more_body": True})
    content = b"" if streaming or not body else response.content  # type: ignore[attr-defined]
    await send({"type": "http.response.body", "body": content})
