"""Series, seasons and episodes in TheTVDB's form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.sandbox.tvdb import shapes
from deploy.sandbox.tvdb.reference import COUNTRIES, SEASON_TYPES, SERIES_STATUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploy.sandbox.tvdb.facts import Episode, Record, Season, Series
    from deploy.sandbox.tvdb.library import Library

DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
NETWORK = 1


def base(series: Series, *, in_list: bool = False) -> Record:
    """Return the base record; in lists the picture is relative and the status empty, as recorded."""
    image = series.image
    status: Record = {
        "id": SERIES_STATUSES[series.status],
        "name": series.status,
        "recordType": "series",
        "keepUpdated": series.status == "Continuing",
    }
    if in_list:
        image = image.removeprefix(shapes.IMAGES) if image else image
        status = {"id": None, "name": None, "recordType": "", "keepUpdated": False}
    return {
        "id": series.id,
        "name": series.names.get(series.language),
        "slug": series.slug,
        "image": image,
        "nameTranslations": None if series.bare else list(series.names),
        "overviewTranslations": None if series.bare else list(series.overviews),
        "aliases": None if series.bare else shapes.aliases(series.aliases),
        "firstAired": series.first_aired,
        "lastAired": series.last_aired,
        "nextAired": series.next_aired,
        "score": series.score,
        "status": status,
        "originalCountry": series.country,
        "originalLanguage": series.language,
        "defaultSeasonType": 1,
        "isOrderRandomized": False,
        "lastUpdated": series.updated,
        "averageRuntime": series.runtime,
        "episodes": None,
        "overview": series.overviews.get(series.language),
        "year": shapes.year_of(series),
    }


def extended(series: Series, library: Library, meta: str, *, short: bool) -> Record:
    """Return the extended record; `meta` is translations or episodes, `short` leaves arrays out as null."""
    networks = [one for one in series.companies if one.kind == NETWORK]
    record = base(series) | {
        "artworks": None if short else _artworks(series),
        "companies": [shapes.company(one) for one in series.companies],
        "originalNetwork": shapes.company(networks[-1], tagged=True) if networks else None,
        "latestNetwork": shapes.company(networks[0], tagged=True) if networks else None,
        "genres": shapes.genres(series.genres),
        "trailers": None if series.bare else [],
        "lists": None if series.bare else [_list_of(series)],
        "remoteIds": shapes.remote_ids(series.remote_ids),
        "characters": None if short else shapes.characters(series, library),
        "airsDays": {day: day in series.days for day in DAYS},
        "airsTime": series.airs_time,
        "seasons": [season(one, series) for one in series.seasons],
        "tags": None if series.bare else [_country_tag(series)],
        "contentRatings": None if series.bare else [_rating(name, country) for name, country in series.ratings],
        "seasonTypes": [season_type(order) for order in dict.fromkeys(one.order for one in series.seasons)],
    }
    if meta == "episodes":
        record["episodes"] = ordered(series, "official")
    if meta == "translations":
        record["translations"] = shapes.translations(series, series.overviews)
    return record


def season_type(order: str) -> Record:
    """Return one of the ways to number episodes."""
    number, name = SEASON_TYPES[order]
    return {"id": number, "name": name, "type": order, "alternateName": None}


def season(one: Season, series: Series) -> Record:
    """Return a season's base record. Without a picture both keys about it are missing, as recorded."""
    picture: Record = {} if one.image is None else {"image": one.image, "imageType": 7}
    return {
        "id": one.id,
        "seriesId": series.id,
        "type": season_type(one.order),
        "number": one.number,
        "nameTranslations": [],
        "overviewTranslations": [one.joined] if one.joined else [],
        **picture,
        "companies": shapes.companies_by_kind(None),
        "lastUpdated": series.updated,
    }


def season_extended(one: Season, series: Series) -> Record:
    """Return a season with its episodes."""
    episodes = [item for item in ordered(series, one.order) if item["seasonNumber"] == one.number]
    pictures = [shapes.artwork(one.id, one.image, 7, "eng", (680, 1000))] if one.image else []
    return season(one, series) | {
        "companies": shapes.companies_by_kind([c for c in series.companies if c.kind == NETWORK]),
        "year": next((item["year"] for item in episodes if item["year"]), None),
        "episodes": episodes,
        "trailers": [],
        "artwork": pictures,
        "tagOptions": None,
    }


