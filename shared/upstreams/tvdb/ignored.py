"""Names in TheTVDB's records that are known and not needed.

A field that is neither read nor in one of these sets is reported, see `fields`.
"""

from __future__ import annotations

from typing import Final

BASE: Final = frozenset({"nameTranslations", "overviewTranslations", "lists", "tagOptions", "trailers"})
SERIES: Final = BASE | {
    "abbreviation",
    "airsDays",
    "airsTime",
    "companies",
    "contentRatings",
    "country",
    "defaultSeasonType",
    "episodes",
    "isOrderRandomized",
    "latestNetwork",
    "seasonTypes",
    "tags",
}
MOVIE: Final = BASE | {
    "audioLanguages",
    "awards",
    "boxOfficeUS",
    "contentRatings",
    "inspirations",
    "production_countries",
    "spoken_languages",
    "subtitleLanguages",
}
PERSON: Final = BASE | {"awards", "races"}
SEASON: Final = BASE | {"abbreviation", "companies", "episodes", "imageType", "seriesId", "artwork"}
EPISODE: Final = BASE | {
    "airsAfterSeason",
    "airsBeforeEpisode",
    "airsBeforeSeason",
    "imageType",
    "isMovie",
    "linkedMovie",
    "seasonName",
    "seasons",
    "seriesId",
    "year",
}
CREDIT: Final = BASE | {"aliases", "episode", "movie", "series", "type", "url"}
ARTWORK: Final = frozenset(
    {
        "episodeId",
        "height",
        "id",
        "includesText",
        "movieId",
        "networkId",
        "peopleId",
        "seasonId",
        "seriesId",
        "seriesPeopleId",
        "status",
        "tagOptions",
        "thumbnail",
        "thumbnailHeight",
        "thumbnailWidth",
        "updatedAt",
        "width",
    }
)
TRANSLATION: Final = frozenset({"aliases", "isPrimary", "tagline"})
HIT: Final = frozenset(
    {
        "companies",
        "companyType",
        "director",
        "genres",
        "id",
        "is_official",
        "name_translated",
        "objectID",
        "officialList",
        "overview_translated",
        "poster",
        "posters",
        "primary_type",
        "remote_ids",
        "slug",
        "studios",
        "thumbnail",
        "title",
        "translationsWithLang",
    }
)
