"""The facts a TheTVDB record is made of, without its form. `shapes` gives them the form the API answers in.

Texts are mappings from a three-letter language code to text. A date is `YYYY-MM-DD`, "" or None, since the API
sends all three; a moment is `YYYY-MM-DD HH:MM:SS` without a zone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

EPOCH = "2024-02-01 12:00:00"
"""`lastUpdated` of records whose facts do not say one."""


@dataclass(frozen=True, slots=True)
class Company:
    """A network or a studio. `kind` is 1 network, 2 studio, 3 production company, 4 distributor, 5 special effects."""

    id: int
    name: str
    kind: int
    country: str | None
    aliases: Sequence[Sequence[str]] = ()
    tag: str | None = None
    """What sort of company it is, e.g. Premium Cable."""


@dataclass(frozen=True, slots=True)
class Season:
    """One season in one ordering; the same season has another id in each of them."""

    id: int
    number: int
    order: str = "official"
    image: str | None = None
    joined: str | None = None
    """Languages joined by commas in one string, as real records hold them in `overviewTranslations`."""
    missing: bool = False
    """The series names it, but asking for it is answered 404."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One episode, numbered in aired order."""

    id: int
    season: int
    number: int
    aired: str | None
    runtime: int | None
    names: Mapping[str, str]
    overviews: Mapping[str, str] = field(default_factory=dict)
    image: str | None = None
    absolute: int | None = None
    finale: str | None = None
    before: tuple[int, int] | None = None
    """Season and episode a special is to be watched before."""


@dataclass(frozen=True, slots=True)
class Credit:
    """What a person did in a series or a movie. `role` is None for crew."""

    id: int
    person: int
    kind: str
    role: str | None = None
    sort: int = 0
    featured: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """A series with everything below it."""

    id: int
    slug: str
    names: Mapping[str, str]
    language: str
    country: str
    overviews: Mapping[str, str] = field(default_factory=dict)
    aliases: Sequence[Sequence[str]] = ()
    image: str | None = None
    status: str = "Ended"
    first_aired: str | None = ""
    last_aired: str | None = ""
    next_aired: str | None = ""
    runtime: int | None = None
    score: int = 0
    days: Sequence[str] = ()
    airs_time: str | None = None
    genres: Sequence[str] = ()
    companies: Sequence[Company] = ()
    remote_ids: Sequence[tuple[int, str]] = ()
    seasons: Sequence[Season] = ()
    episodes: Sequence[Episode] = ()
    credits: Sequence[Credit] = ()
    ratings: Sequence[tuple[str, str]] = ()
    updated: str = EPOCH
    bare: bool = False
    """Answered the way neglected records are: no links, and null where others have a list."""


@dataclass(frozen=True, slots=True)
class Movie:
    """A film."""

    id: int
    slug: str
    names: Mapping[str, str]
    language: str
    country: str
    year: str
    overviews: Mapping[str, str] = field(default_factory=dict)
    aliases: Sequence[Sequence[str]] = ()
    image: str | None = None
    runtime: int | None = None
    score: int = 0
    genres: Sequence[str] = ()
    companies: Sequence[Company] = ()
    releases: Sequence[tuple[str, str]] = ()
    remote_ids: Sequence[tuple[int, str]] = ()
    credits: Sequence[Credit] = ()
    trailers: Sequence[tuple[int, str, str, str, int]] = ()
    """Id, name, address, language and length in seconds."""
    budget: str = "0.00"
    box_office: str = "0.00"
    updated: str = EPOCH


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with credits. `gender` is 0 unknown, 1 male, 2 female, 3 other."""

    id: int
    name: str
    names: Mapping[str, str] = field(default_factory=dict)
    born: str | None = None
    died: str | None = None
    birthplace: str | None = None
    gender: int = 0
    biographies: Mapping[str, str] = field(default_factory=dict)
    aliases: Sequence[Sequence[str]] = ()
    image: str | None = None
    remote_ids: Sequence[tuple[int, str]] = ()
    awards: Sequence[tuple[int, str]] = ()
    score: int = 0
    updated: str = EPOCH


class Shelf(Protocol):
    """Where facts come from. Ids are sequences that may be computed, such as a `range`."""

    series_ids: Sequence[int]
    movie_ids: Sequence[int]
    person_ids: Sequence[int]

    def series(self, series_id: int) -> Series | None:
        """Return one series with all below it."""

    def head(self, series_id: int) -> Series | None:
        """Return one series, perhaps without its episodes: cheap enough to look through all of them."""

    def movie(self, movie_id: int) -> Movie | None:
        """Return one film."""

    def person(self, person_id: int) -> Person | None:
        """Return one person."""

    def series_of_season(self, season_id: int) -> Series | None:
        """Return the series that a season of any ordering belongs to."""

    def series_of_episode(self, episode_id: int) -> Series | None:
        """Return the series that an episode belongs to."""

    def credits_of(self, person_id: int) -> Sequence[tuple[Credit, Series | Movie]]:
        """Return what a person did, and where."""

    def titles(self) -> Iterator[tuple[str, int, str]]:
        """Yield (series|movie|person, id, everything it is called, one name a line) for the search."""


Record = dict[str, Any]
