"""The shipped catalogue: the facts of `deploy/sandbox/data/tvdb/*.toml`, read once when the sandbox starts.

Each file holds some of the tables `[[series]]`, `[[movies]]`, `[[people]]` and `[[companies]]`. Rows that are many
are written as arrays; the fields are those of `facts`, in this order:

    companies   id, name, kind, country [, {aliases, tag}]
    seasons     id, number, order [, {image, joined, missing}]
    episodes    id, season, number, aired, runtime, names, overviews [, {image, finale, before}]
    credits     person id, kind, role ("" for crew) [, featured]
    people      id, name, gender, born, died, birthplace, biography (English) [, {names, aliases, image, ...}]
    daily       id of the first, season, count, first day, runtime, title with {n}: a run of daily episodes
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy.sandbox.tvdb.facts import Company, Credit, Episode, Movie, Person, Season, Series

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLDER = Path(__file__).parent.parent / "data" / "tvdb"

CREDIT_IDS = 100
"""Credits of one title get ids from title id times this on; no title has more."""


class Catalogue:
    """A `facts.Shelf` over files. Raises OSError, ValueError or KeyError when a file is wrong."""

    def __init__(self, folder: Path = FOLDER) -> None:
        tables: dict[str, list[Any]] = {"series": [], "movies": [], "people": [], "companies": []}
        for file in sorted(folder.glob("*.toml")):
            for name, rows in tomllib.loads(file.read_text("utf-8")).items():
                tables[name] += rows
        companies = {row[0]: _company(row) for row in tables["companies"]}
        self._series = {row["id"]: _series(row, companies) for row in tables["series"]}
        self._movies = {row["id"]: _movie(row, companies) for row in tables["movies"]}
        self._people = {row[0]: _person(row) for row in tables["people"]}
        self.series_ids: Sequence[int] = sorted(self._series)
        self.movie_ids: Sequence[int] = sorted(self._movies)
        self.person_ids: Sequence[int] = sorted(self._people)

    def series(self, series_id: int) -> Series | None:
        """Return one series with all below it."""
        return self._series.get(series_id)

    def head(self, series_id: int) -> Series | None:
        """Return one series."""
        return self._series.get(series_id)

    def movie(self, movie_id: int) -> Movie | None:
        """Return one film."""
        return self._movies.get(movie_id)

    def person(self, person_id: int) -> Person | None:
        """Return one person."""
        return self._people.get(person_id)

    def series_of_season(self, season_id: int) -> Series | None:
        """Return the series that a season of any ordering belongs to."""
        return self._by_season.get(season_id)

    def series_of_episode(self, episode_id: int) -> Series | None:
        """Return the series that an episode belongs to."""
        return self._by_episode.get(episode_id)

    def credits_of(self, person_id: int) -> Sequence[tuple[Credit, Series | Movie]]:
        """Return what a person did, series first."""
        return self._credits.get(person_id, ())

    def titles(self) -> Iterator[tuple[str, int, str]]:
        """Yield what everything is called, in every language."""
        for kind, things in (("series", self._series), ("movie", self._movies)):
            for thing in things.values():
                yield kind, thing.id, "\n".join([*thing.names.values(), *(name for _, name in thing.aliases)])
        for person in self._people.values():
            called = [person.name, *person.names.values(), *(name for _, name in person.aliases)]
            yield "person", person.id, "\n".join(called)

    @cached_property
    def _by_season(self) -> dict[int, Series]:
        return {season.id: one for one in self._series.values() for season in one.seasons}

    @cached_property
    def _by_episode(self) -> dict[int, Series]:
        return {episode.id: one for one in self._series.values() for episode in one.episodes}

    @cached_property
    def _credits(self) -> dict[int, list[tuple[Credit, Series | Movie]]]:
        found: dict[int, list[tuple[Credit, Series | Movie]]] = {}
        titles: list[Series | Movie] = [*self._series.values(), *self._movies.values()]
        for title in titles:
            for credit in title.credits:
                found.setdefault(credit.person, []).append((credit, title))
        return found


def _company(cells: list[Any]) -> Company:
    number, name, kind, country, *more = cells
    return Company(number, name, kind, country or None, **(more[0] if more else {}))


def _series(row: dict[str, Any], companies: dict[int, Company]) -> Series:
    episodes = [_episode(cells) for cells in row.pop("episodes", [])]
    episodes += [episode for run in row.pop("daily", []) for episode in _daily(run)]
    parts: dict[str, Any] = {
        "seasons": [Season(*cells[:3], **(cells[3] if len(cells) > 3 else {})) for cells in row.pop("seasons")],  # noqa: PLR2004
        "episodes": _numbered(episodes),
        "credits": _credits(row["id"], row.pop("credits", [])),
        "companies": [companies[number] for number in row.pop("companies", [])],
    }
    return Series(**row, **parts)


def _movie(row: dict[str, Any], companies: dict[int, Company]) -> Movie:
    parts: dict[str, Any] = {
        "companies": [companies[number] for number in row.pop("companies", [])],
        "credits": _credits(row["id"], row.pop("credits", [])),
    }
    return Movie(**row, **parts)


def _person(cells: list[Any]) -> Person:
    number, name, gender, born, died, birthplace, biography, *more = cells
    return Person(
        id=number,
        name=name,
        gender=gender,
        born=born or None,
        died=died or None,
        birthplace=birthplace or None,
        biographies={"eng": biography} if biography else {},
        **(more[0] if more else {}),
    )


def _episode(cells: list[Any]) -> Episode:
    number, season, in_season, aired, runtime, names, overviews, *more = cells
    extra = dict(more[0]) if more else {}
    if "before" in extra:
        extra["before"] = tuple(extra["before"])
    return Episode(number, season, in_season, aired or None, runtime or None, names, overviews, **extra)


def _daily(run: list[Any]) -> Iterator[Episode]:
    first_id, season, count, first_day, runtime, title = run
    for step in range(count):
        day = date.fromisoformat(first_day) + timedelta(days=step)
        names = {"deu": title.format(n=step + 1)}
        yield Episode(first_id + step, season, step + 1, day.isoformat(), runtime, names)


def _numbered(episodes: list[Episode]) -> list[Episode]:
    """Count episodes through, specials apart, in the order they are written."""
    regular = [episode for episode in episodes if episode.season > 0]
    absolute = {episode.id: place for place, episode in enumerate(regular, start=1)}
    return [replace(episode, absolute=absolute.get(episode.id)) for episode in episodes]


def _credits(title_id: int, rows: list[list[Any]]) -> list[Credit]:
    return [
        Credit(
            id=title_id * CREDIT_IDS + place,
            person=cells[0],
            kind=cells[1],
            role=cells[2] or None,
            sort=place,
            featured=bool(cells[3:] and cells[3]),
        )
        for place, cells in enumerate(rows)
    ]
