"""Series, movies and people as plain values: what upstream clients read and the store writes.

Times are in UTC, runtimes in minutes, languages and countries TheTVDB's three-letter codes. None means that
nobody has said; a tuple is in upstream's order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

EntityType = Literal["series", "movie", "person"]


@dataclass(frozen=True, slots=True)
class Alias:
    """Another name; `language` is `und` where upstream does not say which it is in."""

    language: str
    name: str


@dataclass(frozen=True, slots=True)
class Genre:
    """A genre by TheTVDB's number and English name."""

    tvdb_id: int
    name: str


@dataclass(frozen=True, slots=True)
class RemoteIds:
    """The same entity's ids elsewhere."""

    imdb_id: str | None = None
    tmdb_id: int | None = None
    wikidata_id: str | None = None


@dataclass(frozen=True, slots=True)
class Season:
    """A season in aired order; number 0 holds the specials."""

    tvdb_id: int
    number: int
    name: str | None = None
    image: str | None = None
    year: int | None = None
    upstream_updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """An episode in aired order; `name` and `overview` are in the series' original language."""

    tvdb_id: int
    season_number: int
    number: int
    absolute_number: int | None = None
    name: str | None = None
    overview: str | None = None
    first_aired: date | None = None
    runtime: int | None = None
    image: str | None = None
    finale_type: str | None = None
    upstream_updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Credit:
    """One person in one role of one series, movie or episode; a person with two roles has two.

    `role` is the character played, `job` upstream's type of work (Actor, Guest Star, Director, ...). A person may
    be known from credits alone; `person_tvdb_id` is None for a character nobody is named for.
    """

    tvdb_id: int
    person_tvdb_id: int | None
    person_name: str | None
    job: str | None
    role: str | None = None
    series_tvdb_id: int | None = None
    movie_tvdb_id: int | None = None
    episode_tvdb_id: int | None = None
    title: str | None = None
    title_year: int | None = None
    person_image: str | None = None
    image: str | None = None
    position: int | None = None
    featured: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """A series with everything that is stored of it; `name` is English where upstream has an English one."""

    tvdb_id: int
    name: str
    original_name: str
    slug: str | None = None
    overview: str | None = None
    status: str | None = None
    year: int | None = None
    first_aired: date | None = None
    last_aired: date | None = None
    next_aired: date | None = None
    network: str | None = None
    country: str | None = None
    language: str | None = None
    average_runtime: int | None = None
    image: str | None = None
    score: float | None = None
    remote_ids: RemoteIds = RemoteIds()
    upstream_updated_at: datetime | None = None
    seasons: tuple[Season, ...] = ()
    episodes: tuple[Episode, ...] = ()
    credits: tuple[Credit, ...] = ()
    genres: tuple[Genre, ...] = ()
    aliases: tuple[Alias, ...] = ()


@dataclass(frozen=True, slots=True)
class Movie:
    """A movie; `budget` and `box_office` are in US dollars as upstream gives them, None where it gives 0."""

    tvdb_id: int
    name: str
    original_name: str
    slug: str | None = None
    overview: str | None = None
    status: str | None = None
    year: int | None = None
    released: date | None = None
    runtime: int | None = None
    country: str | None = None
    language: str | None = None
    budget: Decimal | None = None
    box_office: Decimal | None = None
    studios: tuple[str, ...] = ()
    production_companies: tuple[str, ...] = ()
    distributors: tuple[str, ...] = ()
    image: str | None = None
    score: float | None = None
    remote_ids: RemoteIds = RemoteIds()
    upstream_updated_at: datetime | None = None
    credits: tuple[Credit, ...] = ()
    genres: tuple[Genre, ...] = ()
    aliases: tuple[Alias, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """A person; `credits` is the filmography, `gender` one of male, female, other."""

    tvdb_id: int
    name: str
    slug: str | None = None
    biography: str | None = None
    gender: str | None = None
    born: date | None = None
    died: date | None = None
    birth_place: str | None = None
    image: str | None = None
    score: float | None = None
    remote_ids: RemoteIds = RemoteIds()
    upstream_updated_at: datetime | None = None
    credits: tuple[Credit, ...] = ()
    aliases: tuple[Alias, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One result of a live search; nothing of it is stored."""

    entity_type: EntityType
    tvdb_id: int
    name: str
    original_name: str
    overview: str | None = None
    year: int | None = None
    status: str | None = None
    first_aired: date | None = None
    network: str | None = None
    country: str | None = None
    language: str | None = None
    image: str | None = None
    aliases: tuple[str, ...] = ()
