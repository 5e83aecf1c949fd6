"""The live stream and the drainer, in the event loop that a server has."""

from __future__ import annotations

import asyncio
import json

import psycopg
import pytest

from twin.core import outbox
from twin.core.db import connect_arguments
from twin.core.live import QUEUE_LENGTH, Hub

pytestmark = pytest.mark.django_db(transaction=True)


async def next_event(stream, name: str) -> dict:
    async for chunk in stream:
        lines = chunk.decode().splitlines()
        if lines[0] == f"event: {name}":
            return json.loads(lines[1].removeprefix("data: "))
    raise AssertionError("the stream ended")


def insert_hydrant() -> None:
    with psycopg.connect(**connect_arguments()) as connection:
        connection.execute(
            "INSERT INTO layers_hydrants (geom, code) "
            "VALUES (ST_SetSRID(ST_MakePoint(107.1, 16.8), 4326), 'H1')"
        )


def test_an_edit_in_another_session_reaches_an_open_stream():
    async def story():
        hub = Hub()
        hub.start()
        stream = hub.stream()
        try:
            assert "server_time" in await next_event(stream, "hello")
            await asyncio.sleep(0.3)
            await asyncio.to_thread(insert_hydrant)
            event = await asyncio.wait_for(next_event(stream, "layer"), 10)
            assert event["layer"] == "hydrants" and event["version"] >= 2
        finally:
            await hub.stop()
            await stream.aclose()

    asyncio.run(story())


def test_changes_made_while_nobody_listened_are_announced_at_start():
    insert_hydrant()

    async def story():
        hub = Hub()
        stream = hub.stream()
        await next_event(stream, "hello")
        hub.start()
        try:
            event = await asyncio.wait_for(next_event(stream, "layer"), 10)
            assert event["layer"] == "hydrants"
        finally:
            await hub.stop()
            await stream.aclose()

    asyncio.run(story())
    assert outbox.drain() == {}


def test_a_stream_that_does_not_read_is_ended_and_hurts_nobody():
    async def story():
        hub = Hub()
        slow, quick = hub.stream(), hub.stream()
        await next_event(slow, "hello")
        await next_event(quick, "hello")
        for _ in range(QUEUE_LENGTH + 1):
            hub.broadcast(b"event: run\ndata: {}\n\n")
            await next_event(quick, "run")
        assert len(hub.streams) == 1  # only the slow one is gone
        with pytest.raises(AssertionError, match="the stream ended"):
            await next_event(slow, "never")
        await slow.aclose()
        await quick.aclose()

    asyncio.run(story())
