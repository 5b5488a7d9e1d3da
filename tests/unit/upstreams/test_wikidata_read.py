"""How rows of Wikidata are folded into works, screen works and edges."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.catalog.adaptations.records import Adaptations, Edge, ScreenWork, Work
from shared.upstreams.wikidata import Problem, Row, read_adaptations
from shared.upstreams.wikidata.classes import SCREEN_TYPES, WORK_TYPES

ENTITY = "http://www.wikidata.org/entity/"
FILM, NOVEL, GAME = "Q11424", "Q8261", "Q7889"
XSD = "http://www.w3.org/2001/XMLSchema#"


def uri(qid: str) -> dict[str, str]:
    return {"type": "uri", "value": ENTITY + qid}


def text(value: str, language: str | None = None) -> dict[str, str]:
    return {"type": "literal", "value": value} | ({"xml:lang": language} if language else {})


def date(value: str) -> dict[str, str]:
    return {"type": "literal", "value": value, "datatype": f"{XSD}dateTime"}


def row(**changes: Any) -> Row:
    """Return a row of a film after a novel; None takes a cell away."""
    cells: dict[str, Any] = {
        "work": uri("Q10"),
        "workLabel": text("The Film", "en"),
        "workType": uri(FILM),
        "source": uri("Q20"),
        "sourceLabel": text("The Novel", "en"),
        "sourceType": uri(NOVEL),
    }
    return {name: cell for name, cell in {**cells, **changes}.items() if cell is not None}


def read(*rows: Row) -> Adaptations:
    return read_adaptations(rows)[0]


def screen_work(*rows: Row) -> ScreenWork:
    (found,) = read(*rows).screen_works
    return found


def work(*rows: Row) -> Work:
    (found,) = read(*rows).works
    return found


def problems(*rows: Row) -> list[Problem]:
    return read_adaptations(rows)[1]


def test_a_row_is_two_works_and_an_edge() -> None:
    assert read_adaptations([row()]) == (
        Adaptations(
            works=(Work("Q20", "The Novel", "novel"),),
            screen_works=(ScreenWork("Q10", "The Film", "movie"),),
            edges=(Edge("Q10", "Q20"),),
        ),
        [],
    )


def test_properties_of_several_values_multiply_rows_and_are_folded_by_item() -> None:
    product = [
        row(workType=uri(kind), author=uri(author), authorLabel=text(name, "en"), date=date(day))
        for kind in (FILM, "Q24869")
        for author, name in (("Q2", "Second"), ("Q1", "First"))
        for day in ("2002-05-01T00:00:00Z", "2001-12-10T00:00:00Z")
    ]
    found = read(*product)
    assert found.works == (Work("Q20", "The Novel", "novel", ("First", "Second")),)
    assert found.screen_works == (ScreenWork("Q10", "The Film", "movie", 2001),)
    assert found.edges == (Edge("Q10", "Q20"),)


def test_neither_the_order_of_rows_nor_their_number_changes_what_is_read() -> None:
    rows = [
        row(work=uri(f"Q{number}"), author=uri(f"Q{90 - number}"), authorLabel=text(f"A{number}", language))
        for number in (9, 10, 11)
        for language in ("fr", "en", "mul")
    ]
    rows += [
        row(workLabel=text(name, "de"), imdb=text(f"tt{one}")) for name, one in (("B", "0000002"), ("A", "10000001"))
    ]
    first = read_adaptations(rows)
    for start in range(len(rows)):
        turned = rows[start:] + rows[:start]
        assert read_adaptations(turned) == read_adaptations([*reversed(turned), *turned]) == first
    assert [one.wikidata_id for one in first[0].screen_works] == ["Q9", "Q10", "Q11"]


def test_what_rows_of_different_queries_say_of_an_item_belongs_together() -> None:
    pair = row(workLabel=None, sourceLabel=None)
    about_screen = {"work": uri("Q10"), "workLabel": text("The Film", "en"), "date": date("1999-01-01T00:00:00Z")}
    about_work = {
        "source": uri("Q20"),
        "sourceLabel": text("The Novel", "en"),
        "sourceDate": date("1996-01-01T00:00:00Z"),
    }
    found = read(about_work, pair, about_screen)
    assert (found.screen_works[0].title, found.screen_works[0].year) == ("The Film", 1999)
    assert (found.works[0].title, found.works[0].year) == ("The Novel", 1996)


def test_an_item_that_is_in_no_pair_is_nothing() -> None:
    assert read({"work": uri("Q10"), "workType": uri(FILM)}, {"source": uri("Q20")}) == Adaptations((), (), ())


def test_a_work_may_have_several_adaptations_and_a_film_several_sources() -> None:
    found = read(row(), row(work=uri("Q11")), row(source=uri("Q21")))
    assert found.edges == (Edge("Q10", "Q20"), Edge("Q10", "Q21"), Edge("Q11", "Q20"))
    assert (len(found.works), len(found.screen_works)) == (2, 2)


# Items


@pytest.mark.parametrize(
    "unknown",
    [
        {"type": "bnode", "value": "t284055162"},
        {"type": "uri", "value": "http://www.wikidata.org/.well-known/genid/0123456789abcdef"},
        {"type": "uri", "value": "http://www.wikidata.org/entity/P144"},
        {"type": "uri", "value": "http://www.wikidata.org/prop/direct/P144"},
        {"type": "uri", "value": "http://www.wikidata.org/entity/Q20/extra"},
        {"type": "literal", "value": "Q20"},
    ],
)
def test_what_is_based_on_an_unknown_value_or_a_property_is_left_out(unknown: dict[str, str]) -> None:
    bad = row(source=unknown)
    assert read(bad, row(work=uri("Q11"))).edges == (Edge("Q11", "Q20"),)
    (problem,) = problems(bad)
    assert (problem.item, problem.left_out) == ("Q10", True)
    assert "is based on no item" in str(problem)


def test_an_unknown_adaptation_and_one_of_itself_are_left_out() -> None:
    found, wrong = read_adaptations([row(work={"type": "bnode", "value": "t1"}), row(source=uri("Q10"))])
    assert found.edges == ()
    assert [problem.item for problem in wrong] == ["Q10", "t1"]


# Classes


@pytest.mark.parametrize(("kinds", "expected"), [
    ((FILM, "Q202866"), "animated_movie"),
    (("Q506240", "Q202866"), "animated_movie"),
    ((FILM, "Q93204"), "documentary"),
    (("Q5398426", "Q1259759"), "miniseries"),
    (("Q5398426", "Q581714"), "animated_series"),
    (("Q63952888", "Q5398426"), "animated_series"),
    ((FILM, "Q506240"), "tv_movie"),
    (("Q5398426", "Q1366112"), "series"),
    (("Q999", FILM), "movie"),
])  # fmt: skip
def test_of_several_classes_the_most_specific_counts(kinds: tuple[str, ...], expected: str) -> None:
    for order in (kinds, tuple(reversed(kinds))):
        assert screen_work(*(row(workType=uri(kind)) for kind in order)).screen_type == expected


def test_a_works_class_is_the_most_specific_too() -> None:
    assert work(row(sourceType=uri("Q7725634")), row(sourceType=uri("Q49084"))).work_type == "short story"


def test_both_ends_have_to_be_of_a_class_that_is_read() -> None:
    game, toy = row(work=uri("Q11"), workType=uri(GAME)), row(source=uri("Q21"), sourceType=uri("Q11422"))
    found, wrong = read_adaptations([row(), game, toy])
    assert found.edges == (Edge("Q10", "Q20"),)
    assert [(problem.item, problem.left_out) for problem in wrong] == [("Q11", True), ("Q21", True)]
    assert GAME in wrong[0].why


def test_what_is_left_out_takes_along_what_hung_on_it_alone() -> None:
    assert read(row(workType=uri(GAME))) == Adaptations((), (), ())


def test_a_screen_work_without_a_class_is_left_out_and_a_source_without_one_is_not() -> None:
    assert read(row(workType=None)).edges == ()
    assert work(row(sourceType=None)).work_type is None


def test_no_class_is_at_both_ends() -> None:
    assert not SCREEN_TYPES.keys() & WORK_TYPES.keys()


# Names


def test_without_a_name_the_service_repeats_the_id_which_is_none() -> None:
    bare = row(workLabel=text("Q10"))
    assert screen_work(bare, row(workLabel=text("Le Film", "fr"))).title == "Le Film"
    assert screen_work(bare).title == "Q10"
    assert [(one.item, one.left_out) for one in problems(bare)] == [("Q10", False)]


def test_a_title_that_looks_like_an_id_is_one_when_it_has_a_language() -> None:
    assert screen_work(row(workLabel=text("Q2", "en"))).title == "Q2"
    assert problems(row(workLabel=text("Q2", "en"))) == []


def test_english_is_best_then_what_is_the_same_in_all_languages() -> None:
    names = [row(workLabel=text(name, language)) for name, language in (("A", "fr"), ("B", "mul"), ("C", "en"))]
    assert screen_work(*names).title == "C"
    assert screen_work(*names[:2]).title == "B"


def test_authors_without_a_name_or_unknown_are_left_out() -> None:
    unknown = row(author={"type": "bnode", "value": "t5"}, authorLabel=text("t5"))
    hidden = row(
        author={"type": "uri", "value": ENTITY.replace("entity", ".well-known/genid") + "f"}, authorLabel=text("f")
    )
    nameless = row(author=uri("Q5"), authorLabel=text("Q5"))
    assert work(unknown, hidden, nameless, row(author=uri("Q6"), authorLabel=text("Six", "en"))).authors == ("Six",)


def test_authors_stand_in_the_order_of_their_ids_as_numbers() -> None:
    rows = [
        row(author=uri(qid), authorLabel=text(name, "en")) for qid, name in (("Q100", "B"), ("Q9", "A"), ("Q10", "C"))
    ]
    assert work(*rows).authors == ("A", "C", "B")


# Dates


@pytest.mark.parametrize(
    ("value", "year"),
    [
        (date("1968-01-01T00:00:00Z"), 1968),
        (date("-0700-01-01T00:00:00Z"), -700),
        (date("+1968-00-00T00:00:00Z"), 1968),
        (text("1968-05-06T00:00:00Z"), 1968),
        (text("1968-05-06"), 1968),
        (text("1968"), 1968),
        ({"type": "bnode", "value": "t1"}, None),
        ({"type": "uri", "value": "http://www.wikidata.org/.well-known/genid/1"}, None),
    ],
)
def test_the_year_of_a_date_is_read_whatever_its_precision_datatype_and_age(
    value: dict[str, str], year: int | None
) -> None:
    assert screen_work(row(date=value)).year == year
    assert work(row(sourceDate=value)).year == year


def test_of_several_dates_the_earliest_year_counts() -> None:
    days = ("1985-02-01T00:00:00Z", "1984-12-03T00:00:00Z", "1986-01-01T00:00:00Z")
    assert screen_work(*(row(date=date(day)) for day in days)).year == 1984


@pytest.mark.parametrize("value", ["soon", "99999-01-01T00:00:00Z", "-9000-01-01T00:00:00Z", "19-01-01", ""])
def test_a_date_that_is_none_is_reported_and_costs_nothing_else(value: str) -> None:
    with capture_logs() as logs:
        assert screen_work(row(date=date(value))).year is None
    assert [(each["event"], each["upstream"]) for each in logs] == [("upstream_record_surprises", "wikidata")]


# Ids elsewhere


def test_ids_of_other_catalogues_are_read() -> None:
    found = screen_work(row(imdb=text("tt0137523"), tmdbMovie=text("550"), tmdbTv=text("7"), tvdbMovie=text("12")))
    assert (found.imdb_id, found.tmdb_movie_id, found.tmdb_tv_id, found.tvdb_id) == ("tt0137523", 550, 7, 12)


def test_thetvdb_counts_movies_and_series_apart() -> None:
    both = {"tvdb": text("121361"), "tvdbMovie": text("12")}
    assert screen_work(row(**both)).tvdb_id == 12
    assert screen_work(row(**both, workType=uri("Q5398426"))).tvdb_id == 121361
    assert screen_work(row(tvdb=text("121361"))).tvdb_id is None


def test_of_several_ids_the_lowest_counts_as_a_number() -> None:
    rows = [row(imdb=text(imdb), tmdbMovie=text(tmdb)) for imdb, tmdb in (("tt10000000", "1000"), ("tt9999999", "999"))]
    assert screen_work(*rows).imdb_id == "tt9999999"
    assert screen_work(*rows).tmdb_movie_id == 999


@pytest.mark.parametrize(
    "cells",
    [{"imdb": "nm0000158"}, {"imdb": "tt1"}, {"tmdbMovie": "x550"}, {"tmdbTv": "0"}, {"tvdb": "99999999999"}],
)
def test_an_id_that_is_none_is_reported_and_costs_nothing_else(cells: dict[str, str]) -> None:
    with capture_logs() as logs:
        found = screen_work(row(workType=uri("Q5398426"), **{name: text(value) for name, value in cells.items()}))
    assert (found.imdb_id, found.tmdb_movie_id, found.tmdb_tv_id, found.tvdb_id) == (None,) * 4
    assert len(logs) == 1