def ordered(series: Series, order: str, language: str | None = None) -> list[Record]:
    """Return the episodes as one ordering numbers them; an ordering the series lacks has none."""
    if order == "default":
        order = "official"
    if order not in {one.order for one in series.seasons}:
        return []
    if order != "absolute":
        return [episode(one, series, language) for one in series.episodes]
    return [
        episode(one, series, language) | {"seasonNumber": 1, "number": one.absolute}
        for one in series.episodes
        if one.absolute is not None
    ]


def episode(one: Episode, series: Series, language: str | None = None) -> Record:
    """Return an episode's base record in the original language, or in `language` with null where nobody wrote."""
    spoken = language or series.language
    neglected = series.bare or not one.overviews
    record: Record = {
        "id": one.id,
        "seriesId": series.id,
        "name": one.names.get(spoken),
        "aired": one.aired,
        "runtime": one.runtime,
        "nameTranslations": None if neglected else list(one.names),
        "overview": one.overviews.get(spoken),
        "overviewTranslations": None if neglected else list(one.overviews),
        "image": one.image,
        "imageType": 11 if one.image else None,
        "isMovie": 0,
        "seasons": None,
        "number": one.number,
        "seasonNumber": one.season,
        "lastUpdated": series.updated,
        "finaleType": one.finale,
        "year": (one.aired or "")[:4] or None,
    }
    if one.absolute is not None:
        record["absoluteNumber"] = one.absolute
    if one.before is not None:
        record["airsBeforeSeason"], record["airsBeforeEpisode"] = one.before
    return record


def episode_base(one: Episode, series: Series) -> Record:
    """Return an episode asked for by its own id: it names its seasons."""
    own = [item for item in series.seasons if item.number == one.season and item.order == "official"]
    return episode(one, series) | {"seasons": [season(item, series) for item in own]}


def episode_extended(one: Episode, series: Series) -> Record:
    """Return an episode with everything that hangs on it, most of which is empty."""
    empty: Sequence[str] = ("awards", "characters", "networks", "nominations", "studios", "tagOptions", "translations")
    lists: Sequence[str] = ("companies", "contentRatings", "remoteIds", "trailers")
    extra: Record = {**dict.fromkeys(empty), **{name: [] for name in lists}, "productionCode": "", "linkedMovie": None}
    return episode_base(one, series) | extra


def _artworks(series: Series) -> list[Record]:
    if not series.image:
        return []
    background = f"{shapes.IMAGES}/banners/fanart/original/{series.id}-1.jpg"
    rest = {
        "thumbnailWidth": 0,
        "thumbnailHeight": 0,
        "updatedAt": 0,
        "status": {"id": 0, "name": None},
        "tagOptions": None,
    }
    return [
        shapes.artwork(series.id * 10, background, 3, None, (1920, 1080)) | rest,
        shapes.artwork(series.id * 10 + 1, series.image, 2, series.language, (680, 1000)) | rest,
    ]


def _list_of(series: Series) -> Record:
    return {
        "id": 6944,
        "name": "TV Shows",
        "overview": "",
        "url": "6944",
        "isOfficial": False,
        "nameTranslations": ["eng"],
        "overviewTranslations": ["eng"],
        "aliases": [{"language": "eng", "name": "Television"}],
        "score": series.score,
        "image": "",
        "imageIsFallback": False,
        "remoteIds": None,
        "tags": None,
    }


def _country_tag(series: Series) -> Record:
    name = COUNTRIES.get(series.country, series.country)
    return {"id": 182, "tag": 31, "tagName": "Geographic Location", "name": name, "helpText": None}


def _rating(name: str, country: str) -> Record:
    return {
        "id": 200 + len(name),
        "name": name,
        "country": country,
        "description": f"Rated {name}",
        "contentType": "",
        "order": 0,
        "fullname": None,
    }
