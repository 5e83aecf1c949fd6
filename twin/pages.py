"""The viewer's page: the built index.html, served as it is."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie

from twin.core.errors import Unavailable


@never_cache
@ensure_csrf_cookie
def viewer(request: HttpRequest) -> HttpResponse:
    """The web twin. Raises Unavailable where the viewer was never built."""
    # The collected page names the collected scripts; a build that goes on meanwhile has others.
    places = (settings.STATIC_ROOT / "viewer", settings.VIEWER_DIST)
    page = next(
        (folder / "index.html" for folder in places if (folder / "index.html").is_file()), None
    )
    if page is None:
        raise Unavailable(
            "The viewer is not built; run `make setup` and start the twin again",
            vi="Giao diện chưa được dựng; hãy chạy `make setup` rồi khởi động lại",
        )
    return HttpResponse(page.read_bytes(), content_type="text/html; charset=utf-8")
