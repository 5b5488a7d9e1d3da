"""What Wikidata and TMDb say of works and their adaptations, in our own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ScreenType = Literal["movie", "series", "miniseries", "tv_movie", "animated_movie", "animated_series", "documentary"]


@dataclass(frozen=True, slots=True)
class Work:
    """A written work; `wikidata_id` such as Q160585, `work_type` such as novel.

    `authors` stand in the order of their Wikidata ids, since no other is known; `year` is negative before our era.
    """

    wikidata_id: str
    title: str
    work_type: str | None = None
    authors: tuple[str, ...] = ()
    year: int | None = None


@dataclass(frozen=True, slots=True)
class ScreenWork:
    """A film or series, with the ids other catalogues know it by; of TheTVDB's, that of a movie or of a series."""

    wikidata_id: str
    title: str
    screen_type: ScreenType
    year: int | None = None
    imdb_id: str | None = None
    tvdb_id: int | None = None
    tmdb_movie_id: int | None = None
    tmdb_tv_id: int | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """A screen work is based on a work; both by their Wikidata ids."""

    screen_work: str
    work: str


@dataclass(frozen=True, slots=True)
class Adaptations:
    """One whole reading of Wikidata: every edge leads from one of `screen_works` to one of `works`."""

    works: tuple[Work, ...]
    screen_works: tuple[ScreenWork, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class TmdbDetails:
    """What TMDb says of a screen work: `poster` is an absolute address, `summary` English where there is one."""

    tmdb_id: int
    poster: str | None
    summary: str | None
    year: int | None
    screen_type: ScreenType
