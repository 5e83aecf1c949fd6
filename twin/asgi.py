"""The server's one door: HTTP goes to Django, start and stop to the live hub."""

from __future__ import annotations

import asyncio
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twin.settings.local")
os.environ["TWIN_PROCESS"] = "server"

from django.core.asgi import get_asgi_application

from twin.local.tether import end_with_parent

end_with_parent()
_django = get_asgi_application()

from simulation.reaper import watch  # noqa: E402  # models need django.setup() first
from twin.core import express  # noqa: E402
from twin.core.live import hub  # noqa: E402


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Serve one ASGI connection."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] != "http" or not await express.serve(scope, send):
        await _django(scope, receive, send)


async def lifespan(receive: Any, send: Any) -> None:
    """From start to stop listen to the database and look after runs whose worker may be dead."""
    reaping: asyncio.Task[None] | None = None
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            hub()
            reaping = asyncio.create_task(watch())
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            if reaping:
                reaping.cancel()
            await hub().stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
