"""Reads TMDb's answers: the only place that knows its field names. Pure; `client` does the fetching.

Its habits, all seen in real answers: a date or text that is not there is "" as often as null; a poster is a path to
be appended to an address; names of genres are in the language asked for, so their numbers count; fields are added
without notice, and `append_to_response` adds more.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from shared.catalog.adaptations.records import ScreenType, TmdbDetails
from shared.upstreams.fields import LATEST_YEAR, Audit, Fields
from shared.upstreams.tmdb import ignored

UPSTREAM: Final = "tmdb"
POSTER_WIDTH: Final = "w500"  # enough for a page, and a tenth of the original's bytes
IMAGES: Final = f"https://image.tmdb.org/t/p/{POSTER_WIDTH}"
EARLIEST: Final = 1870  # nothing moved on a screen before
ANIMATION: Final = 16
DOCUMENTARY: Final = 99
TV_MOVIE: Final = 10770
TV_TYPES: Final[dict[str, ScreenType]] = {"Documentary": "documentary", "Miniseries": "miniseries"}


def read_movie(raw: dict[str, Any], images: str) -> TmdbDetails:
    """Read what `Tmdb.fetch_movie` fetched; `images` is what `fetch_configuration` returned.

    Raises UnreadableAnswer, whose message has the path at fault.
    """
    audit = Audit(UPSTREAM)
    movie = Fields(raw, "", audit)
    genres = _genres(movie)
    kind: ScreenType = "movie"
    if DOCUMENTARY in genres:
        kind = "documentary"
    elif ANIMATION in genres:
        kind = "animated_movie"
    elif TV_MOVIE in genres:
        kind = "tv_movie"
    return _details(movie, images, "release_date", kind, ignored.MOVIE, audit)


def read_tv(raw: dict[str, Any], images: str) -> TmdbDetails:
    """Read what `Tmdb.fetch_tv` fetched; else as `read_movie`."""
    audit = Audit(UPSTREAM)
    series = Fields(raw, "", audit)
    genres = _genres(series)
    kind: ScreenType = TV_TYPES.get(series.text_or_none("type") or "", "series")
    if DOCUMENTARY in genres:
        kind = "documentary"
    elif kind == "series" and ANIMATION in genres:
        kind = "animated_series"
    return _details(series, images, "first_air_date", kind, ignored.TV, audit)


def read_find(raw: dict[str, Any]) -> tuple[Literal["movie", "tv"], int] | None:
    """Read what `Tmdb.find` fetched: a title's kind and TMDb's id; None if TMDb has no title of that id.

    People, seasons and episodes, which have ids of IMDb too, are none.
    """
    audit = Audit(UPSTREAM)
    found = Fields(raw, "", audit)
    movies, series = found.children("movie_results"), found.children("tv_results")
    found.finish({"person_results", "tv_episode_results", "tv_season_results"})
    audit.report("find")
    if movies:
        return "movie", movies[0].whole("id", least=1)
    if series:
        return "tv", series[0].whole("id", least=1)
    return None


def read_configuration(raw: dict[str, Any]) -> str:
    """Return the address that a poster's path is appended to; raises UnreadableAnswer."""
    audit = Audit(UPSTREAM)
    images = Fields(raw, "", audit).child("images")
    base, sizes = images.text("secure_base_url"), images.texts("poster_sizes")
    # A size that is no longer made would be an address of nothing.
    size = POSTER_WIDTH if POSTER_WIDTH in sizes or not sizes else sizes[-1]
    return f"{base.rstrip('/')}/{size}"


def _genres(title: Fields) -> set[int]:
    genres = set()
    for genre in title.children("genres"):
        genres.add(genre.whole("id"))
        genre.finish({"name"})
    return genres


def _details(
    title: Fields, images: str, date: str, kind: ScreenType, not_needed: frozenset[str], audit: Audit
) -> TmdbDetails:
    tmdb_id = title.whole("id", least=1)
    path = title.text_or_none("poster_path")
    day = title.day_or_none(date)
    if day is not None and not EARLIEST <= day.year <= LATEST_YEAR:
        title.odd(date, day)
        day = None
    details = TmdbDetails(
        tmdb_id=tmdb_id,
        poster=f"{images.rstrip('/')}/{path.lstrip('/')}" if path else None,
        summary=title.text_or_none("overview"),
        year=day.year if day else None,
        screen_type=kind,
    )
    title.finish(not_needed)
    audit.report(f"{'movie' if date == 'release_date' else 'tv'}:{tmdb_id}")
    return details
