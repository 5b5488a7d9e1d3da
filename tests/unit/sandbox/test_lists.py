"""Paging, search and updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.sandbox.conftest import Sandbox, Time

SOAP = "/series/8990002/episodes/official"


def test_the_pages_of_a_long_series_join_up_without_gap_or_repetition(sandbox: Sandbox) -> None:
    ids: list[int] = []
    page: int | None = 0
    while page is not None:
        answer = sandbox.get(SOAP, page=page).json()
        assert answer["links"]["total_items"] == 1203
        assert answer["links"]["page_size"] == 500
        ids += [episode["id"] for episode in answer["data"]["episodes"]]
        page = page + 1 if answer["links"]["next"] else None
    assert len(ids) == len(set(ids)) == 1203


def test_links_lead_to_the_neighbours_and_end_in_null(sandbox: Sandbox) -> None:
    first, last = sandbox.get(SOAP, page=0).json()["links"], sandbox.get(SOAP, page=2).json()["links"]
    here = f"http://sandbox/tvdb/v4{SOAP}?page="
    assert (first["prev"], first["self"], first["next"]) == (None, f"{here}0", f"{here}1")
    assert (last["prev"], last["self"], last["next"]) == (f"{here}1", f"{here}2", None)


def test_a_page_beyond_the_last_is_empty(sandbox: Sandbox) -> None:
    answer = sandbox.get(SOAP, page=9).json()
    assert answer["data"]["episodes"] == []
    assert answer["links"]["next"] is None


def test_pages_can_be_made_smaller(start: Callable[..., Sandbox]) -> None:
    answer = start(page_size=10).get("/series/81189/episodes/official").json()
    assert len(answer["data"]["episodes"]) == answer["links"]["page_size"] == 10


def test_a_season_can_be_asked_for_alone(sandbox: Sandbox) -> None:
    answer = sandbox.get("/series/81189/episodes/official", season=4).json()
    assert {episode["seasonNumber"] for episode in answer["data"]["episodes"]} == {4}
    assert answer["links"]["self"].endswith("?season=4&page=0")


@pytest.mark.parametrize("query", ["breaking bad", "Breaking Bad", "perníkový", "breaking", "絕命毒師"])
def test_the_search_finds_a_series_by_name_translation_and_alias(sandbox: Sandbox, query: str) -> None:
    hit = sandbox.data("/search", query=query, type="series")[0]
    assert (hit["objectID"], hit["tvdb_id"], hit["year"], hit["type"]) == ("series-81189", "81189", "2008", "series")


def test_the_search_finds_movies_and_people_too(sandbox: Sandbox) -> None:
    found = [hit["objectID"] for hit in sandbox.data("/search", query="breaking bad")]
    assert found == ["series-81189", "movie-8990001"]
    assert [hit["objectID"] for hit in sandbox.data("/search", query="cranston")] == ["people-8990101"]


def test_a_search_that_finds_nothing_is_a_good_answer(sandbox: Sandbox) -> None:
    answer = sandbox.get("/search", query="nothing like it", type="series", limit=50)
    assert answer.json()["data"] == []
    assert answer.json()["links"]["total_items"] == 0
    assert answer.json()["links"]["self"].endswith("/search?query=nothing like it&type=series&limit=50&page=0")


def test_offset_and_limit_walk_through_the_hits(sandbox: Sandbox) -> None:
    every = [hit["id"] for hit in sandbox.data("/search", query="a", limit=100)]
    pieces = [sandbox.data("/search", query="a", limit=5, offset=start) for start in range(0, len(every), 5)]
    assert [hit["id"] for piece in pieces for hit in piece] == every


def test_only_five_thousand_hits_can_be_reached(sandbox: Sandbox) -> None:
    assert sandbox.get("/search", query="a", offset=4990, limit=10).status_code == 200
    assert sandbox.get("/search", query="a", offset=4990, limit=11).status_code == 400


def test_updates_are_those_since_a_moment_oldest_first(sandbox: Sandbox, time: Time) -> None:
    now = int(time.now().timestamp())
    every = sandbox.data("/updates", since=now - 86400)
    later = sandbox.data("/updates", since=now - 600)
    stamps = [row["timeStamp"] for row in every]
    assert stamps == sorted(stamps)
    assert later == [row for row in every if row["timeStamp"] >= now - 600]
    assert {row["recordType"] for row in every} == {""}


def test_an_update_that_deletes_a_duplicate_says_what_it_became(sandbox: Sandbox, time: Time) -> None:
    rows = sandbox.data("/updates", since=int(time.now().timestamp()) - 86400, type="series", action="delete")
    assert [(row["methodInt"], row["mergeToId"], row["mergeToEntityType"]) for row in rows] == [(3, 78878, "series")]


def test_updates_reach_back_three_months_and_no_further(sandbox: Sandbox, time: Time) -> None:
    now = int(time.now().timestamp())
    assert sandbox.get("/updates", since=now - 91 * 86400).status_code == 200
    assert sandbox.get("/updates", since=now - 93 * 86400).status_code == 400


def test_another_catalogues_id_leads_to_the_record(sandbox: Sandbox) -> None:
    assert sandbox.data("/search/remoteid/tt0903747")[0]["series"]["id"] == 81189
    assert sandbox.data("/search/remoteid/tt5628418")[0]["movie"]["id"] == 290
    assert sandbox.data("/search/remoteid/tt0000000") is None
