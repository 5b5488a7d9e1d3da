"""What the screen domain decides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.catalog.screen.records import Credit
from shared.catalog.screen.rules import Counts, is_stale, people_of, plausible

NOW = datetime(2026, 11, 22, tzinfo=UTC)
WEEK = timedelta(days=7)


def credit(tvdb_id: int, person: int | None) -> Credit:
    return Credit(tvdb_id=tvdb_id, person_tvdb_id=person, person_name=None, job="Actor", series_tvdb_id=1)


def test_a_copy_turns_stale_at_its_age() -> None:
    assert not is_stale(NOW - WEEK + timedelta(seconds=1), NOW, WEEK)
    assert is_stale(NOW - WEEK, NOW, WEEK)


def test_what_was_never_fetched_is_stale() -> None:
    assert is_stale(None, NOW, WEEK)


def test_people_are_asked_for_once_each_in_the_order_they_are_credited() -> None:
    credits_ = [credit(1, 30), credit(2, 10), credit(3, 30), credit(4, None)]
    assert people_of(credits_) == [30, 10]


@pytest.mark.parametrize(
    ("previous", "new"),
    [
        (None, Counts(0, 0, 0)),
        (Counts(0, 0, 0), Counts(0, 0, 0)),
        (Counts(5, 62, 40), Counts(5, 62, 40)),
        (Counts(5, 62, 40), Counts(6, 70, 44)),
        (Counts(5, 62, 40), Counts(5, 61, 39)),
        (Counts(6, 62, 40), Counts(3, 31, 20)),
        (Counts(2, 4, 3), Counts(1, 1, 1)),
    ],
    ids=str,
)
def test_growth_and_small_losses_are_believed(previous: Counts | None, new: Counts) -> None:
    assert plausible(previous, new)


@pytest.mark.parametrize(
    "new",
    [Counts(0, 62, 40), Counts(6, 0, 40), Counts(6, 62, 0), Counts(2, 62, 40), Counts(6, 30, 40), Counts(6, 62, 19)],
    ids=str,
)
def test_an_answer_that_lost_all_or_most_of_something_is_not_believed(new: Counts) -> None:
    assert not plausible(Counts(6, 62, 40), new)


def test_the_only_episode_of_a_series_does_not_vanish() -> None:
    assert not plausible(Counts(1, 1, 0), Counts(1, 0, 0))
