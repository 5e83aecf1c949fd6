"""Async connections for tiles, items and the live stream: one psycopg pool for the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from django.conf import settings
from django.db import connection as django_connection
from psycopg import AsyncConnection, OperationalError
from psycopg.rows import tuple_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from twin.core.errors import lost_database

_pools: dict[asyncio.AbstractEventLoop, AsyncConnectionPool] = {}


def connect_arguments() -> dict[str, Any]:
    """Where Django connects to, in libpq's words (in tests: the test database)."""
    given = django_connection.settings_dict
    arguments = {
        "dbname": given["NAME"],
        "user": given["USER"],
        "password": given["PASSWORD"],
        "host": given["HOST"],
        "port": given["PORT"],
        "options": "-c jit=off",
        "application_name": "song-sinh web",
    }
    return {key: value for key, value in arguments.items() if value}


async def _pool() -> AsyncConnectionPool:
    loop = asyncio.get_running_loop()
    if loop not in _pools:
        _pools[loop] = AsyncConnectionPool(
            kwargs={**connect_arguments(), "autocommit": True},
            min_size=1,
            max_size=settings.TWIN_POOL_SIZE,
            open=False,
            timeout=10,
            check=AsyncConnectionPool.check_connection,
        )
        await _pools[loop].open()
    return _pools[loop]


@asynccontextmanager
async def connection() -> AsyncIterator[AsyncConnection[tuple[Any, ...]]]:
    """An autocommit connection, from the pool where there is one.

    Raises Unavailable when the database doesn't answer.
    """
    try:
        if settings.TWIN_POOL_SIZE:
            pool = await _pool()
            async with pool.connection() as borrowed:
                yield borrowed
        else:
            async with await AsyncConnection.connect(
                **connect_arguments(), autocommit=True, row_factory=tuple_row
            ) as own:
                yield own
    except (PoolTimeout, OperationalError) as error:
        raise lost_database() from error


async def fetch(query: Any, params: Any = None) -> list[tuple[Any, ...]]:
    """All rows of one query."""
    async with connection() as link:
        cursor = await link.execute(query, params)
        return await cursor.fetchall()
