"""What is read of TMDb's films and series."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.catalog.adaptations.records import TmdbDetails
from shared.errors import UnreadableAnswer
from shared.upstreams.tmdb import read_find, read_movie, read_tv
from shared.upstreams.tmdb.records import read_configuration

IMAGES = "https://pictures.test/w500"
ANIMATION, DRAMA, DOCUMENTARY, TV_MOVIE = (
    {"id": number, "name": name}
    for number, name in ((16, "Animation"), (18, "Drama"), (99, "Doku"), (10770, "TV-Film"))
)


def movie(**changes: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "title": "A Film",
        "genres": [DRAMA],
        "overview": "Somebody does something.",
        "poster_path": "/poster.jpg",
        "release_date": "1999-10-15",
        **changes,
    }


def series(**changes: Any) -> dict[str, Any]:
    return {
        "id": 8,
        "name": "A Series",
        "genres": [DRAMA],
        "overview": "Everybody does something.",
        "poster_path": None,
        "first_air_date": "2011-04-17",
        "type": "Scripted",
        **changes,
    }


def test_a_film_and_a_series_are_read() -> None:
    assert read_movie(movie(), IMAGES) == TmdbDetails(
        7, "https://pictures.test/w500/poster.jpg", "Somebody does something.", 1999, "movie"
    )
    assert read_tv(series(), IMAGES) == TmdbDetails(8, None, "Everybody does something.", 2011, "series")


@pytest.mark.parametrize(
    "more",
    [
        {"runtime": 0},
        {"runtime": None},
        {"episode_run_time": []},
        {"external_ids": {"tvdb_id": 81189, "imdb_id": ""}},
        {"external_ids": {"tvdb_id": None, "imdb_id": None}},
        {"keywords": {"keywords": [{"id": 1, "name": "desert"}]}},
        {"keywords": {"results": [{"id": 1, "name": "desert"}]}},
        {"credits": {"cast": [], "crew": []}, "aggregate_credits": {"cast": [{"roles": []}], "crew": []}},
        {"seasons": [{"_id": "52542282760ee313280017f9", "season_number": 0, "name": "Specials"}]},
    ],
    ids=lambda more: next(iter(more)),
)
def test_run_times_keywords_credits_and_seasons_may_have_any_of_their_shapes_for_they_are_not_read(
    more: dict[str, Any],
) -> None:
    assert read_movie(movie(**more), IMAGES) == read_movie(movie(), IMAGES)
    assert read_tv(series(**more), IMAGES) == read_tv(series(), IMAGES)


def test_search_gives_numbers_of_genres_where_details_give_genres() -> None:
    hit = {name: value for name, value in movie().items() if name != "genres"} | {"genre_ids": [16, 18]}
    assert read_find({"movie_results": [hit], "tv_results": []}) == ("movie", 7)


@pytest.mark.parametrize("nothing", ["", None])
def test_a_date_a_text_or_a_poster_that_is_not_there_is_empty_or_null(nothing: str | None) -> None:
    empty = read_movie(movie(overview=nothing, poster_path=nothing, release_date=nothing), IMAGES)
    assert empty == TmdbDetails(7, None, None, None, "movie")
    assert read_tv(series(overview=nothing, first_air_date=nothing), IMAGES).year is None


def test_or_missing() -> None:
    assert read_movie({"id": 7}, IMAGES) == TmdbDetails(7, None, None, None, "movie")


@pytest.mark.parametrize("text", ["soon", "0199-01-01", "9999-12-31", "1999"])
def test_a_date_that_is_none_is_reported_and_costs_nothing_else(text: str) -> None:
    with capture_logs() as logs:
        assert read_movie(movie(release_date=text), IMAGES).year is None
    assert [each["entity"] for each in logs] == ["movie:7"]


@pytest.mark.parametrize(
    ("genres", "kind"),
    [
        ([], "movie"),
        ([DRAMA], "movie"),
        ([ANIMATION, DRAMA], "animated_movie"),
        ([DRAMA, TV_MOVIE], "tv_movie"),
        ([TV_MOVIE, ANIMATION], "animated_movie"),
        ([ANIMATION, DOCUMENTARY], "documentary"),
        (None, "movie"),
    ],
)
def test_a_films_type_follows_from_the_numbers_of_its_genres_whatever_their_language(genres: Any, kind: str) -> None:
    assert read_movie(movie(genres=genres), IMAGES).screen_type == kind


@pytest.mark.parametrize(
    ("told", "genres", "kind"),
    [
        ("Scripted", [DRAMA], "series"),
        ("Scripted", [ANIMATION], "animated_series"),
        ("Miniseries", [DRAMA], "miniseries"),
        ("Miniseries", [ANIMATION], "miniseries"),
        ("Documentary", [], "documentary"),
        ("Scripted", [DOCUMENTARY], "documentary"),
        ("Something new", [], "series"),
        ("", [], "series"),
        (None, [], "series"),
    ],
)
def test_a_seriess_type_follows_from_its_own_and_its_genres(told: Any, genres: Any, kind: str) -> None:
    assert read_tv(series(type=told, genres=genres), IMAGES).screen_type == kind


def test_a_field_that_turned_up_without_notice_is_reported_and_ignored() -> None:
    with capture_logs() as logs:
        assert read_movie(movie(hardcore=True, runtime=0, softcore=False), IMAGES).tmdb_id == 7
    assert [each["unknown"] for each in logs] == [["hardcore"]]


@pytest.mark.parametrize("record", [movie(id=None), movie(id="7"), movie(id=0), movie(genres=[{"name": "Drama"}]), {}])
def test_a_record_without_its_identity_or_with_a_broken_genre_is_unreadable(record: dict[str, Any]) -> None:
    with pytest.raises(UnreadableAnswer):
        read_movie(record, IMAGES)


def found(**lists: Any) -> dict[str, Any]:
    names = ("movie_results", "person_results", "tv_results", "tv_episode_results", "tv_season_results")
    return {key: [] for key in names} | lists


def test_an_id_of_imdb_stands_for_a_film_or_a_series() -> None:
    assert read_find(found(movie_results=[{"id": 550}])) == ("movie", 550)
    assert read_find(found(tv_results=[{"id": 1396}])) == ("tv", 1396)


def test_an_id_of_imdb_may_stand_for_nothing_or_for_no_title() -> None:
    assert read_find(found()) is None
    assert read_find(found(tv_episode_results=[{"id": 62085}], person_results=[{"id": 31}])) is None


def test_a_poster_is_as_wide_as_ours_or_the_largest_there_is() -> None:
    base = "https://pictures.test/t/p/"
    for sizes, size in ((["w92", "w500", "original"], "w500"), (["w92", "w600"], "w600"), ([], "w500")):
        raw = {"images": {"secure_base_url": base, "poster_sizes": sizes}}
        assert read_configuration(raw) == f"{base}{size}"
