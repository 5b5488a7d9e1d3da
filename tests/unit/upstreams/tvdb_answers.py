"""Small TheTVDB records in the shapes real ones have; a test takes one and bends it."""

from __future__ import annotations

from typing import Any

Raw = dict[str, Any]


def series(**changes: Any) -> Raw:
    """Return `data` of an extended series record; a series of two aired seasons, in Japanese."""
    return {
        "id": 500,
        "name": "原題",
        "slug": "original-title",
        "image": "https://artworks.thetvdb.com/banners/posters/500-1.jpg",
        "nameTranslations": ["eng", "jpn"],
        "overviewTranslations": ["eng,jpn"],
        "aliases": [{"language": "fra", "name": "Titre"}],
        "firstAired": "2000-04-26",
        "lastAired": "2001-03-16",
        "nextAired": "",
        "score": 29369,
        "status": {"id": 2, "name": "Ended", "recordType": "series", "keepUpdated": False},
        "originalCountry": "jpn",
        "originalLanguage": "jpn",
        "defaultSeasonType": 1,
        "isOrderRandomized": False,
        "lastUpdated": "2023-12-18 10:27:18",
        "averageRuntime": 24,
        "episodes": None,
        "overview": "概要",
        "year": "2000",
        "artworks": [],
        "companies": [],
        "originalNetwork": {"id": 1, "name": "Network One", "slug": "network-one"},
        "genres": [{"id": 2, "name": "Science Fiction", "slug": "science-fiction"}],
        "remoteIds": [
            {"id": "tt0000500", "type": 2, "sourceName": "IMDB"},
            {"id": "77", "type": 12, "sourceName": "TheMovieDB.com"},
            {"id": "Q500", "type": 18, "sourceName": "Wikidata"},
        ],
        "characters": [credit()],
        "seasons": [season(7002, 2), season(7001, 1), season(8001, 1, order="dvd"), season(9001, 1, order="absolute")],
        "translations": {
            "nameTranslations": [
                {"name": "Other Title", "language": "eng", "isAlias": True},
                {"name": "English Title", "language": "eng", "isPrimary": True},
            ],
            "overviewTranslations": [{"overview": "In English.", "language": "eng"}],
            "aliases": None,
        },
        **changes,
    }


def season(tvdb_id: int, number: int, order: str = "official", **changes: Any) -> Raw:
    return {
        "id": tvdb_id,
        "seriesId": 500,
        "type": {"id": 1, "name": "Some Order", "type": order, "alternateName": None},
        "number": number,
        "nameTranslations": [],
        "overviewTranslations": ["pol,ell,deu"],
        "image": f"https://artworks.thetvdb.com/banners/seasons/{tvdb_id}.jpg",
        "imageType": 7,
        "companies": {"studio": None, "network": None, "production": None, "distributor": None},
        "lastUpdated": "2023-12-18 10:27:17",
        **changes,
    }


def episode(tvdb_id: int, season_number: int = 1, number: int = 1, **changes: Any) -> Raw:
    return {
        "id": tvdb_id,
        "seriesId": 500,
        "name": f"Episode {tvdb_id}",
        "aired": "2000-04-26",
        "runtime": 24,
        "nameTranslations": None,
        "overview": "What happens.",
        "overviewTranslations": None,
        "image": "/banners/episodes/500/1.jpg",
        "imageType": 12,
        "isMovie": 0,
        "seasons": None,
        "number": number,
        "seasonNumber": season_number,
        "lastUpdated": "2021-01-24 10:55:06",
        "finaleType": None,
        "year": "2000",
        **changes,
    }


def credit(tvdb_id: int = 64000, **changes: Any) -> Raw:
    return {
        "id": tvdb_id,
        "name": "The Part",
        "peopleId": 300,
        "seriesId": 500,
        "series": None,
        "movie": None,
        "movieId": None,
        "episodeId": None,
        "type": 3,
        "image": None,
        "sort": 0,
        "isFeatured": False,
        "url": "https://thetvdb.com/people/300-actor-one",
        "nameTranslations": None,
        "overviewTranslations": None,
        "aliases": None,
        "peopleType": "Actor",
        "personName": "Actor One",
        "tagOptions": None,
        "personImgURL": "/banners/person/300/primary.jpg",
        **changes,
    }


