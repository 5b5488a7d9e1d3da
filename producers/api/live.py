"""TheTVDB as the API asks it: in a thread, with the patience of somebody who is waiting."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

import httpx
from sqlalchemy import Engine

from producers.api import answers
from shared import clock
from shared.catalog.screen.records import EntityType, Series
from shared.catalog.screen.rules import Counts, counts_of
from shared.errors import MissingSetting
from shared.settings import Settings
from shared.upstreams import tvdb
from shared.upstreams.gateway import Gateway
from shared.upstreams.http import MOST_CONNECTIONS, open_client
from shared.upstreams.tvdb import Tvdb

TIMEOUT: Final = httpx.Timeout(connect=3.0, read=10.0, write=5.0, pool=5.0)
"""Seconds; a worker can wait longer than a person."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Document:
    """What TheTVDB said about an entity, as the JSON that readers get; `counts` of its parts, for a series."""

    body: bytes
    counts: Counts | None = None


class Entities(Protocol):
    """Whoever can be asked for one series, movie or person."""

    async def entity(self, word: EntityType, tvdb_id: int) -> Document:
        """Return what it is like now; raises UpstreamGone, or another MillraceError when that cannot be said."""


@dataclass(frozen=True, slots=True)
class Hits:
    """What a search found, best first; `full` when as many records came as were asked for, so there may be more."""

    hits: list[answers.Hit]
    full: bool


class Live:
    """TheTVDB, asked from threads; without a key every question raises MissingSetting.

    `engine` hands out the turns that this process shares with the pools.

    Every method raises the errors of `shared.upstreams.http`.
    """

    def __init__(self, settings: Settings, engine: Engine | None = None, client: httpx.Client | None = None) -> None:
        self._client = open_client(settings) if client is None else client
        self._client.timeout = TIMEOUT
        self._threads = ThreadPoolExecutor(MOST_CONNECTIONS, thread_name_prefix="tvdb")
        self._missing: MissingSetting | None = None
        self._tvdb: Tvdb | None = None
        try:
            self._tvdb = tvdb.open_tvdb(Gateway(self._client, settings, engine))
        except MissingSetting as missing:
            # What is stored can be read without a key.
            self._missing = missing

    async def entity(self, word: EntityType, tvdb_id: int) -> Document:
        """Fetch and read one series, movie or person."""
        return await self._ask(lambda source: FETCH[word](source, tvdb_id))

    async def search(self, query: str, word: EntityType | None, offset: int, limit: int) -> Hits:
        """Search now."""
        return await self._ask(lambda source: _search(source, query, word, offset, limit))

    def close(self) -> None:
        """Close the client; a thread that is still waiting ends with its own timeout."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    async def _ask(self, question: Callable[[Tvdb], T]) -> T:
        source = self._tvdb
        if source is None:
            raise self._missing or MissingSetting("TVDB_API_KEY", "")
        # In the request's own context: its trace, and the words of its log lines.
        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._threads, context.run, question, source)


def _series(source: Tvdb, tvdb_id: int) -> Document:
    record: Series = tvdb.read_series(source.fetch_series(tvdb_id))
    return Document(_json(answers.series(record, clock.now())), counts_of(record))


def _movie(source: Tvdb, tvdb_id: int) -> Document:
    return Document(_json(answers.movie(tvdb.read_movie(source.fetch_movie(tvdb_id)), clock.now())))


def _person(source: Tvdb, tvdb_id: int) -> Document:
    return Document(_json(answers.person(tvdb.read_person(source.fetch_person(tvdb_id)), clock.now())))


def _search(source: Tvdb, query: str, word: EntityType | None, offset: int, limit: int) -> Hits:
    raw = source.fetch_search(query, word, offset, limit)
    # Companies and lists are found, too; they are left out, and yet they count.
    return Hits([answers.Hit.model_validate(hit) for hit in tvdb.read_search(raw)], len(raw["data"]) >= limit)


def _json(answer: Any) -> bytes:
    text: str = answer.model_dump_json()
    return text.encode()


FETCH: Final[dict[EntityType, Callable[[Tvdb, int], Document]]] = {
    "series": _series,
    "movie": _movie,
    "person": _person,
}
