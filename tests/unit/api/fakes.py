"""A shelf and a TheTVDB in memory; `shelf_rules` holds the shelf to what the real one does."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from producers.api.database import DatabaseAway
from producers.api.live import Document, Hits
from shared import clock, refreshes
from shared.broker.wire import Message
from shared.catalog.screen.records import EntityType
from shared.catalog.screen.rules import Counts
from shared.catalog.screen.views import Copy
from shared.errors import MillraceError, UpstreamGone

NO_PARTS = Counts(0, 0, 0)


def copy_of(body: str, *, days: float = 0, gone: bool = False, counts: Counts = NO_PARTS) -> Copy:
    """Return a stored copy that was compared with TheTVDB so many days ago."""
    at = clock.now() - timedelta(days=days)
    return Copy(at, at if gone else None, f"version-of-{body}", counts, body.encode())


@dataclass
class Lease:
    holder: str
    held: bool = True
    answered: bool = False
    answer: str | None = None
    at: datetime | None = None
    message_id: str | None = None


@dataclass
class MemoryShelf:
    """Several catalogues may share one, as several processes share a database."""

    copies: dict[str, Copy] = field(default_factory=dict)
    leases: dict[str, Lease] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    asked: list[Message] = field(default_factory=list)
    reads: int = 0
    away: bool = False

    async def copy(self, word: EntityType, tvdb_id: int, known: Sequence[str] = ()) -> Copy | None:
        await self._there()
        self.reads += 1
        found = self.copies.get(f"{word}:{tvdb_id}")
        return replace(found, body=None) if found is not None and found.version in known else found

    async def take(self, entity: str, holder: str) -> refreshes.Turn:
        await self._there()
        lease = self.leases.get(entity)
        if lease is None or not lease.held or (lease.answered and lease.message_id in self.done):
            message_id = None if lease is None else lease.message_id
            self.leases[entity] = Lease(holder, message_id=message_id)
            return refreshes.Mine()
        return refreshes.Told(lease.answer, lease.at) if lease.answered and lease.at else refreshes.Busy()

    async def renew(self, entity: str, holder: str) -> None:  # noqa: ARG002 - time stands still here
        await self._there()

    async def settle(self, entity: str, holder: str, answer: str | None, at: datetime, save: Message | None) -> bool:
        await self._there()
        lease = self.leases[entity]
        if lease.holder != holder:
            return False
        asks = save is not None and (lease.message_id is None or lease.message_id in self.done)
        lease.answered, lease.answer, lease.at = True, answer, at
        if save is None:
            lease.message_id = None
        elif asks:
            lease.message_id = save.message_id
            self.asked.append(save)
        return asks

    async def release(self, entity: str, holder: str) -> None:
        await self._there()
        lease = self.leases[entity]
        if lease.holder == holder and not lease.answered:
            lease.held = False

    async def _there(self) -> None:
        await asyncio.sleep(0)
        if self.away:
            raise DatabaseAway("not there")

    # -- What tests do to it ------------------------------------------------------------------------------------

    async def lapse(self, entity: str) -> None:
        """Let the time of a lease run out."""
        self.leases[entity].held = False

    async def finish(self, message_id: str) -> None:
        """Let a worker be done with a save."""
        self.done.add(message_id)

    async def saves(self, entity: str) -> list[str]:
        """Return the ids of the saves asked for."""
        return [message.message_id for message in self.asked if message.body.decode().endswith(f":{entity[7:]}}}")]


@dataclass
class MemoryTvdb:
    """Answers when `gate` is open, that it is not there for what it was not given; an error is raised."""

    entities: dict[str, Document | MillraceError] = field(default_factory=dict)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: Counter[str] = field(default_factory=Counter)
    under_way: Counter[str] = field(default_factory=Counter)
    most_under_way: int = 0

    async def entity(self, word: EntityType, tvdb_id: int) -> Document:
        name = f"{word}:{tvdb_id}"
        self.asked[name] += 1
        self.under_way[name] += 1
        self.most_under_way = max(self.most_under_way, self.under_way[name])
        try:
            await self.gate.wait()
        finally:
            self.under_way[name] -= 1
        found = self.entities.get(name, UpstreamGone("tvdb", name))
        if isinstance(found, MillraceError):
            raise found
        return found


class AwayDatabase:
    """A database that never answers."""

    async def open(self) -> None:
        """Begin nothing."""

    async def close(self) -> None:
        """Nothing is open."""

    async def rows(self, *_: object) -> None:
        raise DatabaseAway("connection to server at db.internal failed")

    async def call(self, *_: object, **__: object) -> None:
        raise DatabaseAway("connection to server at db.internal failed")


@dataclass
class MemoryLive(MemoryTvdb):
    """A TheTVDB that can also be searched."""

    found: Hits | MillraceError = field(default_factory=lambda: Hits([], full=False))
    searched: list[tuple[str, str | None, int, int]] = field(default_factory=list)

    async def search(self, query: str, word: EntityType | None, offset: int, limit: int) -> Hits:
        self.searched.append((query, word, offset, limit))
        if isinstance(self.found, MillraceError):
            raise self.found
        return self.found

    def close(self) -> None:
        """Nothing is open."""
