"""The rules of asking an upstream: turns, quotas, silence and the breaker, on a clock of their own."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import BreakerOpen, LimitReached
from shared.upstreams import pace
from shared.upstreams.pace import FIRST_PAUSE, LATE, LONGEST_PAUSE, PROBE, THRESHOLD, TRAVEL, Limit, State

NOON = datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("UTC")).timestamp()
PATIENT = 1e9


def turns(limit: Limit, moments: list[float]) -> list[float]:
    """Return when each request, that came at these moments, has its turn."""
    state, given_at = State(), []
    for moment in moments:
        state, wait = pace.take("test", limit, state, moment)
        given_at.append(moment + wait)
    return given_at


@given(
    most=st.integers(1, 50),
    burst=st.integers(1, 50),
    per=st.sampled_from([0.5, 1.0, 60.0]),
    gaps=st.lists(st.floats(0, 3), min_size=1, max_size=200),
    late=st.lists(st.floats(0, LATE + TRAVEL), min_size=200, max_size=200),
)
def test_no_window_ever_holds_more_requests_than_the_limit_even_if_each_arrives_late(
    most: int, burst: int, per: float, gaps: list[float], late: list[float]
) -> None:
    limit = Limit(most, per=per, burst=min(burst, most), patience=PATIENT)
    moments = [NOON + sum(gaps[: count + 1]) for count in range(len(gaps))]
    arrivals = sorted(turn + delay for turn, delay in zip(turns(limit, moments), late, strict=False))
    for index in range(len(arrivals) - most):
        assert arrivals[index + most] - arrivals[index] >= per - 1e-5, (index, arrivals)


def test_a_burst_passes_at_once_and_the_next_waits_its_turn() -> None:
    limit = Limit(10, burst=3, patience=PATIENT)
    assert turns(limit, [NOON] * 5) == pytest.approx(
        [NOON, NOON, NOON, NOON + limit.interval, NOON + 2 * limit.interval]
    )


def test_an_idle_time_earns_one_burst_and_no_more() -> None:
    limit = Limit(10, burst=3, patience=PATIENT)
    later = NOON + 3600
    assert turns(limit, [NOON] * 3 + [later] * 4)[3:] == pytest.approx([later] * 3 + [later + limit.interval])


def test_a_wait_longer_than_the_limit_s_patience_is_the_message_s_and_takes_no_turn() -> None:
    limit = Limit(1, patience=2.0)
    state = State()
    for _ in range(2):
        state, _ = pace.take("test", limit, state, NOON)
    with pytest.raises(LimitReached) as reached:
        pace.take("test", limit, state, NOON)
    assert reached.value.retry_after == pytest.approx(2 * limit.interval)
    assert pace.take("test", limit, state, NOON + 1.0)[1] == pytest.approx(2 * limit.interval - 1.0)


def test_a_burst_beyond_the_limit_is_refused_when_it_is_written_down() -> None:
    with pytest.raises(ValueError, match="burst"):
        Limit(5, burst=6)


def test_a_daily_quota_ends_at_midnight_where_the_upstream_lives() -> None:
    limit = Limit(100, burst=100, per_day=2, day_zone="America/Los_Angeles")
    state = State()
    for _ in range(2):
        state, _ = pace.take("ebay", limit, state, NOON)
    with pytest.raises(LimitReached) as reached:
        pace.take("ebay", limit, state, NOON)
    midnight = datetime(2026, 11, 23, tzinfo=ZoneInfo("America/Los_Angeles")).timestamp()
    assert reached.value.retry_after == pytest.approx(midnight - NOON)
    state, wait = pace.take("ebay", limit, state, midnight)
    assert (wait, state.used, state.day) == (0.0, 1, "2026-11-23")


def test_the_day_on_which_clocks_change_has_its_own_length() -> None:
    zone = ZoneInfo("America/Los_Angeles")
    begin = datetime(2026, 11, 1, tzinfo=zone).timestamp()
    state, _ = pace.take("ebay", Limit(9, per_day=1, day_zone=zone.key), State(), begin)
    with pytest.raises(LimitReached) as reached:
        pace.take("ebay", Limit(9, per_day=1, day_zone=zone.key), state, begin)
    assert reached.value.retry_after == 25 * 3600


def test_silence_that_an_upstream_asked_for_holds_for_everyone_and_never_gets_shorter() -> None:
    limit = Limit(100, burst=100, patience=2.0)
    state = pace.hold(pace.hold(State(), NOON, 7.0), NOON, 3.0)
    with pytest.raises(LimitReached) as reached:
        pace.take("tvdb", limit, state, NOON)
    assert reached.value.retry_after == 7.0
    assert pace.take("tvdb", limit, state, NOON + 7)[1] == 0.0


def test_failures_with_a_success_in_between_leave_the_breaker_closed() -> None:
    state = State()
    for _ in range(3):
        for _ in range(THRESHOLD - 1):
            state = pace.failed(state, NOON)
        state = pace.succeeded(state)
    assert state.breaker == 0


def test_failures_in_a_row_open_the_breaker_and_then_one_request_finds_out() -> None:
    limit = Limit(100, burst=100)
    state = failing(State(), NOON)
    assert state.breaker == 2
    with pytest.raises(BreakerOpen) as left_alone:
        pace.take("tvdb", limit, state, NOON + 1)
    assert left_alone.value.retry_after == FIRST_PAUSE - 1

    probing, wait = pace.take("tvdb", limit, state, NOON + FIRST_PAUSE)
    assert (wait, probing.breaker) == (0.0, 1)
    with pytest.raises(BreakerOpen):
        pace.take("tvdb", limit, probing, NOON + FIRST_PAUSE + 1)
    assert pace.succeeded(probing).breaker == 0
    assert pace.take("tvdb", limit, pace.succeeded(probing), NOON + FIRST_PAUSE + 1)[1] == 0.0


def test_a_probe_whose_process_died_leaves_the_next_one_to_find_out() -> None:
    limit = Limit(100, burst=100)
    probing, _ = pace.take("tvdb", limit, failing(State(), NOON), NOON + FIRST_PAUSE)
    again, _ = pace.take("tvdb", limit, probing, NOON + FIRST_PAUSE + PROBE)
    assert again.breaker == 1


def test_the_pause_doubles_with_each_probe_that_fails_up_to_the_longest() -> None:
    limit = Limit(100, burst=100)
    state, now, pauses = failing(State(), NOON), NOON, []
    for _ in range(8):
        pauses.append(state.open_until - now)
        now = state.open_until
        state, _ = pace.take("tvdb", limit, state, now)
        state = pace.failed(state, now)
    assert pauses == [15, 30, 60, 120, 240, 480, 600, 600]
    assert pauses[-1] == LONGEST_PAUSE


def test_answers_that_were_under_way_when_the_breaker_opened_do_not_prolong_it() -> None:
    opened = failing(State(), NOON)
    assert pace.failed(opened, NOON + 5).open_until == opened.open_until


def failing(state: State, now: float) -> State:
    for _ in range(THRESHOLD):
        state = pace.failed(state, now)
    return state
