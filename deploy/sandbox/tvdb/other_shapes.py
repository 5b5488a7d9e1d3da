"""Movies, people and what the search finds, in TheTVDB's form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deploy.sandbox.tvdb import shapes
from deploy.sandbox.tvdb.facts import Series
from deploy.sandbox.tvdb.reference import COUNTRIES, MOVIE_STATUSES

if TYPE_CHECKING:
    from deploy.sandbox.tvdb.facts import Movie, Person, Record
    from deploy.sandbox.tvdb.library import Library

STATUS = "Released"
NETWORK = 1
TRAILER = ("id", "name", "url", "language", "runtime")


def movie(one: Movie, *, in_list: bool = False) -> Record:
    """Return a movie's base record."""
    image = one.image.removeprefix(shapes.IMAGES) if one.image and in_list else one.image
    return {
        "id": one.id,
        "name": one.names.get(one.language),
        "slug": one.slug,
        "image": image,
        "nameTranslations": list(one.names),
        "overviewTranslations": list(one.overviews),
        "aliases": shapes.aliases(one.aliases),
        "score": one.score,
        "runtime": one.runtime,
        "status": {"id": MOVIE_STATUSES[STATUS], "name": STATUS, "recordType": "movie", "keepUpdated": True},
        "lastUpdated": one.updated,
        "year": one.year,
    }


def movie_extended(one: Movie, library: Library, meta: str, *, short: bool) -> Record:
    """Return the extended record; `short` leaves characters, artworks and trailers out as null."""
    releases = [{"country": country, "date": day, "detail": None} for country, day in one.releases]
    record = movie(one) | {
        "trailers": None if short else [dict(zip(TRAILER, row, strict=True)) for row in one.trailers],
        "genres": shapes.genres(one.genres),
        "releases": releases,
        "artworks": None if short else _artworks(one),
        "remoteIds": shapes.remote_ids(one.remote_ids),
        "characters": None if short else shapes.characters(one, library),
        "budget": one.budget,
        "boxOffice": one.box_office,
        "boxOfficeUS": "",
        "originalCountry": one.country,
        "originalLanguage": one.language,
        "audioLanguages": None,
        "subtitleLanguages": None,
        "studios": None,
        "awards": None,
        "tagOptions": None,
        "lists": [],
        "contentRatings": None,
        "companies": shapes.companies_by_kind(one.companies),
        "production_countries": [
            {"id": one.id, "country": one.country, "name": COUNTRIES.get(one.country, one.country)}
        ],
        "inspirations": [],
        "spoken_languages": [one.language],
        "first_release": releases[0] if releases else {"country": None, "date": None, "detail": None},
    }
    if meta == "translations":
        record["translations"] = shapes.translations(one, one.overviews)
    return record


def person(one: Person, *, in_list: bool = False) -> Record:
    """Return a person's base record; in lists the arrays are null, as recorded."""
    return {
        "id": one.id,
        "name": one.name,
        "image": one.image,
        "score": one.score,
        "nameTranslations": None if in_list else list(one.names or {"eng": one.name}),
        "overviewTranslations": None if in_list else list(one.biographies),
        "aliases": None if in_list else shapes.aliases(one.aliases),
        "lastUpdated": one.updated,
    }


def person_extended(one: Person, library: Library, meta: str) -> Record:
    """Return a person with biographies and filmography; without credits the filmography is null."""
    done = [shapes.character(credit, title, one, of_person=True) for credit, title in library.credits_of(one.id)]
    record = person(one) | {
        "birth": one.born,
        "death": one.died,
        "birthPlace": one.birthplace,
        "gender": one.gender,
        "slug": f"{one.id}-{shapes.slug(one.names.get('eng', one.name))}",
        "biographies": [{"biography": text, "language": language} for language, text in one.biographies.items()],
        "characters": done or None,
        "awards": [{"id": number, "name": name} for number, name in one.awards],
        "races": [],
        "remoteIds": shapes.remote_ids(one.remote_ids) or None,
        "tagOptions": None,
    }
    if meta == "translations":
        record["translations"] = shapes.translations(one, one.biographies)
    return record


def found_title(one: Series | Movie, library: Library) -> Record:
    """Return what the search says of a series or movie: snake case, all text, and only keys it has values for."""
    kind = "series" if isinstance(one, Series) else "movie"
    record: dict[str, Any] = {
        "objectID": f"{kind}-{one.id}",
        "aliases": [name for _, name in one.aliases],
        "country": one.country,
        "id": f"{kind}-{one.id}",
        "image_url": one.image or f"{shapes.IMAGES}/banners/images/missing/{kind}.jpg",
        "name": one.names.get(one.language),
        "first_air_time": one.first_aired if isinstance(one, Series) else next((day for _, day in one.releases), None),
        "overview": one.overviews.get(one.language),
        "primary_language": one.language,
        "primary_type": kind,
        "status": one.status if isinstance(one, Series) else STATUS,
        "type": kind,
        "tvdb_id": str(one.id),
        "year": shapes.year_of(one),
        "slug": one.slug,
        "overviews": dict(one.overviews),
        "translations": {language: name for language, name in one.names.items() if name},
        "network": next((company.name for company in one.companies if company.kind == NETWORK), None),
        "remote_ids": shapes.remote_ids(one.remote_ids),
        "thumbnail": shapes.thumbnail(one.image) if one.image else None,
    }
    if kind == "movie":
        record |= {"genres": list(one.genres), "studios": [c.name for c in one.companies if c.kind != NETWORK]}
        director = next((library.person(credit.person) for credit in one.credits if credit.kind == "Director"), None)
        record["director"] = director.name if director else None
    return {name: value for name, value in record.items() if value}


def found_person(one: Person) -> Record:
    """Return what the search says of a person."""
    record: dict[str, Any] = {
        "objectID": f"people-{one.id}",
        "aliases": [name for _, name in one.aliases],
        "id": f"people-{one.id}",
        "image_url": one.image,
        "name": one.name,
        "overview": one.biographies.get("eng"),
        "primary_type": "person",
        "type": "person",
        "tvdb_id": str(one.id),
        "overviews": dict(one.biographies),
        "translations": dict(one.names),
        "remote_ids": shapes.remote_ids(one.remote_ids),
    }
    return {name: value for name, value in record.items() if value}


def _artworks(one: Movie) -> list[Record]:
    if not one.image:
        return []
    background = f"{shapes.IMAGES}/banners/movies/{one.id}/backgrounds/{one.id}.jpg"
    return [
        shapes.artwork(one.id * 10, background, 15, None, (1920, 1080)),
        shapes.artwork(one.id * 10 + 1, one.image, 14, one.language, (680, 1000)),
    ]
