"""The server's one door: HTTP goes to Django, start and stop to the live hub."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twin.settings.local")
os.environ["TWIN_PROCESS"] = "server"

from django.core.asgi import get_asgi_application

from twin.local.tether import end_with_parent

end_with_parent()
_django = get_asgi_application()

from twin.core.live import hub  # noqa: E402  # models need django.setup() first


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Serve one ASGI connection."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    else:
        await _django(scope, receive, send)


async def lifespan(receive: Any, send: Any) -> None:
    """Listen to the database from start to stop, whether or not a browser is open."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            hub()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await hub().stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