def movie(**changes: Any) -> Raw:
    """Return `data` of an extended movie record."""
    return {
        "id": 600,
        "name": "Originaltittel",
        "slug": "original-title",
        "image": None,
        "nameTranslations": ["eng", "nor"],
        "overviewTranslations": ["eng", "nor"],
        "aliases": [],
        "score": 3434,
        "runtime": 100,
        "status": {"id": 5, "name": "Released", "recordType": "movie", "keepUpdated": True},
        "lastUpdated": "2019-03-26 19:25:45",
        "year": "2018",
        "genres": None,
        "releases": [
            {"country": "deu", "date": "2018-12-04", "detail": None},
            {"country": "nor", "date": "2018-08-20", "detail": None},
        ],
        "artworks": None,
        "remoteIds": [{"id": "444", "type": 10, "sourceName": "TheMovieDB.com"}],
        "characters": [credit(65000, seriesId=None, movieId=600)],
        "budget": "0.00",
        "boxOffice": "1250000.50",
        "boxOfficeUS": "",
        "originalCountry": "nor",
        "originalLanguage": "nor",
        "studios": None,
        "companies": {
            "studio": [{"id": 3, "name": "Studio One"}],
            "network": [],
            "production": [{"id": 1, "name": "Producer One"}, {"id": 1, "name": "Producer One"}],
            "distributor": None,
            "special_effects": [],
        },
        "first_release": {"country": "nor", "date": "2018-08-20", "detail": None},
        "translations": {
            "nameTranslations": [{"name": "English Title", "language": "eng"}],
            "overviewTranslations": [{"overview": "In English.", "language": "eng"}],
            "alias": ["A Loose Alias"],
        },
        **changes,
    }


def person(**changes: Any) -> Raw:
    """Return `data` of an extended person record."""
    return {
        "id": 300,
        "name": "Actor One",
        "image": None,
        "score": 0,
        "nameTranslations": ["eng"],
        "overviewTranslations": ["eng"],
        "aliases": [{"language": "eng", "name": "The One"}],
        "lastUpdated": "2023-07-20 19:39:12",
        "birth": "1979-06-21",
        "birthPlace": "Virginia, USA",
        "death": "",
        "gender": 1,
        "slug": "300-actor-one",
        "awards": None,
        "races": [],
        "remoteIds": None,
        "tagOptions": None,
        "biographies": [
            {"biography": "En español.", "language": "spa"},
            {"biography": "In English.", "language": "eng"},
        ],
        "characters": [
            credit(64000, series={"image": None, "name": "A Series", "year": "2000"}, personName=None, personImgURL=""),
            credit(65000, seriesId=None, movieId=600, movie={"image": None, "name": "A Movie", "year": "2018"}),
            credit(66000, seriesId=None, episodeId=501, peopleType="Guest Star"),
        ],
        **changes,
    }


def hit(**changes: Any) -> Raw:
    """Return one search result, every value of which is text."""
    return {
        "objectID": "series-500",
        "aliases": ["Titre", "Titre"],
        "country": "jpn",
        "id": "series-500",
        "image_url": "https://artworks.thetvdb.com/banners/images/missing/series.jpg",
        "name": "原題",
        "first_air_time": "2000-04-26",
        "overview": "概要",
        "primary_language": "jpn",
        "primary_type": "series",
        "status": "Ended",
        "type": "series",
        "tvdb_id": "500",
        "year": "2000",
        "slug": "original-title",
        "overviews": {"eng": "In English.", "jpn": "概要"},
        "translations": {"eng": "English Title", "jpn": "原題"},
        "network": "Network One",
        "remote_ids": [{"id": "tt0000500", "type": 2, "sourceName": "IMDB"}],
        "thumbnail": "https://artworks.thetvdb.com/banners/images/missing/series.jpg",
        **changes,
    }
