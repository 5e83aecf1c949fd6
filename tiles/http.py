"""What all answers with tiles share: how long they hold, whether they changed, how they pack."""

from __future__ import annotations

import gzip

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

YEAR_S = 365 * 24 * 3600


def caching(
    response: HttpResponseBase, *, etag: str, public: bool, current: bool
) -> HttpResponseBase:
    """Say how long the answer holds: for ever under its version's address, else not at all."""
    response["ETag"] = etag
    if current:
        response["Cache-Control"] = (
            f"{'public' if public else 'private'}, max-age={YEAR_S}, immutable"
        )
    else:
        response["Cache-Control"] = "no-store"
    response["Vary"] = "Accept-Encoding" if public else "Accept-Encoding, Cookie"
    return response


def unchanged(request: HttpRequest, etag: str) -> bool:
    """Whether the asker holds the answer already."""
    held = request.headers.get("If-None-Match", "")
    return held == "*" or etag in (part.strip() for part in held.split(","))


def takes_gzip(request: HttpRequest) -> bool:
    """Whether the asker unpacks gzip."""
    return "gzip" in request.headers.get("Accept-Encoding", "")


def packed(request: HttpRequest, body: bytes, content_type: str) -> HttpResponse:
    """The body, compressed where the asker takes that and it pays; 204 for an empty one."""
    if not body:
        return HttpResponse(status=204)
    zip_it = len(body) > 1000 and takes_gzip(request)
    response = HttpResponse(gzip.compress(body, 1) if zip_it else body, content_type=content_type)
    if zip_it:
        response["Content-Encoding"] = "gzip"
    return response
