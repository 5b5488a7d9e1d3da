"""The age of a queue's first message, against queues whose every message is known."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.scaling.ages import POINTS, SETTLING, Age, Ages


@dataclass
class Queue:
    """A queue that is first in, first out, and tells what a broker would."""

    waiting: list[float] = field(default_factory=list)
    unacked: int = 0
    acked: int = 0

    def look(self, ages: Ages, at: float, rate: float = 0.0) -> Age:
        return ages.look(at, ready=len(self.waiting), unacked=self.unacked, acked=self.acked, rate=rate)

    def take(self, number: int) -> None:
        taken, self.waiting = self.waiting[:number], self.waiting[number:]
        self.unacked += len(taken)

    def settle(self, number: int) -> None:
        number = min(number, self.unacked)
        self.unacked -= number
        self.acked += number


intervals = st.lists(
    st.tuples(
        st.floats(0.5, 30),  # seconds since the look before
        st.lists(st.floats(0, 1), max_size=12),  # when within them messages arrive
        st.integers(0, 12),  # how many are taken
        st.integers(0, 12),  # and acknowledged
    ),
    max_size=60,
)


@given(intervals)
def test_of_a_queue_that_was_empty_it_is_wrong_by_one_interval_at_most(
    story: list[tuple[float, list[float], int, int]],
) -> None:
    queue, ages, at = Queue(), Ages(), 0.0
    assert queue.look(ages, at) == Age(0.0)
    longest = 0.0
    for seconds, arrivals, taken, settled in story:
        longest = max(longest, seconds)
        queue.waiting += sorted(at + seconds * part for part in arrivals)
        queue.take(taken)
        queue.settle(settled)
        at += seconds
        told = queue.look(ages, at)
        assert not told.guessed
        true = at - queue.waiting[0] if queue.waiting else 0.0
        assert told.seconds == pytest.approx(true, abs=longest + 1e-6)


@given(intervals, st.integers(1, 40), st.floats(0, 1000))
def test_what_was_there_before_the_first_look_is_at_least_as_old_as_that(
    story: list[tuple[float, list[float], int, int]], before: int, age: float
) -> None:
    queue, ages, at = Queue([-age] * before), Ages(), 0.0
    assert queue.look(ages, at) == Age(0.0, guessed=True)
    longest = 0.0
    for seconds, arrivals, taken, settled in story:
        longest = max(longest, seconds)
        queue.waiting += sorted(at + seconds * part for part in arrivals)
        queue.take(taken)
        queue.settle(settled)
        at += seconds
        told = queue.look(ages, at)
        true = at - queue.waiting[0] if queue.waiting else 0.0
        if told.guessed:
            assert queue.waiting
            assert queue.waiting[0] == -age
            assert told.seconds <= at + 1e-6
        else:
            assert told.seconds == pytest.approx(true, abs=longest + 1e-6)


def test_a_first_look_guesses_by_how_fast_messages_leave() -> None:
    assert Ages().look(50.0, ready=100, unacked=5, acked=7, rate=4.0) == Age(25.0, guessed=True)


@given(intervals, st.integers(0, 59))
def test_counts_that_begin_anew_with_the_broker_change_nothing(
    story: list[tuple[float, list[float], int, int]], when: int
) -> None:
    one, other, at = (Queue(), Ages()), (Queue(), Ages()), 0.0
    for queue, ages in (one, other):
        queue.look(ages, at)
    for number, (seconds, arrivals, taken, settled) in enumerate(story):
        for queue, _ in (one, other):
            queue.waiting += sorted(at + seconds * part for part in arrivals)
            queue.take(taken)
            if number == when and queue is other[0]:
                queue.acked = 0
            queue.settle(settled)
        at += seconds
        # A broker that was started again and has counted beyond the old number already cannot be told from one that
        # was not; that takes as many acknowledgements between two looks as there were in all before.
        if number == when and other[0].acked >= one[0].acked - min(settled, 12):
            return
        assert one[0].look(one[1], at) == other[0].look(other[1], at)


def test_a_purged_queue_is_young_again() -> None:
    queue, ages = Queue(), Ages()
    queue.look(ages, 0.0)
    queue.waiting = [1.0] * 1000
    queue.look(ages, 10.0)
    assert queue.look(ages, 300.0).seconds > 290
    queue.waiting = []
    queue.unacked = 3
    assert queue.look(ages, 310.0) == Age(0.0)
    queue.waiting = [312.0] * 5
    for at in (320.0, 330.0, 340.0):
        assert queue.look(ages, at).seconds <= at - 310
    queue.waiting += [345.0] * 5
    queue.take(5)
    assert queue.look(ages, 350.0).seconds <= 10


def test_messages_that_left_without_an_acknowledgement_are_forgotten_after_a_while() -> None:
    queue, ages = Queue(), Ages()
    queue.look(ages, 0.0)
    queue.waiting = [5.0] * 100
    queue.look(ages, 10.0)
    queue.waiting = queue.waiting[90:]  # dead-lettered, say
    at = 10.0
    while at < 10.0 + 2 * SETTLING:
        at += 5.0
        queue.look(ages, at)
    queue.waiting = [at + 1] * 10
    queue.acked += 10
    assert queue.look(ages, at + 5.0).seconds <= 5.0


def test_memory_is_bounded_however_long_a_queue_stands() -> None:
    queue, ages, at = Queue(), Ages(), 0.0
    queue.look(ages, at)
    for number in range(5000):
        at = number * 5.0
        queue.waiting.append(at)
        told = queue.look(ages, at)
        assert len(ages._history) <= POINTS + 1
    assert told.seconds == pytest.approx(at, rel=0.05)
