"""Generated series: always the same, consistent with each other, and of no weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.sandbox.tvdb.synthetic import Synthetic

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.sandbox.conftest import Sandbox

SAMPLE = [9_000_000, 9_000_001, 9_000_499, 9_000_998, 9_000_999]


def test_the_lists_hold_the_catalogue_and_the_generated_series(start: Callable[..., Sandbox]) -> None:
    alone, more = start(), start(synthetic=2)
    before = alone.get("/series").json()["links"]["total_items"]
    answer = more.get("/series", page=4).json()
    assert answer["links"]["total_items"] == before + 2000
    assert answer["data"][-1]["id"] == 9_001_999


def test_generated_series_are_the_same_each_time() -> None:
    for series_id in SAMPLE:
        assert Synthetic(1).series(series_id) == Synthetic(1).series(series_id)


def test_generated_series_differ_from_each_other() -> None:
    shelf = Synthetic(1)
    titles = {called for what, _, called in shelf.titles() if what == "series"}
    assert len(titles) == 1000


def test_everybody_in_a_generated_cast_knows_it() -> None:
    shelf = Synthetic(1)
    for series_id in SAMPLE:
        series = shelf.series(series_id)
        assert series is not None
        for credit in series.credits:
            assert shelf.person(credit.person) is not None
            assert (credit, series_id) in [(one, title.id) for one, title in shelf.credits_of(credit.person)]


def test_seasons_and_episodes_lead_back_to_their_series() -> None:
    shelf = Synthetic(1)
    for series_id in SAMPLE:
        series = shelf.series(series_id)
        assert series is not None
        assert all(shelf.series_of_season(season.id) == series for season in series.seasons)
        assert all(shelf.series_of_episode(episode.id) == series for episode in series.episodes)


def test_a_series_without_its_episodes_agrees_with_the_whole(start: Callable[..., Sandbox]) -> None:
    sandbox = start(synthetic=1)
    in_list = {row["id"]: row for row in sandbox.data("/series", page=0)}
    whole = sandbox.data("/series/9000000/extended", meta="episodes")
    assert in_list[9_000_000]["lastAired"] == whole["lastAired"] == whole["episodes"][-1]["aired"]


def test_ids_fit_into_a_signed_integer_of_four_bytes() -> None:
    shelf = Synthetic(200)
    last = shelf.series(shelf.series_ids[-1])
    assert last is not None
    ids = [season.id for season in last.seasons] + [episode.id for episode in last.episodes]
    assert max(ids + [credit.id for credit in last.credits]) < 2**31


def test_beyond_the_range_there_is_nothing() -> None:
    shelf = Synthetic(1)
    assert (shelf.series(9_001_000), shelf.series(8_999_999), shelf.person(9_003_000)) == (None, None, None)


@pytest.mark.parametrize("thousands", [-1, 201])
def test_more_than_the_ids_allow_is_refused(thousands: int) -> None:
    with pytest.raises(ValueError, match="thousand series"):
        Synthetic(thousands)


def test_the_search_finds_generated_series_and_people(start: Callable[..., Sandbox]) -> None:
    sandbox = start(synthetic=1)
    assert sandbox.data("/search", query="Amber Anchors", type="series")[0]["tvdb_id"] == "9000000"
    assert sandbox.data("/search", query="Ada Abbot", type="person")[0]["tvdb_id"] == "9000000"
