"""What is read from TheTVDB's records, one test for each of their habits."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.catalog.screen.records import Alias, Genre, RemoteIds
from shared.errors import UnreadableAnswer
from shared.upstreams.tvdb import read_movie, read_person, read_search, read_series
from shared.upstreams.tvdb.words import languages
from tests.unit.upstreams.tvdb_answers import credit, episode, hit, movie, person, season, series


def read(**changes: Any) -> Any:
    pages = changes.pop("pages", [])
    english = changes.pop("english", None)
    return read_series({"data": series(**changes), "english": english, "pages": pages})


def without(record: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


# Names and overviews


def test_a_series_is_named_in_english_and_keeps_its_original_name() -> None:
    found = read()
    assert (found.name, found.original_name, found.overview) == ("English Title", "原題", "In English.")


def test_an_alias_among_the_translations_is_an_alias_and_not_the_name() -> None:
    assert Alias("eng", "Other Title") in read().aliases


def test_original_and_other_names_are_aliases_each_once_and_the_name_itself_is_none() -> None:
    found = read(aliases=[{"language": "fra", "name": "Titre"}, {"language": "jpn", "name": "原題"}])
    assert set(found.aliases) == {Alias("jpn", "原題"), Alias("eng", "Other Title"), Alias("fra", "Titre")}
    assert len(found.aliases) == 3


def test_an_english_series_needs_no_translation() -> None:
    found = read(originalLanguage="eng", name="Own", overview="Own words.")
    assert (found.name, found.original_name, found.overview) == ("Own", "Own", "Own words.")


def test_without_an_english_translation_the_original_stands_in() -> None:
    found = read(translations=None)
    assert (found.name, found.overview) == ("原題", "概要")


def test_an_english_translation_that_was_fetched_by_itself_serves_as_well() -> None:
    english = {"name": "By Itself", "overview": "Fetched.", "language": "eng", "isPrimary": False}
    found = read(translations=None, english=english)
    assert (found.name, found.overview) == ("By Itself", "Fetched.")


def test_a_record_whose_name_is_null_is_named_by_a_translation() -> None:
    found = read(name=None)
    assert (found.name, found.original_name) == ("English Title", "English Title")


def test_a_record_with_no_name_in_any_language_is_unreadable() -> None:
    with pytest.raises(UnreadableAnswer, match=r"data\.name is empty in every language"):
        read(name="", translations=None)


def test_bare_aliases_have_an_undetermined_language() -> None:
    assert Alias("und", "A Loose Alias") in read_movie({"data": movie(), "english": None}).aliases


def test_languages_may_be_joined_by_commas_in_one_text() -> None:
    assert languages(["pol,ell", "deu"]) == {"pol", "ell", "deu"}
    assert languages(None) == set()


def test_an_alias_too_long_for_a_key_is_left_out_and_reported() -> None:
    with capture_logs() as logs:
        found = read(aliases=[{"language": "eng", "name": "x" * 501}], translations=None)
    assert found.aliases == ()
    assert "data.aliases[0].name" in logs[0]["odd"][0]


# Texts, numbers and times


def test_line_ends_entities_and_bytes_no_database_takes_are_made_plain() -> None:
    found = read(translations=None, overview=" One.\r\n\r\nTwo &amp; &#39;three&#39; \x00\ud800&nobody; ")
    assert found.overview == "One.\n\nTwo & 'three' ?&nobody;"


def test_times_without_a_zone_are_utc() -> None:
    assert read().upstream_updated_at == datetime(2023, 12, 18, 10, 27, 18, tzinfo=UTC)


@pytest.mark.parametrize("value", ["", None, "0000-00-00"])
def test_an_empty_date_is_no_date(value: str | None) -> None:
    with capture_logs() as logs:
        assert read(firstAired=value).first_aired is None
    assert logs == []


def test_an_unreadable_date_is_no_date_and_reported() -> None:
    with capture_logs() as logs:
        assert read(firstAired="1979-00-00").first_aired is None
    assert logs[0]["odd"] == ["data.firstAired: '1979-00-00'"]


@pytest.mark.parametrize(("value", "year"), [("2000", 2000), ("", None), (None, None), ("0", None), ("soon", None)])
def test_a_year_is_text(value: str | None, year: int | None) -> None:
    assert read(year=value).year == year


@pytest.mark.parametrize(
    ("value", "amount"),
    [("0.00", None), ("", None), (None, None), ("1250000.50", Decimal("1250000.50")), ("NaN", None), ("a lot", None)],
)
def test_an_amount_is_text_and_zero_means_unknown(value: str | None, amount: Decimal | None) -> None:
    assert read_movie({"data": movie(budget=value)}).budget == amount


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("https://artworks.thetvdb.com/a.jpg", "https://artworks.thetvdb.com/a.jpg"),
        ("/banners/a.jpg", "https://artworks.thetvdb.com/banners/a.jpg"),
        ("banners/a.jpg", "https://artworks.thetvdb.com/banners/a.jpg"),
        ("//host.test/a.jpg", "https://host.test/a.jpg"),
        ("", None),
        (None, None),
    ],
)
def test_an_image_is_absolute_relative_empty_or_null(value: str | None, address: str | None) -> None:
    assert read(image=value).image == address


def test_an_english_poster_is_better_than_the_records_own_image() -> None:
    def artwork(kind: int, language: str | None, score: int, image: str) -> dict[str, Any]:
        return {"id": 1, "image": image, "language": language, "type": kind, "score": score, "status": {"id": 0}}

    posters = [
        artwork(2, "jpn", 900, "/jpn.jpg"),
        artwork(2, "eng", 1, "/worse.jpg"),
        artwork(2, "eng", 5, "/better.jpg"),
        artwork(3, "eng", 999, "/background.jpg"),
    ]
    assert read(artworks=posters).image == "https://artworks.thetvdb.com/better.jpg"
    assert read(artworks=posters[:1], image="").image == "https://artworks.thetvdb.com/jpn.jpg"
    assert read(artworks=posters[:1], image="/own.jpg").image == "https://artworks.thetvdb.com/own.jpg"


# Parts


def test_null_arrays_are_empty() -> None:
    nulls = dict.fromkeys(["artworks", "characters", "genres", "seasons", "remoteIds", "aliases", "translations"])
    found = read(**nulls, companies=None)
    assert (found.seasons, found.credits, found.genres) == ((), (), ())


def test_arrays_that_are_missing_are_empty() -> None:
    data = without(series(), "artworks", "characters", "genres", "seasons", "remoteIds", "aliases", "translations")
    assert read_series({"data": data, "pages": []}).seasons == ()


def test_only_seasons_in_aired_order_are_read_each_number_once() -> None:
    found = read(seasons=[*series()["seasons"], season(7009, 1)])
    assert [(each.number, each.tvdb_id) for each in found.seasons] == [(1, 7001), (2, 7002)]


def test_episodes_of_all_pages_are_read_each_once() -> None:
    pages = [
        {"series": {"id": 500}, "episodes": [episode(1, number=1), episode(2, number=2)]},
        {"series": {"id": 500}, "episodes": [episode(2, number=2, name="Renamed"), episode(3, number=3)]},
    ]
    found = read(pages=pages).episodes
    assert [(each.tvdb_id, each.name) for each in found] == [(1, "Episode 1"), (2, "Renamed"), (3, "Episode 3")]
    assert found[0].image == "https://artworks.thetvdb.com/banners/episodes/500/1.jpg"


def test_a_translated_page_has_the_series_fields_beside_the_episodes() -> None:
    assert len(read(pages=[{"id": 500, "name": "x", "episodes": [episode(1)]}]).episodes) == 1


def test_a_page_without_episodes_has_none() -> None:
    assert read(pages=[{"series": None, "episodes": None}]).episodes == ()


def test_credits_name_person_part_and_series() -> None:
    found = read(characters=[credit(1, seriesId=None), credit(2, episodeId=501, peopleType="Guest Star"), credit(2)])
    assert [(each.series_tvdb_id, each.episode_tvdb_id, each.job) for each in found.credits] == [
        (500, None, "Actor"),
        (500, 501, "Guest Star"),
    ]
    assert found.credits[0].person_image == "https://artworks.thetvdb.com/banners/person/300/primary.jpg"


@pytest.mark.parametrize("nobody", [None, 0])
def test_a_character_nobody_is_named_for_has_no_person(nobody: int | None) -> None:
    assert read(characters=[credit(peopleId=nobody, personName=None)]).credits[0].person_tvdb_id is None


def test_a_series_has_genres_network_and_ids_elsewhere() -> None:
    found = read()
    assert found.genres == (Genre(2, "Science Fiction"),)
    assert found.network == "Network One"
    assert found.remote_ids == RemoteIds("tt0000500", 77, "Q500")


def test_a_remote_id_that_is_no_number_is_reported() -> None:
    with capture_logs() as logs:
        found = read(remoteIds=[{"id": "tv/77", "type": 12, "sourceName": "TheMovieDB.com"}])
    assert found.remote_ids.tmdb_id is None
    assert logs[0]["odd"] == ["data.remoteIds[0].id: 'tv/77'"]


def test_a_status_may_be_an_object_full_of_nulls() -> None:
    assert read(status={"id": None, "name": None, "recordType": "", "keepUpdated": False}).status is None


# Movies and people


def test_a_movie_has_companies_by_role_and_money_and_its_first_release() -> None:
    found = read_movie({"data": movie(), "english": None})
    assert found.name == "English Title"
    assert found.overview == "In English."
    assert found.released == date(2018, 8, 20)
    assert found.box_office == Decimal("1250000.50")
    assert (found.studios, found.production_companies, found.distributors) == (("Studio One",), ("Producer One",), ())
    assert found.credits[0].movie_tvdb_id == 600
    assert found.credits[0].series_tvdb_id is None
    assert found.remote_ids.tmdb_id == 444


def test_a_movie_without_first_release_takes_the_earliest_of_all() -> None:
    assert read_movie({"data": movie(first_release=None)}).released == date(2018, 8, 20)
    assert read_movie({"data": movie(first_release={"country": "nor", "date": ""})}).released == date(2018, 8, 20)


def test_a_persons_filmography_names_the_titles() -> None:
    found = read_person({"data": person()})
    assert [(each.title, each.title_year, each.series_tvdb_id, each.movie_tvdb_id) for each in found.credits] == [
        ("A Series", 2000, 500, None),
        ("A Movie", 2018, None, 600),
        (None, None, None, None),
    ]
    assert {(each.person_tvdb_id, each.person_name) for each in found.credits} == {(300, "Actor One")}
    assert found.credits[2].episode_tvdb_id == 501


def test_a_person_has_a_biography_in_english_where_there_is_one() -> None:
    assert read_person({"data": person()}).biography == "In English."
    assert read_person({"data": person(biographies=person()["biographies"][:1])}).biography == "En español."
    assert read_person({"data": person(biographies=None)}).biography is None


def test_a_person_was_born_and_has_not_died() -> None:
    found = read_person({"data": person()})
    assert (found.born, found.died, found.gender) == (date(1979, 6, 21), None, "male")


def test_a_gender_nobody_has_named_yet_is_reported_and_costs_nothing_else() -> None:
    with capture_logs() as logs:
        assert read_person({"data": person(gender=9)}).gender is None
    assert logs[0]["odd"] == ["data.gender: '9'"]


def test_a_credit_in_no_title_at_all_is_left_out_and_reported() -> None:
    with capture_logs() as logs:
        found = read_person({"data": person(characters=[credit(seriesId=None)])})
    assert found.credits == ()
    assert logs[0]["odd"] == ["data.characters[0].seriesId: 'None'"]


def test_a_base_record_of_a_person_is_enough() -> None:
    data = {name: person()[name] for name in ("id", "name", "image", "score", "aliases", "lastUpdated")}
    assert read_person({"data": data}).name == "Actor One"


# Search


def test_a_search_result_is_all_text_and_named_in_english() -> None:
    (found,) = read_search({"data": [hit()]})
    assert (found.entity_type, found.tvdb_id, found.year) == ("series", 500, 2000)
    assert (found.name, found.original_name, found.overview) == ("English Title", "原題", "In English.")
    assert found.aliases == ("Titre",)


def test_a_placeholder_is_no_image() -> None:
    assert read_search({"data": [hit()]})[0].image is None


def test_search_results_that_are_no_title_and_no_person_are_left_out() -> None:
    with capture_logs() as logs:
        found = read_search({"data": [hit(type="company"), hit(), hit(type="planet")]})
    assert len(found) == 1
    assert logs[0]["odd"] == ["data[2].type: 'planet'"]


def test_a_search_result_without_a_number_is_unreadable() -> None:
    with pytest.raises(UnreadableAnswer, match=r"data\[0\]\.tvdb_id is 'series-500', not a positive integer"):
        read_search({"data": [hit(tvdb_id="series-500")]})


# Strictness


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"id": "500"}, "data.id is a text, not an integer"),
        ({"id": True}, "data.id is a boolean, not an integer"),
        ({"id": 2**40}, "data.id is 1099511627776, not within 1..2147483647"),
        ({"seasons": {}}, "data.seasons is an object, not a list"),
        (
            {"seasons": [season(1, 1), season(2, 2) | {"number": "2"}]},
            "data.seasons[1].number is a text, not an integer",
        ),
        ({"seasons": [season(1, 1, type=None)]}, "data.seasons[0].type is empty"),
        ({"genres": ["Drama"]}, "data.genres[0] is a text, not an object"),
        ({"overview": 5}, "data.overview is a number, not a text"),
        (
            {"pages": [{"episodes": [without(episode(1), "seasonNumber")]}]},
            "pages[0].episodes[0].seasonNumber is missing",
        ),
        ({"characters": [credit(isFeatured="yes")]}, "data.characters[0].isFeatured is a text, not true or false"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_field_is_named_by_its_path(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(UnreadableAnswer) as caught:
        read(**changes)
    assert str(caught.value) == f"tvdb: {problem}"
    assert caught.value.body


def test_a_missing_name_is_unreadable() -> None:
    with pytest.raises(UnreadableAnswer, match=r"data\.name is missing"):
        read_series({"data": without(series(), "name"), "pages": []})


def test_a_known_record_surprises_nobody() -> None:
    with capture_logs() as logs:
        read(pages=[{"series": {}, "episodes": [episode(1)]}])
        read_movie({"data": movie(), "english": None})
        read_person({"data": person()})
        read_search({"data": [hit()]})
    assert logs == []


def test_an_unknown_field_is_reported_once_however_often_it_stands() -> None:
    with capture_logs() as logs:
        read(mood="grim", seasons=[season(1, 1, hue=1), season(2, 2, hue=2)])
    assert logs == [
        {
            "event": "upstream_record_surprises",
            "log_level": "warning",
            "upstream": "tvdb",
            "entity": "series:500",
            "unknown": ["data.mood", "data.seasons[].hue"],
            "odd": [],
        }
    ]


def test_reading_leaves_what_was_fetched_as_it_is() -> None:
    raw: dict[str, Any] = {"data": series(), "english": None, "pages": []}
    assert read_series(raw) == read_series(raw)
