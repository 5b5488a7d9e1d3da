"""One refresh of an entity, across all processes: whoever holds its lease asks TheTVDB, the others hear of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from producers.api.database import DatabaseAway
from producers.api.live import Document, Entities
from producers.api.shelf import Shelf
from shared import clock, refreshes
from shared.broker.ids import new_id
from shared.broker.wire import compose
from shared.catalog.screen import rules
from shared.catalog.screen.records import EntityType
from shared.catalog.screen.views import Copy
from shared.contracts.kind import Payload
from shared.contracts.kinds import CONTRACTS
from shared.contracts.screen import SaveMovie, SavePerson, SaveSeries
from shared.errors import MillraceError, UpstreamAway, UpstreamGone

POLL: Final = 0.2
"""Seconds between two looks for what another process is fetching."""

SAVES: Final[dict[EntityType, Callable[..., Payload]]] = {
    "series": SaveSeries,
    "movie": SaveMovie,
    "person": SavePerson,
}

MISSING, STALE = 9, 5
"""Priorities of a save: somebody waits for what is not there at all, and holds a copy of what is only old."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Fetched:
    """TheTVDB answered, here or in another process."""

    body: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class NotThere:
    """TheTVDB has no such entity."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Saved:
    """Somebody has stored it meanwhile."""

    copy: Copy


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another process is asking, and there is a copy to answer with until it knows."""


@dataclass(frozen=True, slots=True)
class Failed:
    """TheTVDB could not answer."""

    error: MillraceError


Outcome = Fetched | NotThere | Saved | Elsewhere | Failed


class Refresher:
    """Refreshes entities; `is_fresh` tells whether a copy needs it."""

    def __init__(self, shelf: Shelf, live: Entities, is_fresh: Callable[[EntityType, Copy], bool]) -> None:
        self._shelf = shelf
        self._live = live
        self._is_fresh = is_fresh

    async def refresh(self, word: EntityType, tvdb_id: int, copy: Copy | None) -> Outcome:
        """Find out what an entity is like now; `copy` is what is stored of it. Raises DatabaseAway."""
        entity, holder = f"{word}:{tvdb_id}", new_id()
        while True:
            match await self._shelf.take(entity, holder):
                case refreshes.Mine():
                    return await self._in_turn(word, tvdb_id, holder)
                case refreshes.Told(answer=None, at=at):
                    return NotThere(at)
                case refreshes.Told(answer=str(answer), at=at):
                    return Fetched(answer.encode(), at)
            if copy is not None:
                return Elsewhere()
            await asyncio.sleep(POLL)
            saved = await self._shelf.copy(word, tvdb_id)
            if saved is not None and self._is_fresh(word, saved):
                return Saved(saved)

    async def _in_turn(self, word: EntityType, tvdb_id: int, holder: str) -> Outcome:
        entity = f"{word}:{tvdb_id}"
        settled = False
        try:
            # It may have been saved between the look at it and the lease.
            copy = await self._shelf.copy(word, tvdb_id)
            if copy is not None and self._is_fresh(word, copy):
                return Saved(copy)
            outcome = await self._ask(word, tvdb_id, copy, holder)
            if not isinstance(outcome, Failed):
                settled = await self._settle(word, tvdb_id, holder, outcome, copy)
            return outcome
        finally:
            if not settled:
                with suppress(DatabaseAway):
                    await self._shelf.release(entity, holder)

    async def _ask(self, word: EntityType, tvdb_id: int, copy: Copy | None, holder: str) -> Fetched | NotThere | Failed:
        asking = asyncio.ensure_future(self._live.entity(word, tvdb_id))
        try:
            while not (await asyncio.wait({asking}, timeout=refreshes.LEASE / 3))[0]:
                with suppress(DatabaseAway):
                    await self._shelf.renew(f"{word}:{tvdb_id}", holder)
            document = asking.result()
        except UpstreamGone:
            return NotThere(clock.now())
        except MillraceError as error:
            log.warning("not refreshed", entity=f"{word}:{tvdb_id}", error=type(error).__name__, reason=str(error))
            return Failed(error)
        finally:
            asking.cancel()
        if _lost_parts(copy, document):
            return Failed(UpstreamAway("tvdb", f"{word} {tvdb_id} came without most of the parts it had"))
        return Fetched(document.body, clock.now())

    async def _settle(
        self, word: EntityType, tvdb_id: int, holder: str, outcome: Fetched | NotThere, copy: Copy | None
    ) -> bool:
        """Tell the others and ask for the save; whoever waits is answered also when the database is away by now."""
        save = compose(
            CONTRACTS,
            SAVES[word](tvdb_id=tvdb_id),
            app_id="api",
            priority=MISSING if copy is None else STALE,
        )
        answer = outcome.body.decode() if isinstance(outcome, Fetched) else None
        # What was never stored and is not there needs no save: whoever makes up ids would fill the queues.
        wanted = None if answer is None and copy is None else save
        try:
            asked = await self._shelf.settle(f"{word}:{tvdb_id}", holder, answer, outcome.at, wanted)
        except DatabaseAway as away:
            log.warning("save not asked for, database away", entity=f"{word}:{tvdb_id}", reason=str(away))
            return False
        if asked:
            log.info(
                "save asked for", entity=f"{word}:{tvdb_id}", asked_id=save.message_id, asked_priority=save.priority
            )
        return True


def _lost_parts(copy: Copy | None, document: Document) -> bool:
    """Whether this is TheTVDB's known half answer, which is no better than none."""
    if copy is None or document.counts is None:
        return False
    return not rules.plausible(copy.counts, document.counts)
