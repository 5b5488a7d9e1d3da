"""What a reader of the catalogue is answered: from the database while that is fresh, from TheTVDB when it is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from producers.api.bodies import Bodies
from producers.api.flights import Flights
from producers.api.live import Entities
from producers.api.refreshing import Elsewhere, Failed, Fetched, NotThere, Outcome, Refresher, Saved
from producers.api.shelf import Shelf
from shared import clock
from shared.catalog.screen import rules
from shared.catalog.screen.records import EntityType
from shared.catalog.screen.views import Copy
from shared.errors import MillraceError, UpstreamAway
from shared.settings import Settings

Source = Literal["database", "tvdb"]
Reason = Literal["upstream-away", "refresh-under-way"]


class NoSuchEntity(MillraceError):
    """TheTVDB has no such thing; `gone_at` says since when, if it is stored that there was one."""

    def __init__(self, word: EntityType, tvdb_id: int, gone_at: datetime | None = None) -> None:
        self.gone_at = gone_at
        if gone_at is None:
            super().__init__(f"TheTVDB has no {word} {tvdb_id}.")
        else:
            super().__init__(f"TheTVDB had {word} {tvdb_id} once, and by {gone_at:%Y-%m-%d %H:%M} UTC had it no more.")


class NothingToAnswer(MillraceError):
    """Nothing is stored, and TheTVDB failed; `retry_after` is in seconds."""

    def __init__(self, word: EntityType, tvdb_id: int, error: MillraceError) -> None:
        self.retry_after: float | None = getattr(error, "retry_after", None)
        super().__init__(f"Nothing is stored of {word} {tvdb_id}, and TheTVDB cannot be asked ({error}).")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds a reader waits for TheTVDB: less when there is a stale copy to answer with."""

    with_copy: float = 5.0
    without_copy: float = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader gets; `version` is None for a live answer, `body` None when the reader has that version already."""

    source: Source
    synced_at: datetime
    body: bytes | None
    version: str | None = None
    stale: Reason | None = None


class Catalogue:
    """Series, movies and people."""

    def __init__(
        self,
        shelf: Shelf,
        live: Entities,
        max_ages: Mapping[EntityType, timedelta],
        patience: Patience = Patience(),
    ) -> None:
        self._shelf = shelf
        self._patience = patience
        self._max_ages = max_ages
        self._bodies = Bodies()
        self._flights: Flights[Outcome] = Flights()
        self._refresher = Refresher(shelf, live, self._is_fresh)

    async def close(self) -> None:
        """End the refreshes under way."""
        await self._flights.close()

    async def read(self, word: EntityType, tvdb_id: int, known: Sequence[str] = ()) -> Answer:
        """Return the answer for a reader who holds the `known` versions.

        Raises NoSuchEntity, NothingToAnswer or DatabaseAway.
        """
        copy = await self._copy(word, tvdb_id, known)
        if copy is not None and self._is_fresh(word, copy):
            return _stored(word, tvdb_id, copy)
        patience = self._patience.without_copy if copy is None else self._patience.with_copy
        outcome: Outcome
        try:
            outcome = await self._flights.join(
                f"{word}:{tvdb_id}", lambda: self._refresher.refresh(word, tvdb_id, copy), patience
            )
        except TimeoutError:
            outcome = Failed(UpstreamAway("tvdb", f"no answer within {patience:g} s"))
        match outcome:
            case Fetched(body, at):
                return Answer("tvdb", at, body)
            case Saved(saved):
                return _stored(word, tvdb_id, saved)
            case NotThere(at):
                raise NoSuchEntity(word, tvdb_id, None if copy is None else copy.gone_at or at)
            case Elsewhere() if copy is not None:
                return _stored(word, tvdb_id, copy, stale="refresh-under-way")
            case Failed(error):
                if copy is None:
                    raise NothingToAnswer(word, tvdb_id, error)
                return _stored(word, tvdb_id, copy, stale="upstream-away")
        # Who joined a refresh begun by somebody who had a copy, and has none: it was deleted in between.
        raise NothingToAnswer(word, tvdb_id, UpstreamAway("tvdb", "asked by another process"))

    def _is_fresh(self, word: EntityType, copy: Copy) -> bool:
        return not rules.is_stale(copy.compared_at, clock.now(), self._max_ages[word])

    async def _copy(self, word: EntityType, tvdb_id: int, known: Sequence[str]) -> Copy | None:
        """Return what is stored; its body comes from this process when PostgreSQL says that it is still the one."""
        entity = f"{word}:{tvdb_id}"
        kept = self._bodies.get(entity)
        copy = await self._shelf.copy(word, tvdb_id, known if kept is None else (*known, kept[0]))
        if copy is None:
            return None
        if copy.body is not None:
            self._bodies.put(entity, copy.version, copy.body)
        elif kept is not None and kept[0] == copy.version and copy.version not in known:
            return Copy(copy.synced_at, copy.gone_at, copy.version, copy.counts, kept[1])
        return copy


def max_ages(settings: Settings) -> dict[EntityType, timedelta]:
    """Return the ages at which copies turn stale."""
    titles, people = timedelta(days=settings.series_fresh_days), timedelta(days=settings.people_fresh_days)
    return {"series": titles, "movie": titles, "person": people}


def _stored(word: EntityType, tvdb_id: int, copy: Copy, stale: Reason | None = None) -> Answer:
    if copy.gone_at is not None:
        raise NoSuchEntity(word, tvdb_id, copy.gone_at)
    return Answer("database", copy.synced_at, copy.body, copy.version, stale)
