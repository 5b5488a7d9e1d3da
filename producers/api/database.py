"""The API's ways to PostgreSQL: an async pool for warm reads, threads for what shares the line's own code."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import psycopg
import sqlalchemy.exc
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from sqlalchemy import Connection

from shared.database.engine import open_engine
from shared.errors import MillraceError

CONNECTION_PATIENCE: Final = 2.0
"""Seconds a request waits for a connection; a reader is better off with a 503 than with a page that never comes."""

ANSWER_PATIENCE: Final = 5.0
"""Seconds a request waits in all, so that a database that hangs instead of refusing is away, too."""

P = ParamSpec("P")
T = TypeVar("T")


class DatabaseAway(MillraceError):
    """PostgreSQL did not answer; the same request may succeed in a moment."""


class Database:
    """PostgreSQL at `url` (libpq's form), with `pool` connections of each sort at most; opened and closed once."""

    def __init__(self, url: str, pool: int, name: str = "millrace-api") -> None:
        self._pool = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=pool,
            open=False,
            timeout=CONNECTION_PATIENCE,
            reconnect_timeout=CONNECTION_PATIENCE,
            kwargs={
                "autocommit": True,
                "connect_timeout": round(CONNECTION_PATIENCE),
                "application_name": name,
                # Statements are written for PostgreSQL as they are ($1, $2): nothing is rewritten for each read.
                "cursor_factory": psycopg.AsyncRawCursor,
            },
        )
        self.engine = open_engine(url, pool=pool, name=name, patience=CONNECTION_PATIENCE, ping=True)
        self._threads = ThreadPoolExecutor(pool, thread_name_prefix="database")

    async def open(self) -> None:
        """Begin to connect; the API starts whether or not the database is there."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close(timeout=CONNECTION_PATIENCE)
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.engine.dispose()

    async def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows that a reading statement answers; raises DatabaseAway."""
        return await in_time(asyncio.ensure_future(self._rows(statement, parameters)))

    async def call(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function of a connection in a thread and in a transaction of its own; raises DatabaseAway."""

        def work() -> T:
            with self.engine.begin() as connection:
                return function(connection, *args, **kwargs)

        try:
            return await in_time(asyncio.get_running_loop().run_in_executor(self._threads, work))
        except (psycopg.OperationalError, psycopg.InterfaceError, sqlalchemy.exc.TimeoutError) as error:
            raise DatabaseAway(str(error)) from error
        except sqlalchemy.exc.DBAPIError as error:
            if isinstance(error.orig, (psycopg.OperationalError, psycopg.InterfaceError)):
                raise DatabaseAway(str(error.orig)) from error
            raise

    async def _rows(self, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        try:
            return await self._read(statement, parameters)
        except PoolTimeout as error:
            raise DatabaseAway(str(error)) from error
        except (psycopg.OperationalError, psycopg.InterfaceError):
            # Perhaps it was restarted: connections made before are dead, and none of them knows.
            await self._pool.check()
        try:
            return await self._read(statement, parameters)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise DatabaseAway(str(error)) from error

    async def _read(self, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(statement, parameters)
            return await cursor.fetchall()


async def in_time(work: asyncio.Future[T]) -> T:
    """Wait for work, but not for its end when that takes too long: psycopg would wait for the server in its turn."""
    work.add_done_callback(_note)
    done, _ = await asyncio.wait({work}, timeout=ANSWER_PATIENCE)
    if not done:
        work.cancel()
        raise DatabaseAway(f"no answer within {ANSWER_PATIENCE:g} s")
    return work.result()


def _note(work: asyncio.Future[Any]) -> None:
    """Take note of an error that nobody waits for any more, lest asyncio complains."""
    if not work.cancelled():
        work.exception()
