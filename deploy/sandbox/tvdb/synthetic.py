"""Generated series for load tests: every fact is computed from the id, so any number of them costs no memory.

Series and people have ids from 9,000,000 up; each series brings three people of its own and shares five with its
neighbours, so that people are asked for by more than one series, as in life.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from deploy.sandbox.tvdb.facts import Company, Credit, Episode, Person, Season, Series
from deploy.sandbox.tvdb.words import FAMILY, FIRST_WORDS, GIVEN, SECOND_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deploy.sandbox.tvdb.facts import Movie

FIRST = 9_000_000
SEASON_IDS = 900_000_000
EPISODE_IDS = 1_000_000_000
CREDIT_IDS = 1_500_000_000
LARGEST = 200
"""Thousands of series that fit into these ranges of ids, all below two to the power of 31."""

OWN = 3
CAST = 8
KINDS = ("Actor", "Actor", "Actor", "Actor", "Actor", "Guest Star", "Director", "Writer")
SEASONS_ROOM = 100
EPISODES_ROOM = 1000

GENRES = ("Drama", "Comedy", "Crime", "Documentary", "Fantasy", "Mystery", "Romance", "Thriller")
NETWORK = Company(8_990_031, "Synthetic Television", 1, "usa")


class Synthetic:
    """A `facts.Shelf` of `thousands` thousand series. Raises ValueError beyond `LARGEST`."""

    def __init__(self, thousands: int) -> None:
        if not 0 <= thousands <= LARGEST:
            raise ValueError(f"between 0 and {LARGEST} thousand series can be generated, not {thousands}")
        self._count = thousands * 1000
        self._people = self._count * OWN
        self.series_ids: Sequence[int] = range(FIRST, FIRST + self._count)
        self.movie_ids: Sequence[int] = ()
        self.person_ids: Sequence[int] = range(FIRST, FIRST + self._people)

    def series(self, series_id: int) -> Series | None:
        """Return one series with all below it."""
        return self._series(series_id - FIRST) if series_id in self.series_ids else None

    def head(self, series_id: int) -> Series | None:
        """Return one series without its episodes."""
        return self._series(series_id - FIRST, whole=False) if series_id in self.series_ids else None

    def movie(self, movie_id: int) -> Movie | None:  # noqa: ARG002 - no films are generated
        """Return None."""
        return None

    def person(self, person_id: int) -> Person | None:
        """Return one person."""
        if person_id not in self.person_ids:
            return None
        place = person_id - FIRST
        born = date(1940, 1, 1) + timedelta(days=_draw(place, 7, 22_000))
        name = _person_name(place)
        return Person(
            id=person_id,
            name=name,
            names={"eng": name},
            born=born.isoformat(),
            birthplace=f"Port {SECOND_WORDS[_draw(place, 8, len(SECOND_WORDS))]}",
            gender=1 + _draw(place, 9, 2),
            biographies={"eng": f"{name} was generated, and has worked ever since."},
            remote_ids=[(2, f"nm{90_000_000 + place}")],
        )

    def series_of_season(self, season_id: int) -> Series | None:
        """Return the series that a season of any ordering belongs to."""
        return self._below((season_id - SEASON_IDS) // SEASONS_ROOM)

    def series_of_episode(self, episode_id: int) -> Series | None:
        """Return the series that an episode belongs to."""
        return self._below((episode_id - EPISODE_IDS) // EPISODES_ROOM)

    def credits_of(self, person_id: int) -> Sequence[tuple[Credit, Series | Movie]]:
        """Return what a person did: the inverse of `_credits`."""
        if person_id not in self.person_ids:
            return ()
        found = []
        for sort in range(CAST):
            place, rest = divmod((person_id - FIRST - sort) % self._people, OWN)
            if not rest:
                found.append((self._credits(place)[sort], self._series(place, whole=False)))
        return found

    def titles(self) -> Iterator[tuple[str, int, str]]:
        """Yield what everything is called."""
        for place in range(self._count):
            yield "series", FIRST + place, _title(place)
        for place in range(self._people):
            yield "person", FIRST + place, _person_name(place)

    def _below(self, place: int) -> Series | None:
        return self._series(place) if 0 <= place < self._count else None

    def _series(self, place: int, *, whole: bool = True) -> Series:
        title = _title(place)
        seasons = 1 + _draw(place, 1, 4)
        last = _premiere(place, seasons) + timedelta(weeks=_length(place, seasons) - 1)
        return Series(
            id=FIRST + place,
            slug=f"synthetic-{place}",
            names={"eng": title},
            overviews={"eng": f"{title} is about nothing in particular. It was generated from the number {place}."},
            language="eng",
            country="usa",
            status="Continuing" if _draw(place, 5, 3) == 0 else "Ended",
            first_aired=_premiere(place, 1).isoformat(),
            last_aired=last.isoformat(),
            runtime=45,
            score=_draw(place, 6, 100_000),
            days=("monday",),
            airs_time="20:00",
            genres=sorted({GENRES[_draw(place, 3, len(GENRES))], GENRES[_draw(place, 4, len(GENRES))]}),
            companies=(NETWORK,),
            remote_ids=[(2, f"tt{90_000_000 + place}")],
            seasons=[
                Season(SEASON_IDS + place * SEASONS_ROOM + shift + number, number, order)
                for order, shift in (("official", 0), ("dvd", 30))
                for number in range(1, seasons + 1)
            ],
            episodes=list(_episodes(place, seasons)) if whole else [],
            credits=self._credits(place),
        )

    def _credits(self, place: int) -> list[Credit]:
        return [
            Credit(
                id=CREDIT_IDS + place * CAST + sort,
                person=FIRST + (place * OWN + sort) % self._people,
                kind=kind,
                role=GIVEN[_draw(place + sort, 11, len(GIVEN))] if kind in {"Actor", "Guest Star"} else None,
                sort=sort,
                featured=sort < OWN,
            )
            for sort, kind in enumerate(KINDS)
        ]


def _episodes(place: int, seasons: int) -> Iterator[Episode]:
    absolute = 0
    for season in range(1, seasons + 1):
        last = _length(place, season)
        for number in range(1, last + 1):
            absolute += 1
            yield Episode(
                id=EPISODE_IDS + place * EPISODES_ROOM + absolute,
                season=season,
                number=number,
                aired=(_premiere(place, season) + timedelta(weeks=number - 1)).isoformat(),
                runtime=45,
                names={"eng": f"Chapter {absolute}"},
                overviews={"eng": f"What chapter {absolute} tells was never written."},
                absolute=absolute,
                finale="season" if number == last else None,
            )


def _length(place: int, season: int) -> int:
    return 6 + _draw(place, 20 + season, 8)


def _premiere(place: int, season: int) -> date:
    return date(1990 + _draw(place, 2, 30) + season, 1, 7)


def _title(place: int) -> str:
    rest, first = divmod(place, len(FIRST_WORDS))
    volume, second = divmod(rest, len(SECOND_WORDS))
    return f"{FIRST_WORDS[first]} {SECOND_WORDS[second]}" + (f" {volume + 1}" if volume else "")


def _person_name(place: int) -> str:
    rest, given = divmod(place, len(GIVEN))
    middle, family = divmod(rest, len(FAMILY))
    return f"{GIVEN[given]} {chr(65 + middle % 26) + '. ' if middle else ''}{FAMILY[family]}"


def _draw(place: int, salt: int, below: int) -> int:
    """Return a number below `below` that looks random and is always the same."""
    mixed = ((place + 1) * 2_654_435_761 ^ (salt * 2_246_822_519)) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 15)) * 2_246_822_519) & 0xFFFFFFFF
    return (mixed >> 8) % below
