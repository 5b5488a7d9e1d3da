"""What anybody may read of adaptations, on a real PostgreSQL."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from producers.api.adaptations import Adaptations as Page
from producers.api.adaptations import WholeScreenWork, WholeWork
from shared.catalog.adaptations.records import Adaptations, ScreenType, TmdbDetails, Work
from shared.catalog.adaptations.store import Looked, due_for_tmdb, save_reading, save_tmdb
from tests.integration.adaptations.conftest import (
    CLUELESS,
    DUNE,
    EMMA,
    FILM_1984,
    FILM_2021,
    FOUR,
    MONDAY,
    SERIES_2000,
    TUESDAY,
    a_reading,
)
from tests.integration.api.conftest import World, instance

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    yield made
    made.close()


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with instance(world) as client:
        yield client


@pytest.fixture(autouse=True)
def held(engine: Engine) -> None:
    """Hold four adaptations of two books."""
    hold(engine, FOUR)


def hold(engine: Engine, reading: Adaptations, redirects: dict[str, str] | None = None) -> None:
    with engine.begin() as connection:
        assert save_reading(connection, reading, redirects or {}, MONDAY) is not None


def tell(engine: Engine, wikidata_id: str, details: TmdbDetails) -> None:
    """Store what TMDb says of a screen work."""
    with engine.begin() as connection:
        (due,) = [due for due in due_for_tmdb(connection, 99) if due.wikidata_id == wikidata_id]
        save_tmdb(connection, [Looked(due.id, details)], MONDAY)


async def titles(client: httpx.AsyncClient, **params: Any) -> list[str]:
    answer = await client.get("/adaptations", params=params)
    assert answer.status_code == 200, answer.text
    return [each["screen_work"]["title"] for each in answer.json()["adaptations"]]


async def test_an_adaptation_is_answered_with_both_its_ends(client: httpx.AsyncClient) -> None:
    answer = await client.get("/adaptations", params={"year": 2000})

    assert answer.json() == {
        "adaptations": [
            {
                "work": {
                    "wikidata_id": "Q190192",
                    "title": "Dune",
                    "work_type": "novel",
                    "authors": ["Frank Herbert"],
                    "year": 1965,
                },
                "screen_work": {
                    "wikidata_id": "Q2384684",
                    "title": "Frank Herbert's Dune",
                    "screen_type": "series",
                    "year": 2000,
                    "imdb_id": "tt0142032",
                    "tvdb_id": 72040,
                    "tmdb_movie_id": None,
                    "tmdb_tv_id": 1693,
                    "poster": None,
                    "summary": None,
                },
            }
        ],
        "next": None,
    }
    assert answer.headers["X-Millrace-Synced-At"] == "2026-11-16T02:00:00Z"


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ["Clueless", "Dune", "Dune: Part One", "Frank Herbert's Dune"]),
        ({"work": "Q179189"}, ["Clueless"]),
        ({"work": "q179189"}, ["Clueless"]),
        ({"work": "MM"}, ["Clueless"]),
        ({"work": "m_a"}, []),
        ({"work": "%"}, []),
        ({"work": "Q1"}, []),
        ({"screen_work": "Q114819"}, ["Dune"]),
        ({"screen_work": "dune"}, ["Dune", "Dune: Part One", "Frank Herbert's Dune"]),
        ({"screen_work": "herbert", "work": "dune"}, ["Frank Herbert's Dune"]),
        ({"screen_work": "dune", "work": "emma"}, []),
        ({"year": 1995}, ["Clueless"]),
        ({"type": "series"}, ["Frank Herbert's Dune"]),
        ({"type": "movie", "work": "dune"}, ["Dune", "Dune: Part One"]),
    ],
)
async def test_what_is_asked_for_is_found_titles_that_begin_so_first(
    client: httpx.AsyncClient, params: dict[str, Any], found: list[str]
) -> None:
    assert await titles(client, **params) == found


async def test_titles_that_begin_so_come_before_others_whatever_their_letters(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    hold(engine, a_reading((replace(FILM_1984, title="A Zebra"), DUNE), (replace(FILM_2021, title="Zebra"), DUNE)))

    assert await titles(client, screen_work="zebra") == ["Zebra", "A Zebra"]


@pytest.mark.parametrize("params", [{}, {"screen_work": "dune"}, {"work": "dune", "screen_work": "dune"}])
@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_pages_hold_together_what_one_page_holds(
    client: httpx.AsyncClient, params: dict[str, Any], limit: int
) -> None:
    together: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (
            await client.get("/adaptations", params=params | {"limit": limit} | ({"cursor": cursor} if cursor else {}))
        ).json()
        assert 0 < len(page["adaptations"]) <= limit
        together += [each["screen_work"]["title"] for each in page["adaptations"]]
        cursor = page["next"]
    assert together == await titles(client, **params)


async def test_a_page_goes_on_behind_the_last_row_even_if_that_is_gone_now(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    first = (await client.get("/adaptations", params={"limit": 2})).json()
    hold(engine, a_reading((CLUELESS, EMMA), (FILM_2021, DUNE), (SERIES_2000, DUNE)))

    assert await titles(client, cursor=first["next"]) == ["Dune: Part One", "Frank Herbert's Dune"]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "!!",
        "é",
        base64.urlsafe_b64encode(b"{}").decode(),
        base64.urlsafe_b64encode(b'[0, "a\\u0000", 1, 1]').decode(),
        base64.urlsafe_b64encode(json.dumps([0, "a", 2**63, 1]).encode()).decode(),
        base64.urlsafe_b64encode(json.dumps([0, "a", 1]).encode()).decode(),
        base64.urlsafe_b64encode(b'[0, "\\ud800", 1, 1]').decode(),
    ],
)
async def test_a_cursor_nobody_was_given_is_refused(client: httpx.AsyncClient, cursor: str) -> None:
    answer = await client.get("/adaptations", params={"cursor": cursor})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "query.cursor"


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 501},
        {"type": "book"},
        {"year": "last"},
        {"work": ""},
        {"work": "a\0"},
        {"work": "a" * 201},
    ],
)
async def test_nonsense_is_refused_by_the_name_of_the_parameter(
    client: httpx.AsyncClient, params: dict[str, Any]
) -> None:
    answer = await client.get("/adaptations", params=params)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == f"query.{next(iter(params))}"


async def test_a_withdrawn_edge_is_shown_nowhere(client: httpx.AsyncClient, engine: Engine) -> None:
    hold(engine, a_reading((FILM_1984, DUNE), (FILM_2021, DUNE), (CLUELESS, EMMA)))

    assert await titles(client, work="dune") == ["Dune", "Dune: Part One"]
    work = (await client.get("/works/Q190192")).json()
    assert [each["title"] for each in work["adaptations"]] == ["Dune", "Dune: Part One"]
    screen_work = (await client.get("/screen-works/Q2384684")).json()
    assert (screen_work["based_on"], screen_work["gone_at"]) == ([], "2026-11-16T02:00:00Z")


async def test_a_work_is_answered_with_its_adaptations_the_oldest_first(client: httpx.AsyncClient) -> None:
    answer = await client.get("/works/Q190192")

    assert answer.status_code == 200
    body = answer.json()
    assert (body["title"], body["authors"], body["gone_at"]) == ("Dune", ["Frank Herbert"], None)
    assert [each["year"] for each in body["adaptations"]] == [1984, 2000, 2021]


async def test_a_screen_work_is_answered_with_what_it_is_based_on(client: httpx.AsyncClient) -> None:
    body = (await client.get("/screen-works/q202548")).json()

    assert body["title"] == "Clueless"
    assert [each["title"] for each in body["based_on"]] == ["Emma"]


async def test_answers_have_the_shape_that_the_documentation_shows(client: httpx.AsyncClient) -> None:
    for path, model in (
        ("/adaptations", Page),
        ("/works/Q190192", WholeWork),
        ("/screen-works/Q202548", WholeScreenWork),
    ):
        answer = await client.get(path)
        shown = model.model_validate_json(answer.content, extra="forbid")
        assert json.loads(shown.model_dump_json()) == answer.json()


@pytest.mark.parametrize("path", ["/works/Q114819", "/screen-works/Q190192", "/works/Q1"])
async def test_an_id_that_nothing_is_known_of_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:millrace:problem:no-such-work"


@pytest.mark.parametrize("path", ["/works/190192", "/works/Q0", "/screen-works/Q1%00", "/works/Q" + "9" * 40])
async def test_what_is_no_id_is_refused(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 422


# Merged


async def test_a_merged_id_leads_to_the_item_it_is_part_of_now(client: httpx.AsyncClient, engine: Engine) -> None:
    other = Work("Q1", "Dune (novel)")
    hold(engine, a_reading((FILM_1984, other), (CLUELESS, DUNE)))
    film = replace(CLUELESS, wikidata_id="Q2")
    hold(engine, a_reading((FILM_1984, DUNE), (film, DUNE)), {"Q1": "Q190192", "Q202548": "Q2"})

    moved = await client.get("/works/Q1")
    assert (moved.status_code, moved.headers["Location"]) == (308, "/works/Q190192")
    moved = await client.get("/screen-works/Q202548")
    assert (moved.status_code, moved.headers["Location"]) == (308, "/screen-works/Q2")
    assert (await client.get("/screen-works/Q1")).status_code == 404
    assert (await client.get("/works/Q1", follow_redirects=True)).json()["title"] == "Dune"
    assert await titles(client, work="Q1") == ["Clueless", "Dune"]
    assert await titles(client, screen_work="Q202548") == ["Clueless"]


async def test_a_work_merged_into_what_is_held_as_a_screen_work_is_gone_and_makes_no_work_of_that(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    hold(engine, a_reading((FILM_1984, DUNE), (CLUELESS, DUNE)), {EMMA.wikidata_id: CLUELESS.wikidata_id})

    gone = (await client.get(f"/works/{EMMA.wikidata_id}")).json()
    assert (gone["title"], gone["adaptations"], gone["gone_at"]) == ("Emma", [], "2026-11-16T02:00:00Z")
    assert (await client.get(f"/works/{CLUELESS.wikidata_id}")).status_code == 404
    assert await titles(client, work=EMMA.wikidata_id) == []


async def test_an_id_that_is_held_at_the_other_end_is_not_found_here_and_the_problem_says_where(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    hold(engine, FOUR, {"Q1": CLUELESS.wikidata_id, "Q2": DUNE.wikidata_id})

    for path, there in (
        ("/works/Q114819", "/screen-works/Q114819"),
        ("/works/Q1", "/screen-works/Q202548"),
        ("/screen-works/Q2", "/works/Q190192"),
    ):
        answer = await client.get(path)
        assert answer.status_code == 404
        assert answer.json()["detail"].endswith(f"; see {there}.")
    assert "see" not in (await client.get("/works/Q3")).json()["detail"]


# The better of both


@pytest.mark.parametrize(
    ("wikidata", "tmdb", "shown"),
    [
        ("movie", "animated_movie", "animated_movie"),
        ("movie", "tv_movie", "tv_movie"),
        ("movie", "series", "movie"),  # no sort of movie: TMDb's record is of something else
        ("series", "miniseries", "miniseries"),
        ("series", "movie", "series"),
        ("documentary", "movie", "documentary"),
        ("miniseries", "series", "miniseries"),
    ],
)
async def test_of_two_types_the_more_specific_is_shown_and_found(
    client: httpx.AsyncClient, engine: Engine, wikidata: ScreenType, tmdb: ScreenType, shown: str
) -> None:
    hold(engine, a_reading((replace(FILM_1984, screen_type=wikidata), DUNE)))
    tell(engine, FILM_1984.wikidata_id, TmdbDetails(841, None, None, None, tmdb))

    assert (await client.get("/screen-works/Q114819")).json()["screen_type"] == shown
    assert await titles(client, type=shown) == ["Dune"]


async def test_tmdbs_year_is_shown_where_it_has_one_and_found(client: httpx.AsyncClient, engine: Engine) -> None:
    tell(engine, FILM_1984.wikidata_id, TmdbDetails(841, "https://p/1.jpg", "Sand.", 1985, "movie"))
    tell(engine, FILM_2021.wikidata_id, TmdbDetails(438631, None, None, None, "movie"))

    body = (await client.get("/screen-works/Q114819")).json()
    assert (body["year"], body["poster"], body["summary"]) == (1985, "https://p/1.jpg", "Sand.")
    assert await titles(client, year=1985) == ["Dune"]
    assert await titles(client, year=1984) == []
    assert await titles(client, year=2021) == ["Dune: Part One"]


# Versions


@pytest.mark.parametrize("path", ["/adaptations", "/works/Q190192", "/screen-works/Q114819"])
async def test_the_tag_changes_exactly_when_the_answer_does(
    client: httpx.AsyncClient, engine: Engine, path: str
) -> None:
    first = await client.get(path)
    tag = first.headers["ETag"]
    with engine.begin() as connection:
        save_reading(connection, FOUR, {}, TUESDAY)

    again = await client.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert again.headers["X-Millrace-Synced-At"] == "2026-11-17T02:00:00Z"

    tell(engine, FILM_1984.wikidata_id, TmdbDetails(841, None, "Sand.", 1984, "movie"))
    changed = await client.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag
