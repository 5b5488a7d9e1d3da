"""All shelves as one: the shipped catalogue first, generated series behind it."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from deploy.sandbox.tvdb.facts import Credit, Movie, Person, Series, Shelf

Found = TypeVar("Found")


class Library:
    """Answers what any of its shelves can; the first shelf that knows an id wins."""

    def __init__(self, shelves: Sequence[Shelf]) -> None:
        self._shelves = shelves
        self.series_ids = Joined([shelf.series_ids for shelf in shelves])
        self.movie_ids = Joined([shelf.movie_ids for shelf in shelves])
        self.person_ids = Joined([shelf.person_ids for shelf in shelves])

    def series(self, series_id: int) -> Series | None:
        """Return one series with all below it."""
        return self._first(lambda shelf: shelf.series(series_id))

    def head(self, series_id: int) -> Series | None:
        """Return one series, perhaps without its episodes."""
        return self._first(lambda shelf: shelf.head(series_id))

    def movie(self, movie_id: int) -> Movie | None:
        """Return one film."""
        return self._first(lambda shelf: shelf.movie(movie_id))

    def person(self, person_id: int) -> Person | None:
        """Return one person."""
        return self._first(lambda shelf: shelf.person(person_id))

    def series_of_season(self, season_id: int) -> Series | None:
        """Return the series that a season of any ordering belongs to."""
        return self._first(lambda shelf: shelf.series_of_season(season_id))

    def series_of_episode(self, episode_id: int) -> Series | None:
        """Return the series that an episode belongs to."""
        return self._first(lambda shelf: shelf.series_of_episode(episode_id))

    def credits_of(self, person_id: int) -> Sequence[tuple[Credit, Series | Movie]]:
        """Return what a person did, and where."""
        return [row for shelf in self._shelves for row in shelf.credits_of(person_id)]

    def titles(self) -> Iterator[tuple[str, int, str]]:
        """Yield (series|movie|person, id, everything it is called, one name a line)."""
        return chain.from_iterable(shelf.titles() for shelf in self._shelves)

    def _first(self, ask: Callable[[Shelf], Found | None]) -> Found | None:
        return next((found for shelf in self._shelves if (found := ask(shelf)) is not None), None)


class Joined:
    """Sequences of ids one behind the other, without copying them: generated ones may be a long `range`."""

    def __init__(self, parts: Sequence[Sequence[int]]) -> None:
        self._parts = parts

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts)

    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(self._parts)

    def page(self, start: int, size: int) -> list[int]:
        """Return up to `size` ids from `start` on."""
        found: list[int] = []
        for part in self._parts:
            found += part[start : start + size - len(found)] if start < len(part) else ()
            start = max(start - len(part), 0)
        return found
