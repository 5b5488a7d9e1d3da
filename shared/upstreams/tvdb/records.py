"""Reads TheTVDB's answers: the only place that knows its field names. Pure; `tvdb` does the fetching.

Its habits, all seen in real answers: arrays are null as often as empty; seasons come once for each ordering; names
and overviews are in the original language; images are absolute, relative, empty or null; times name no zone (they
are UTC); years and amounts are text; search records share no field name with the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from shared.catalog.screen.records import Movie, Person, Series
from shared.upstreams.fields import Audit, Fields
from shared.upstreams.tvdb import ignored
from shared.upstreams.tvdb.parts import (
    credits_of,
    episodes_of,
    genres_of,
    picture,
    poster_of,
    remote_ids_of,
    seasons_of,
)
from shared.upstreams.tvdb.words import ENGLISH, UPSTREAM, read_words

SERIES_POSTER: Final = 2
MOVIE_POSTER: Final = 14
GENDERS: Final = {0: None, 1: "male", 2: "female", 3: "other"}


def read_series(raw: dict[str, Any]) -> Series:
    """Read what `Tvdb.fetch_series` fetched; raises UnreadableAnswer, whose message has the path at fault."""
    audit = Audit(UPSTREAM)
    data = Fields(raw["data"], "data", audit)
    tvdb_id = data.whole("id", least=1)
    words = read_words(data, _english(raw, audit))
    series = Series(
        tvdb_id=tvdb_id,
        name=words.name,
        original_name=words.original_name,
        slug=data.text_or_none("slug"),
        overview=words.overview,
        status=_name_of(data.child_or_none("status")),
        year=data.year_or_none("year"),
        first_aired=data.day_or_none("firstAired"),
        last_aired=data.day_or_none("lastAired"),
        next_aired=data.day_or_none("nextAired"),
        network=_name_of(data.child_or_none("originalNetwork")),
        country=data.text_or_none("originalCountry"),
        language=words.language,
        average_runtime=data.whole_or_none("averageRuntime") or None,
        image=poster_of(data, SERIES_POSTER),
        score=data.number_or_none("score"),
        remote_ids=remote_ids_of(data),
        upstream_updated_at=data.moment_or_none("lastUpdated"),
        seasons=seasons_of(data),
        episodes=episodes_of(raw.get("pages") or [], audit),
        credits=credits_of(data, series_tvdb_id=tvdb_id),
        genres=genres_of(data),
        aliases=words.aliases,
    )
    data.finish(ignored.SERIES)
    audit.report(f"series:{tvdb_id}")
    return series


def read_movie(raw: dict[str, Any]) -> Movie:
    """Read what `Tvdb.fetch_movie` fetched; raises as `read_series`."""
    audit = Audit(UPSTREAM)
    data = Fields(raw["data"], "data", audit)
    tvdb_id = data.whole("id", least=1)
    words = read_words(data, _english(raw, audit))
    companies = data.child_or_none("companies")
    studios = [studio.text("name") for studio in data.children("studios")]
    first = data.child_or_none("first_release")
    releases = data.children("releases")
    movie = Movie(
        tvdb_id=tvdb_id,
        name=words.name,
        original_name=words.original_name,
        slug=data.text_or_none("slug"),
        overview=words.overview,
        status=_name_of(data.child_or_none("status")),
        year=data.year_or_none("year"),
        # The releases themselves are in no order.
        released=(first and first.day_or_none("date")) or _first_day(releases),
        runtime=data.whole_or_none("runtime") or None,
        country=data.text_or_none("originalCountry"),
        language=words.language,
        budget=data.amount_or_none("budget"),
        box_office=data.amount_or_none("boxOffice"),
        studios=_company_names(companies, "studio", studios),
        production_companies=_company_names(companies, "production"),
        distributors=_company_names(companies, "distributor"),
        image=poster_of(data, MOVIE_POSTER),
        score=data.number_or_none("score"),
        remote_ids=remote_ids_of(data),
        upstream_updated_at=data.moment_or_none("lastUpdated"),
        credits=credits_of(data, movie_tvdb_id=tvdb_id),
        genres=genres_of(data),
        aliases=words.aliases,
    )
    data.finish(ignored.MOVIE)
    audit.report(f"movie:{tvdb_id}")
    return movie


def read_person(raw: dict[str, Any]) -> Person:
    """Read what `Tvdb.fetch_person` fetched; raises as `read_series`."""
    audit = Audit(UPSTREAM)
    data = Fields(raw["data"], "data", audit)
    tvdb_id = data.whole("id", least=1)
    words = read_words(data)
    biographies = {
        text.text_or_none("language"): text.text_or_none("biography") for text in data.children("biographies")
    }
    person = Person(
        tvdb_id=tvdb_id,
        name=words.name,
        slug=data.text_or_none("slug"),
        biography=biographies.get(ENGLISH) or next(filter(None, biographies.values()), words.overview),
        gender=_gender(data),
        born=data.day_or_none("birth"),
        died=data.day_or_none("death"),
        birth_place=data.text_or_none("birthPlace"),
        image=picture(data.text_or_none("image")),
        score=data.number_or_none("score"),
        remote_ids=remote_ids_of(data),
        upstream_updated_at=data.moment_or_none("lastUpdated"),
        credits=credits_of(data, person_tvdb_id=tvdb_id, person_name=words.name),
        aliases=words.aliases,
    )
    data.finish(ignored.PERSON)
    audit.report(f"person:{tvdb_id}")
    return person


def _gender(data: Fields) -> str | None:
    number = data.whole_or_none("gender")
    if number is None or number in GENDERS:
        return GENDERS[number or 0]
    # A number without a name yet must not cost the person.
    data.odd("gender", number)
    return None


def _english(raw: dict[str, Any], audit: Audit) -> Fields | None:
    return Fields(raw["english"], "english", audit) if raw.get("english") is not None else None


def _name_of(fields: Fields | None) -> str | None:
    return fields.text_or_none("name") if fields else None


def _first_day(releases: Iterable[Fields]) -> date | None:
    return min(filter(None, (release.day_or_none("date") for release in releases)), default=None)


def _company_names(companies: Fields | None, role: str, more: Iterable[str] = ()) -> tuple[str, ...]:
    named = [company.text("name") for company in companies.children(role)] if companies else []
    return tuple(dict.fromkeys([*named, *more]))
