"""What is stored of series, movies and people, and whose turn it is to ask for more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final, Protocol

from producers.api.batches import Batches
from producers.api.database import Database, in_time
from shared import refreshes
from shared.broker.wire import Message
from shared.catalog.screen import views
from shared.catalog.screen.records import EntityType
from shared.catalog.screen.views import Ask, Copy


class Shelf(Protocol):
    """All that the catalogue wants of the database; everything raises DatabaseAway. See `shared.refreshes`."""

    async def copy(self, word: EntityType, tvdb_id: int, known: Sequence[str] = ()) -> Copy | None:
        """Return what is stored, without its body if its version is among the `known`."""

    async def take(self, entity: str, holder: str) -> refreshes.Turn:
        """Try for the lease of an entity."""

    async def renew(self, entity: str, holder: str) -> None:
        """Keep the lease."""

    async def settle(self, entity: str, holder: str, answer: str | None, at: datetime, save: Message | None) -> bool:
        """Tell the others, and ask for the save unless one is on its way."""

    async def release(self, entity: str, holder: str) -> None:
        """Give the lease back."""


WARM: Final = 50
"""Reads in one statement when the reader, or this process, has a version of each: most need no more than that said."""

COLD: Final = 4
"""Reads in one statement when bodies have to be made: nobody should wait for those of many others."""

AT_ONCE: Final = 2
"""Statements of one sort under way: one is being answered while the next is on its way."""


class DatabaseShelf:
    """The shelf in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._batches: dict[tuple[EntityType, bool], Batches[Ask, Copy | None]] = {
            (word, warm): Batches(partial(self._copies, word), largest=WARM if warm else COLD, at_once=AT_ONCE)
            for word in views.STATEMENTS
            for warm in (True, False)
        }

    async def copy(self, word: EntityType, tvdb_id: int, known: Sequence[str] = ()) -> Copy | None:
        """Read it, with others that are wanted at the same moment."""
        return await in_time(self._batches[word, bool(known)].get((tvdb_id, tuple(known))))

    async def _copies(self, word: EntityType, asks: Sequence[Ask]) -> list[Copy | None]:
        return views.copies(asks, await self._database.rows(views.STATEMENTS[word], views.parameters(asks)))

    async def take(self, entity: str, holder: str) -> refreshes.Turn:
        """Try for the lease of an entity."""
        return await self._database.call(refreshes.take, entity, holder)

    async def renew(self, entity: str, holder: str) -> None:
        """Keep the lease."""
        await self._database.call(refreshes.renew, entity, holder)

    async def settle(self, entity: str, holder: str, answer: str | None, at: datetime, save: Message | None) -> bool:
        """Tell the others and put the save into the outbox, in one transaction."""
        return await self._database.call(refreshes.settle, entity, holder, answer, at, save)

    async def release(self, entity: str, holder: str) -> None:
        """Give the lease back."""
        await self._database.call(refreshes.release, entity, holder)
