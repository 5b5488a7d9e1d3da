"""What happens when a schedule's time has come, early, late, or much too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.schedules.definition import MissedRun
from shared.schedules.rules import Turn, message_id, turn
from shared.schedules.trigger import Crontab, Interval, Once

SIX = datetime(2026, 5, 1, 6, tzinfo=UTC)
DAY = timedelta(days=1)
DAILY = Crontab("0 6 * * *", "UTC")
GRACE = 60


def late(seconds: float) -> datetime:
    return SIX + timedelta(seconds=seconds)


@pytest.mark.parametrize("missed_run", ["run_once", "skip"])
@pytest.mark.parametrize("seconds", [0, 0.001, 59.9, GRACE])
def test_a_run_within_the_grace_happens_whatever_the_policy(missed_run: MissedRun, seconds: float) -> None:
    assert turn(DAILY, SIX, late(seconds), missed_run, GRACE) == Turn(SIX, SIX + DAY)


def test_a_missed_run_happens_late_where_it_is_to_run_once() -> None:
    assert turn(DAILY, SIX, late(GRACE + 1), "run_once", GRACE) == Turn(SIX, SIX + DAY)


def test_however_many_runs_were_missed_one_happens() -> None:
    assert turn(DAILY, SIX, SIX + 9.5 * DAY, "run_once", GRACE) == Turn(SIX, SIX + 10 * DAY)


def test_a_missed_run_does_not_happen_where_it_is_to_be_skipped() -> None:
    assert turn(DAILY, SIX, late(GRACE + 1), "skip", GRACE) == Turn(None, SIX + DAY)
    assert turn(DAILY, SIX, SIX + 9.5 * DAY, "skip", GRACE) == Turn(None, SIX + 10 * DAY)


def test_of_runs_that_are_skipped_when_missed_the_one_still_within_the_grace_happens() -> None:
    assert turn(DAILY, SIX, SIX + 9 * DAY + timedelta(seconds=30), "skip", GRACE) == Turn(SIX + 9 * DAY, SIX + 10 * DAY)


def test_one_moment_has_no_following() -> None:
    assert turn(Once(SIX), SIX, SIX, "run_once", GRACE) == Turn(SIX, None)
    assert turn(Once(SIX), SIX, SIX + DAY, "run_once", GRACE) == Turn(SIX, None)
    assert turn(Once(SIX), SIX, SIX + DAY, "skip", GRACE) == Turn(None, None)


@given(
    st.integers(1, 5000),
    st.integers(0, 100_000),
    st.integers(0, 100_000),
    st.sampled_from(["run_once", "skip"]),
)
def test_a_turn_never_fires_for_the_future_nor_lets_the_next_be_in_the_past(
    interval: int, seconds: int, grace: int, missed_run: MissedRun
) -> None:
    trigger = Interval(interval)
    due = trigger.next_after(SIX)
    now = due + timedelta(seconds=seconds)
    happens = turn(trigger, due, now, missed_run, grace)
    assert happens.following is not None
    assert now < happens.following <= now + timedelta(seconds=interval)
    if happens.due is not None:
        assert due <= happens.due <= now
        assert missed_run == "run_once" or now - happens.due <= timedelta(seconds=grace)
    else:
        assert missed_run == "skip"
        assert grace < interval or seconds > grace


def test_an_id_is_the_same_for_the_same_schedule_and_due_time_and_for_no_other() -> None:
    assert message_id("daily", SIX) == "40e0ad21-b58c-5bbc-9b38-485286e9782b"
    assert message_id("daily", SIX.astimezone(timezone(timedelta(hours=-5)))) == message_id("daily", SIX)
    ids = {message_id(name, at) for name in ("daily", "weekly") for at in (SIX, SIX + DAY, late(0.000001))}
    assert len(ids) == 6
