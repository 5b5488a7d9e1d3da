"""The JSON of series, movies, people and search, whichever source an answer is from.

`shared.catalog.screen.views` makes the same shape in PostgreSQL; a test holds the two together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from shared.catalog.screen import records
from shared.catalog.screen.records import EntityType

TvdbId = Annotated[int, Field(description="TheTVDB's id", examples=[81189])]
Language = Annotated[str | None, Field(description="Three letters, such as eng")]
Image = Annotated[str | None, Field(description="Absolute address of a picture")]


class Part(BaseModel):
    """Read from records by the names of their fields."""

    model_config = ConfigDict(from_attributes=True, json_schema_serialization_defaults_required=True)


class Genre(Part):
    """A genre in English."""

    tvdb_id: int
    name: str


class Alias(Part):
    """Another name, or the name in another language; `und` where nobody said which."""

    language: str
    name: str


class Episode(Part):
    """An episode in aired order; name and overview are in the series' original language."""

    season_number: Annotated[int, Field(description="0 for specials")]
    number: int
    tvdb_id: int
    absolute_number: int | None
    name: str | None
    overview: str | None
    first_aired: date | None
    runtime: Annotated[int | None, Field(description="Minutes")]
    image: Image
    finale_type: Annotated[str | None, Field(description="season, midseason or series, for one that ends it")]


class Season(Part):
    """A season in aired order with its episodes; number 0 holds the specials."""

    number: int
    tvdb_id: Annotated[int | None, Field(description="null for one known from its episodes alone")] = None
    name: str | None = None
    image: Image = None
    year: int | None = None
    episodes: list[Episode] = []


class MovieCredit(Part):
    """One person in one role."""

    tvdb_id: Annotated[int, Field(description="TheTVDB's id of the character")]
    person_tvdb_id: Annotated[int | None, Field(description="GET /person/{id} has more")]
    person_name: str | None
    person_image: Image
    job: Annotated[str | None, Field(description="Actor, Guest Star, Director, Writer, ...")]
    role: Annotated[str | None, Field(description="Character played")]
    image: Image
    position: Annotated[int | None, Field(description="TheTVDB's order")]
    featured: bool


class SeriesCredit(MovieCredit):
    """One person in one role, of the whole series or of one episode."""

    episode_tvdb_id: Annotated[int | None, Field(description="For a guest: in which episode alone")]


class PersonCredit(Part):
    """One role of a person in one series, movie or episode."""

    tvdb_id: Annotated[int, Field(description="TheTVDB's id of the character")]
    series_tvdb_id: Annotated[int | None, Field(description="GET /series/{id} has more")]
    movie_tvdb_id: Annotated[int | None, Field(description="GET /movie/{id} has more")]
    episode_tvdb_id: int | None
    title: Annotated[str | None, Field(description="Name of the series or movie")]
    title_year: int | None
    job: str | None
    role: str | None
    image: Image
    featured: bool


class Entity(Part):
    """What series, movies and people have in common."""

    tvdb_id: TvdbId
    name: Annotated[str, Field(description="English where there is one, else the original")]
    slug: Annotated[str | None, Field(description="Last part of the address of TheTVDB's page")]
    image: Image
    score: Annotated[float | None, Field(description="TheTVDB's popularity; no rating")]
    imdb_id: str | None
    tmdb_id: int | None
    wikidata_id: str | None
    upstream_updated_at: Annotated[datetime | None, Field(description="When TheTVDB last changed it")]
    synced_at: Annotated[datetime, Field(description="When this was last compared with TheTVDB")]
    aliases: list[Alias]


class Series(Entity):
    """A series with seasons, episodes and credits."""

    original_name: str
    overview: str | None
    status: Annotated[str | None, Field(description="Continuing, Ended or Upcoming")]
    year: int | None
    first_aired: date | None
    last_aired: date | None
    next_aired: date | None
    network: str | None
    country: str | None
    language: Language
    average_runtime: Annotated[int | None, Field(description="Minutes")]
    genres: list[Genre]
    seasons: list[Season]
    credits: list[SeriesCredit]


