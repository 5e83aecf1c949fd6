"""The live stream: PostgreSQL notifications come in, server-sent events go out to every browser.

One LISTEN connection a web process feeds a queue for each open stream and wakes the drainer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import psycopg
from asgiref.sync import sync_to_async
from django.db import connection

from twin.core.db import connect_arguments
from twin.core.outbox import LIVE_CHANNEL, OUTBOX_CHANNEL, drain

logger = logging.getLogger("twin.live")

HEARTBEAT_S = 15.0
QUEUE_LENGTH = 1000
RETRY_S = 2.0


def encode(event: str, data: object) -> bytes:
    """One server-sent event."""
    return f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


class Hub:
    """Hands every notification to every open stream. One for each event loop."""

    def __init__(self) -> None:
        self.streams: set[asyncio.Queue[bytes | None]] = set()
        self.tasks: list[asyncio.Task[None]] = []
        self.changed = asyncio.Event()

    def start(self) -> None:
        """Begin listening and draining, once."""
        if not self.tasks:
            self.tasks = [
                asyncio.create_task(self.listen()),
                asyncio.create_task(self.drain_on_change()),
            ]

    async def stop(self) -> None:
        """End both tasks and every stream."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.tasks = []
        for stream in self.streams:
            with contextlib.suppress(asyncio.QueueFull):
                stream.put_nowait(None)

    async def listen(self) -> None:
        """Forward notifications for ever; reconnect when the database comes back."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    **connect_arguments(), autocommit=True
                ) as link:
                    await link.execute(f"LISTEN {LIVE_CHANNEL}")
                    await link.execute(f"LISTEN {OUTBOX_CHANNEL}")
                    self.changed.set()  # whatever was committed while nobody listened
                    async for notice in link.notifies():
                        if notice.channel == OUTBOX_CHANNEL:
                            self.changed.set()
                        else:
                            message = json.loads(notice.payload)
                            self.broadcast(encode(message["event"], message["data"]))
            except psycopg.Error as error:
                logger.warning("The live stream lost the database (%s); trying again", error)
            await asyncio.sleep(RETRY_S)

    async def drain_on_change(self) -> None:
        """Advance layer versions whenever something was committed."""
        while True:
            await self.changed.wait()
            self.changed.clear()
            try:
                await sync_to_async(self.drain_once, thread_sensitive=False)()
            except Exception:  # the stream must outlive one failed drain
                logger.exception("Draining the outbox failed; trying again")
                await asyncio.sleep(RETRY_S)
                self.changed.set()

    @staticmethod
    def drain_once() -> None:
        """Drain in a thread with a connection of its own."""
        try:
            drain()
        finally:
            connection.close()

    def broadcast(self, chunk: bytes) -> None:
        """Give one event to every stream; one that does not read is ended and will reconnect."""
        for stream in list(self.streams):
            try:
                stream.put_nowait(chunk)
            except asyncio.QueueFull:
                self.streams.discard(stream)
                with contextlib.suppress(asyncio.QueueEmpty):
                    stream.get_nowait()
                stream.put_nowait(None)

    async def stream(self) -> AsyncIterator[bytes]:
        """The events for one browser, with a heartbeat, until it goes away."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE_LENGTH)
        self.streams.add(queue)
        try:
            yield encode("hello", {"server_time": datetime.now(UTC).isoformat()})
            while True:
                try:
                    chunk = await asyncio.wait_for(queue.get(), HEARTBEAT_S)
                except TimeoutError:
                    chunk = b": still here\n\n"
                if chunk is None:
                    return
                yield chunk
        finally:
            self.streams.discard(queue)


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hub() -> Hub:
    """The hub of the running event loop, listening."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    _hubs[loop].start()
    return _hubs[loop]
