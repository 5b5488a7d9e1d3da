"""Adaptations from end to end: a scraping pool reads the stand-ins of Wikidata and TMDb."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.contracts.adaptations import IngestWikidata, RefreshTmdb
from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually

NOTHING = {"added": 0, "changed": 0, "withdrawn": 0}


@pytest.fixture(scope="module", autouse=True)
def pool(stack: Stack, maintenance: Running) -> Iterator[Running]:  # noqa: ARG001 - keeps what dies
    """Start a scraping pool of one process."""
    worker = stack.worker("scraping", concurrency=1)
    yield worker
    worker.stop()


@pytest.fixture(scope="module", autouse=True)
def first(stack: Stack, pool: Running) -> dict[str, Any]:  # noqa: ARG001 - does it
    """Read Wikidata once."""
    (message,) = stack.ask(IngestWikidata())
    return stack.ended(message, within=60)


def test_wikidata_is_read_whole(stack: Stack, first: dict[str, Any]) -> None:
    assert first["status"] == "succeeded"
    found = stack.rows(
        """SELECT (SELECT count(*) FROM works) AS works, (SELECT count(*) FROM screen_works) AS screen_works,
                  (SELECT count(*) FROM adaptation_edges) AS edges"""
    )
    assert found == [first["result"]["held"]]
    assert found[0]["edges"] > 10


def test_reading_it_again_changes_nothing(stack: Stack) -> None:
    (message,) = stack.ask(IngestWikidata())

    changes = stack.ended(message, within=60)["result"]["changes"]

    assert changes == {"works": NOTHING, "screen_works": NOTHING, "edges": NOTHING, "merged": 0}


def test_a_refresh_that_is_cut_off_keeps_what_it_has_and_the_rest_follows_by_itself(stack: Stack) -> None:
    due = "SELECT count(*) AS left FROM screen_works WHERE num_nonnulls(tmdb_movie_id, tmdb_tv_id, imdb_id) > 0"
    wanted = stack.rows(due)[0]["left"]
    stack.fault(path="/tmdb/3/[mt]*", skip=4, times=1, status=503, headers={"Retry-After": "1"})
    (message,) = stack.ask(RefreshTmdb(limit=1000))

    result = stack.ended(message, within=60)["result"]

    assert "503" in result["ended"]
    assert result["refreshed"] == 4
    assert 0 < result["left"] == wanted - 4 - result["gone"]
    eventually(
        lambda: stack.rows(f"{due} AND tmdb_synced_at IS NULL")[0]["left"] == 0,
        within=60,
        what="the rest of the titles",
    )
    posters = stack.rows("SELECT count(*) AS number FROM screen_works WHERE poster IS NOT NULL AND summary IS NOT NULL")
    assert posters[0]["number"] > wanted / 2
