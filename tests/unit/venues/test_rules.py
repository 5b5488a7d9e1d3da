"""What the venues domain decides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.catalog.venues.rules import AHEAD, Judgement, judge, may_be_unchanged, window

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_reading_is_about_what_is_under_way_and_more_than_a_year_ahead() -> None:
    assert window(NOW).since <= NOW - timedelta(hours=12)
    assert window(NOW).until == NOW + AHEAD
    assert timedelta(days=366) < AHEAD


@pytest.mark.parametrize(("held", "yielded"), [(0, 0), (4, 0), (5, 1), (20, 4), (100, 20), (3, 300)])
def test_a_small_loss_or_that_of_a_small_house_is_believed(held: int, yielded: int) -> None:
    assert judge(held, yielded, 0) == "fine"


@pytest.mark.parametrize(("held", "yielded"), [(5, 0), (20, 3), (100, 19), (100, 0)])
@pytest.mark.parametrize(("suspicions", "judgement"), [(0, "suspected"), (1, "suspected"), (2, "believed")])
def test_a_large_loss_is_believed_the_third_time_in_a_row(
    held: int, yielded: int, suspicions: int, judgement: Judgement
) -> None:
    assert judge(held, yielded, suspicions) == judgement


def test_a_site_is_asked_for_changes_only_for_a_day_after_it_was_read_whole() -> None:
    assert not may_be_unchanged(None, NOW)
    assert may_be_unchanged(NOW - timedelta(hours=23), NOW)
    assert not may_be_unchanged(NOW - timedelta(hours=24), NOW)
