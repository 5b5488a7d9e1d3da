"""What is stored of series, movies and people, and whose turn it is to ask for more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from producers.api.database import Database
from shared import refreshes
from shared.broker.wire import Message
from shared.catalog.screen import views
from shared.catalog.screen.records import EntityType
from shared.catalog.screen.views import Copy


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


class DatabaseShelf:
    """The shelf in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def copy(self, word: EntityType, tvdb_id: int, known: Sequence[str] = ()) -> Copy | None:
        """Read it with one statement."""
        return views.copy(await self._database.row(views.STATEMENTS[word], views.parameters(tvdb_id, known)))

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
