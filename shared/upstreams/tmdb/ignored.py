"""Names in TMDb's records that are known and not needed; a field that is neither read nor here is reported."""

from __future__ import annotations

from typing import Final

BOTH: Final = frozenset(
    {
        "adult",
        "backdrop_path",
        "homepage",
        "origin_country",
        "original_language",
        "popularity",
        "production_companies",
        "production_countries",
        "softcore",
        "spoken_languages",
        "status",
        "tagline",
        "vote_average",
        "vote_count",
    }
)
MOVIE: Final = BOTH | {
    "belongs_to_collection",
    "budget",
    "imdb_id",
    "original_title",
    "revenue",
    "runtime",
    "title",
    "video",
}
TV: Final = BOTH | {
    "created_by",
    "episode_run_time",
    "in_production",
    "languages",
    "last_air_date",
    "last_episode_to_air",
    "name",
    "networks",
    "next_episode_to_air",
    "number_of_episodes",
    "number_of_seasons",
    "original_name",
    "seasons",
}