class Movie(Entity):
    """A movie with its credits."""

    original_name: str
    overview: str | None
    status: str | None
    year: int | None
    released: Annotated[date | None, Field(description="First release anywhere")]
    runtime: Annotated[int | None, Field(description="Minutes")]
    country: str | None
    language: Language
    budget: Annotated[float | None, Field(description="US dollars")]
    box_office: Annotated[float | None, Field(description="US dollars")]
    studios: list[str]
    production_companies: list[str]
    distributors: list[str]
    genres: list[Genre]
    credits: list[MovieCredit]


class Person(Entity):
    """A person with their filmography, the latest title first."""

    biography: str | None
    gender: Annotated[str | None, Field(description="male, female or other")]
    born: date | None
    died: date | None
    birth_place: str | None
    credits: list[PersonCredit]


class Hit(Part):
    """One result of a search; `GET /{entity_type}/{tvdb_id}` has the whole of it."""

    entity_type: EntityType
    tvdb_id: TvdbId
    name: str
    original_name: str
    overview: str | None
    year: int | None
    status: str | None
    first_aired: date | None
    network: str | None
    country: str | None
    language: Language
    image: Image
    aliases: list[str]


class SearchPage(BaseModel):
    """A page of results; ask for the next with `offset` = `next_offset`, null on the last page."""

    query: str
    type: EntityType | None
    offset: int
    limit: int
    next_offset: int | None
    results: list[Hit]


def series(record: records.Series, at: datetime) -> Series:
    """Return the answer for a series that was read at a time."""
    held: dict[int, list[records.Episode]] = defaultdict(list)
    for episode in sorted(record.episodes, key=lambda one: (one.season_number, one.number, one.tvdb_id)):
        held[episode.season_number].append(episode)
    own = {season.number: season for season in record.seasons}
    seasons = [
        {**_fields(own.get(number)), "number": number, "episodes": held.get(number, [])}
        for number in sorted(own.keys() | held.keys())
    ]
    return Series.model_validate(
        {
            **_entity(record, at),
            "genres": _genres(record.genres),
            "seasons": seasons,
            "credits": _in_position(record.credits),
        }
    )


def movie(record: records.Movie, at: datetime) -> Movie:
    """Return the answer for a movie that was read at a time."""
    genres, shown = _genres(record.genres), _in_position(record.credits)
    return Movie.model_validate({**_entity(record, at), "genres": genres, "credits": shown})


def person(record: records.Person, at: datetime) -> Person:
    """Return the answer for a person that was read at a time."""
    latest_first = sorted(
        record.credits,
        key=lambda one: (one.title_year is None, -(one.title_year or 0), one.tvdb_id),
    )
    return Person.model_validate({**_entity(record, at), "credits": latest_first})


def _entity(record: records.Series | records.Movie | records.Person, at: datetime) -> dict[str, Any]:
    aliases = {(alias.language, alias.name): alias for alias in record.aliases}
    return {
        **_fields(record),
        **_fields(record.remote_ids),
        "upstream_updated_at": _second(record.upstream_updated_at),
        "synced_at": _second(at),
        "aliases": [aliases[key] for key in sorted(aliases)],
    }


def _fields(record: Any) -> dict[str, Any]:
    """Return a record's own fields by name."""
    return {} if record is None else {name: getattr(record, name) for name in record.__dataclass_fields__}


def _second(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC).replace(microsecond=0)


def _genres(genres: Iterable[records.Genre]) -> list[records.Genre]:
    return sorted(genres, key=lambda genre: (genre.name, genre.tvdb_id))


def _in_position(shown: Iterable[records.Credit]) -> list[records.Credit]:
    return sorted(shown, key=lambda one: (one.position is None, one.position or 0, one.tvdb_id))
