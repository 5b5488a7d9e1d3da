"""How a process paces itself towards an upstream."""

from __future__ import annotations

import pytest

from shared.errors import LimitReached
from shared.upstreams.limit import PATIENCE, Limit


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def limit(time: Time, per_second: float = 10.0, burst: int = 3) -> Limit:
    return Limit("test", per_second, burst, clock=time, sleep=time.sleep)


def test_a_burst_passes_at_once_and_the_next_waits_its_turn() -> None:
    time = Time()
    paced = limit(time)
    assert [paced.take() for _ in range(3)] == [0.0, 0.0, 0.0]
    assert [round(paced.take(), 6) for _ in range(2)] == [0.1, 0.1]


def test_an_idle_time_earns_one_burst_and_no_more() -> None:
    time = Time()
    paced = limit(time)
    for _ in range(3):
        paced.take()
    time.now += 3600
    assert [paced.take() for _ in range(3)] == [0.0, 0.0, 0.0]
    assert paced.take() > 0


def test_a_long_wait_is_the_messages_and_takes_no_turn() -> None:
    time = Time()
    paced = limit(time, per_second=0.1, burst=1)
    paced.take()
    for _ in range(3):
        with pytest.raises(LimitReached) as caught:
            paced.take()
        assert caught.value.retry_after == pytest.approx(10.0)
    assert time.slept == []


def test_silence_that_an_upstream_asked_for_is_kept() -> None:
    time = Time()
    paced = limit(time)
    paced.hold(60.0)
    paced.hold(5.0)
    with pytest.raises(LimitReached) as caught:
        paced.take()
    assert caught.value.retry_after == pytest.approx(60.0)
    time.now += 59.0
    assert paced.take() == pytest.approx(1.0)


def test_patience_ends_before_the_shortest_delay_tier() -> None:
    assert PATIENCE < 5
