"""The words of the screen domain: save a series, a movie or a person, and what was saved."""

from __future__ import annotations

from shared.contracts.kind import Believe, EntityId, Kind, Payload


class SaveSeries(Payload):
    """Fetch a series with its seasons, episodes, credits, genres and aliases, and store it.

    An answer that lacks most of the parts held is refused, unless `believe` says that it is right.
    """

    tvdb_id: EntityId
    believe: Believe = False


class SaveMovie(Payload):
    """Fetch a movie with its credits, genres and aliases, and store it."""

    tvdb_id: EntityId


class SavePerson(Payload):
    """Fetch a person with biography and filmography, and store it."""

    tvdb_id: EntityId


class SeriesSaved(Payload):
    """A series was stored."""

    tvdb_id: EntityId
    name: str
    episodes: int


class MovieSaved(Payload):
    """A movie was stored."""

    tvdb_id: EntityId
    name: str


class PersonSaved(Payload):
    """A person was stored."""

    tvdb_id: EntityId
    name: str


class ScreenEntityGone(Payload):
    """TheTVDB no longer has an entity: `entity` is series, movie or person."""

    entity: str
    tvdb_id: EntityId


SAVE_SERIES = Kind(
    "scrape.series.save",
    SaveSeries,
    "Save a series from TheTVDB: seasons, episodes, credits, genres, aliases; its people follow.",
    example={"tvdb_id": 81189},
    entity="series:{tvdb_id}",
)

SAVE_MOVIE = Kind(
    "scrape.movie.save",
    SaveMovie,
    "Save a movie from TheTVDB; its people follow.",
    example={"tvdb_id": 12586},
    entity="movie:{tvdb_id}",
)

SAVE_PERSON = Kind(
    "scrape.person.save",
    SavePerson,
    "Save a person from TheTVDB: biography and filmography.",
    example={"tvdb_id": 312388},
    entity="person:{tvdb_id}",
)

SERIES_SAVED = Kind(
    "facts.series.saved",
    SeriesSaved,
    "A series was stored.",
    example={"tvdb_id": 81189, "name": "Breaking Bad", "episodes": 62},
    entity="series:{tvdb_id}",
)

MOVIE_SAVED = Kind(
    "facts.movie.saved",
    MovieSaved,
    "A movie was stored.",
    example={"tvdb_id": 12586, "name": "Macross: Do You Remember Love?"},
    entity="movie:{tvdb_id}",
)

PERSON_SAVED = Kind(
    "facts.person.saved",
    PersonSaved,
    "A person was stored.",
    example={"tvdb_id": 312388, "name": "Chris Pratt"},
    entity="person:{tvdb_id}",
)

SCREEN_GONE = Kind(
    "facts.screen.gone",
    ScreenEntityGone,
    "TheTVDB answered that a series, movie or person is not there.",
    example={"entity": "series", "tvdb_id": 999999},
    entity="{entity}:{tvdb_id}",
)

KINDS = (SAVE_SERIES, SAVE_MOVIE, SAVE_PERSON, SERIES_SAVED, MOVIE_SAVED, PERSON_SAVED, SCREEN_GONE)
