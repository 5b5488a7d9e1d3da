"""The shipped catalogue: true facts, the true form, and every oddity a client must survive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import Sandbox

SERIES = "id name slug image nameTranslations overviewTranslations aliases firstAired lastAired nextAired score status "
SERIES += "originalCountry originalLanguage defaultSeasonType isOrderRandomized lastUpdated averageRuntime episodes "
SERIES += "overview year"
EXTENDED = "artworks companies originalNetwork latestNetwork genres trailers lists remoteIds characters airsDays "
EXTENDED += "airsTime seasons tags contentRatings seasonTypes"
EPISODE = "id seriesId name aired runtime nameTranslations overview overviewTranslations image imageType isMovie "
EPISODE += "seasons number seasonNumber lastUpdated finaleType year"
MOVIE = "id name slug image nameTranslations overviewTranslations aliases score runtime status lastUpdated year"
MOVIE_EXTENDED = "trailers genres releases artworks remoteIds characters budget boxOffice boxOfficeUS originalCountry "
MOVIE_EXTENDED += "originalLanguage audioLanguages subtitleLanguages studios awards tagOptions lists contentRatings "
MOVIE_EXTENDED += "companies production_countries inspirations spoken_languages first_release"
PERSON = "id name image score nameTranslations overviewTranslations aliases lastUpdated"
PERSON_EXTENDED = "birth death birthPlace gender slug biographies characters awards races remoteIds tagOptions"
CHARACTER = "id name peopleId seriesId series movie movieId episodeId type image sort isFeatured url nameTranslations "
CHARACTER += "overviewTranslations aliases peopleType personName tagOptions personImgURL"
SEASON = "id seriesId type number nameTranslations overviewTranslations companies lastUpdated"
COMPANY = "id name slug nameTranslations overviewTranslations aliases country primaryCompanyType activeDate "
COMPANY += "inactiveDate companyType parentCompany tagOptions"


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/series/81189", SERIES),
        ("/series/81189/extended", f"{SERIES} {EXTENDED}"),
        ("/series/78878/extended", f"{SERIES} {EXTENDED}"),
        ("/movies/290", MOVIE),
        ("/movies/290/extended", f"{MOVIE} {MOVIE_EXTENDED}"),
        ("/people/312388", PERSON),
        ("/people/8990101/extended", f"{PERSON} {PERSON_EXTENDED}"),
        ("/seasons/30272", f"{SEASON} image imageType"),
        ("/seasons/30272/extended", f"{SEASON} image imageType year episodes trailers artwork tagOptions"),
        ("/episodes/4553042", EPISODE),
    ],
)
def test_a_record_has_the_fields_of_the_true_one(sandbox: Sandbox, path: str, fields: str) -> None:
    assert set(fields.split()) - sandbox.data(path).keys() == set()


def test_what_hangs_on_a_record_has_its_true_fields_too(sandbox: Sandbox) -> None:
    series = sandbox.data("/series/81189/extended")
    for name, fields in (("characters", CHARACTER), ("seasons", SEASON), ("companies", COMPANY)):
        for row in series[name]:
            assert set(fields.split()) <= row.keys()
    episodes = sandbox.data("/series/81189/episodes/official")["episodes"]
    assert all(set(EPISODE.split()) <= episode.keys() for episode in episodes)


def test_breaking_bad_has_its_five_seasons_and_sixty_two_episodes(sandbox: Sandbox) -> None:
    episodes = sandbox.data("/series/81189/episodes/official")["episodes"]
    regular = [episode for episode in episodes if episode["seasonNumber"] > 0]
    per_season = [sum(1 for one in regular if one["seasonNumber"] == number) for number in range(1, 6)]
    assert per_season == [7, 13, 13, 13, 16]
    assert (regular[0]["id"], regular[0]["name"], regular[0]["aired"]) == (349232, "Pilot", "2008-01-20")
    assert (regular[-1]["id"], regular[-1]["name"], regular[-1]["aired"]) == (4553042, "Felina", "2013-09-29")
    assert any(episode["seasonNumber"] == 0 for episode in episodes)


def test_everybody_with_a_credit_has_a_record_and_the_credit_in_it(sandbox: Sandbox) -> None:
    titles = [("/series", "seriesId"), ("/movies", "movieId")]
    credited = 0
    for path, key in titles:
        for title in sandbox.data(path):
            for credit in sandbox.data(f"{path}/{title['id']}/extended")["characters"]:
                person = sandbox.data(f"/people/{credit['peopleId']}/extended")
                assert person["name"] == credit["personName"]
                assert (credit["id"], title["id"]) in [(one["id"], one[key]) for one in person["characters"]]
                credited += 1
    assert credited > 50


def test_ids_are_unique_across_the_catalogue(sandbox: Sandbox) -> None:
    seasons: list[int] = []
    episodes: list[int] = []
    for title in sandbox.data("/series"):
        seasons += [season["id"] for season in sandbox.data(f"/series/{title['id']}/extended")["seasons"]]
        series = sandbox.data(f"/series/{title['id']}/extended", meta="episodes")
        episodes += [episode["id"] for episode in series["episodes"]]
    assert len(set(seasons)) == len(seasons)
    assert len(set(episodes)) == len(episodes)


def test_a_short_record_has_null_where_it_leaves_arrays_out(sandbox: Sandbox) -> None:
    series = sandbox.data("/series/81189/extended", short="true")
    assert (series["artworks"], series["characters"], series["episodes"]) == (None, None, None)
    movie = sandbox.data("/movies/290/extended", short="true")
    assert (movie["artworks"], movie["characters"], movie["trailers"]) == (None, None, None)


def test_a_season_comes_once_for_each_ordering(sandbox: Sandbox) -> None:
    seasons = sandbox.data("/series/81189/extended")["seasons"]
    first = [(season["type"]["type"], season["id"]) for season in seasons if season["number"] == 1]
    assert first == [("official", 30272), ("dvd", 1726856), ("absolute", 1726854)]


def test_companies_are_a_list_on_a_series_and_five_lists_on_a_movie(sandbox: Sandbox) -> None:
    assert isinstance(sandbox.data("/series/81189/extended")["companies"], list)
    lists = ["studio", "network", "production", "distributor", "special_effects"]
    assert list(sandbox.data("/movies/290/extended")["companies"]) == lists


def test_names_are_in_the_original_language_and_english_is_among_the_translations(sandbox: Sandbox) -> None:
    series = sandbox.data("/series/78878/extended", meta="translations")
    assert series["name"] == "フリクリ"
    names = {one["language"]: one["name"] for one in series["translations"]["nameTranslations"] if "isAlias" not in one}
    assert names["eng"] == "FLCL"
    assert sandbox.data("/series/78878/translations/eng")["name"] == "FLCL"
    assert sandbox.data("/movies/12586/translations/eng")["name"] == "Macross: Do You Remember Love?"


def test_an_alias_stands_among_the_names_and_says_so(sandbox: Sandbox) -> None:
    names = sandbox.data("/series/78878/extended", meta="translations")["translations"]["nameTranslations"]
    assert {"name": "Fooly Cooly", "language": "eng", "isAlias": True} in names


def test_translated_episodes_stand_in_the_series_own_fields(sandbox: Sandbox) -> None:
    plain = sandbox.data("/series/78878/episodes/official")
    translated = sandbox.data("/series/78878/episodes/official/eng")
    assert plain.keys() == {"series", "episodes"}
    assert translated["slug"] == plain["series"]["slug"]
    assert "series" not in translated
    assert plain["episodes"][1]["name"] == "フリクリ"
    assert translated["episodes"][1]["name"] == "Fooly Cooly"


def test_the_absolute_ordering_counts_through_without_specials(sandbox: Sandbox) -> None:
    episodes = sandbox.data("/series/81189/episodes/absolute")["episodes"]
    assert [episode["number"] for episode in episodes] == list(range(1, 63))
    assert {episode["seasonNumber"] for episode in episodes} == {1}


def test_an_ordering_that_a_series_lacks_has_no_episodes(sandbox: Sandbox) -> None:
    assert sandbox.data("/series/81189/episodes/regional")["episodes"] == []


@pytest.mark.parametrize(
    ("path", "look", "expected"),
    [
        ("/series/81189/extended", lambda d: d["seasons"][1]["overviewTranslations"][0].count(","), 11),
        ("/series/81189/extended", lambda d: d["seasons"][3]["image"], "/banners/seasons/81189-3-16.jpg"),
        ("/series/81189/extended", lambda d: "image" in d["seasons"][-1], False),
        ("/series/81189/extended", lambda d: d["characters"][0]["personImgURL"][:9], "/banners/"),
        ("/series/81189/extended", lambda d: d["characters"][1]["personImgURL"], ""),
        ("/series/81189/extended", lambda d: {"por", "pt"} <= set(d["nameTranslations"]), True),
        ("/series/81189", lambda d: (d["year"], d["nextAired"], d["lastUpdated"][10]), ("2008", "", " ")),
        ("/series/81189", lambda d: "\r\n" in d["overview"], True),
        ("/series", lambda d: d[1]["image"], "/banners/posters/81189-10.jpg"),
        ("/series", lambda d: d[1]["status"]["id"], None),
        ("/people", lambda d: d[0]["aliases"], None),
        ("/people/312388/extended", lambda d: d["characters"], None),
        ("/movies/290/extended", lambda d: (d["budget"], d["boxOfficeUS"], d["studios"]), ("0.00", "", None)),
        ("/movies/290/extended", lambda d: d["characters"][6]["name"], None),
        ("/series/8990000/extended", lambda d: (d["aliases"], d["tags"], d["lists"], d["year"]), (None,) * 4),
        ("/series/8990000/episodes/official", lambda d: d["episodes"][0]["name"], None),
        ("/series/8990000/episodes/official", lambda d: d["episodes"][0]["aired"], None),
        ("/series/78878/episodes/official", lambda d: d["episodes"][0]["nameTranslations"], None),
        ("/series/78878/episodes/official", lambda d: d["episodes"][0]["airsBeforeSeason"], 2),
    ],
)
def test_real_records_oddities_are_somewhere_in_the_data(sandbox: Sandbox, path: str, look: Any, expected: Any) -> None:
    assert look(sandbox.data(path)) == expected


def test_a_season_that_the_series_names_may_still_be_missing(sandbox: Sandbox) -> None:
    named = [season["id"] for season in sandbox.data("/series/81189/extended")["seasons"]]
    assert 1726854 in named
    assert sandbox.get("/seasons/1726854/extended").status_code == 404


def test_a_good_answer_may_lack_links(sandbox: Sandbox) -> None:
    assert "links" not in sandbox.get("/series/8990000/episodes/official").json()


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/series/1", 404, "NotFoundException: error fetching series"),
        ("/series/1/extended", 404, "NotFoundException: error fetching series"),
        ("/movies/1/extended", 404, "NotFoundException: error fetching movie"),
        ("/people/1/extended", 404, "NotFoundException: error fetching people"),
        ("/series/abc/extended", 400, "InvalidValueType: cannot make item path"),
        ("/nothing/here", 400, "InvalidValueType: invalid path"),
        ("/search", 400, "query is required"),
        ("/updates", 400, "InvalidValueType: since greater than 3 months ago"),
    ],
)
def test_a_failure_is_worded_as_the_true_one(sandbox: Sandbox, path: str, status: int, message: str) -> None:
    answer = sandbox.get(path)
    assert answer.status_code == status
    assert answer.json() == {"status": "failure", "message": message, "data": None}
