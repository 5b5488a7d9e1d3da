"""Acknowledging by one frame: never what is in work, and in the end all that is done."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from consumers.acks import Acks


class Broker:
    """Knows, as a broker does, which deliveries are still unacknowledged."""

    def __init__(self) -> None:
        self.frames: list[tuple[int, bool]] = []
        self.unacknowledged: set[int] = set()
        self.later: list[Callable[[], None]] = []
        self.acks = Acks(self, lambda _, function: self.later.append(function))

    def deliver(self, *tags: int) -> None:
        for tag in tags:
            self.unacknowledged.add(tag)
            self.acks.arrived(tag)

    def basic_ack(self, tag: int, multiple: bool = False) -> None:
        acknowledged = {each for each in self.unacknowledged if each <= tag} if multiple else {tag}
        assert acknowledged <= self.unacknowledged, "twice is an error that closes the channel"
        assert acknowledged
        self.frames.append((tag, multiple))
        self.unacknowledged -= acknowledged


def test_a_bundle_with_nothing_before_it_is_one_frame() -> None:
    broker = Broker()
    broker.deliver(*range(1, 11))
    broker.acks.done(range(1, 6))
    assert broker.frames == [(5, True)]
    assert broker.unacknowledged == {6, 7, 8, 9, 10}


def test_a_bundle_waits_for_an_earlier_one_and_both_are_one_frame() -> None:
    broker = Broker()
    broker.deliver(*range(1, 11))
    broker.acks.done(range(6, 11))
    assert broker.frames == []
    broker.acks.done(range(1, 6))
    assert broker.frames == [(10, True)]


def test_a_bundle_waits_only_a_moment_for_a_message_that_takes_long() -> None:
    broker = Broker()
    broker.deliver(1, 2, 3)
    broker.acks.done([2, 3])
    assert (broker.frames, len(broker.later)) == ([], 1)
    broker.later.pop()()
    assert broker.frames == [(2, False), (3, False)]
    broker.acks.settled(1)
    assert len(broker.frames) == 2


def test_after_the_connection_is_lost_nothing_of_it_is_acknowledged() -> None:
    broker = Broker()
    broker.deliver(1, 2, 3)
    broker.acks.done([2, 3])
    broker.acks.forget()
    broker.later.pop()()
    assert broker.frames == []


@given(st.data())
def test_whatever_the_order_nothing_in_work_is_acknowledged_and_in_the_end_all_is(data: st.DataObject) -> None:
    broker = Broker()
    sizes = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=12))
    first, works = 1, []
    for size in sizes:
        works.append(range(first, first + size))
        first += size
    broker.deliver(*range(1, first))
    in_work = set(range(1, first))
    for work in data.draw(st.permutations(works)):
        if len(work) == 1 and data.draw(st.booleans()):
            broker.basic_ack(work[0])
            in_work -= set(work)
            broker.acks.settled(work[0])
        else:
            in_work -= set(work)
            broker.acks.done(work)
        if data.draw(st.booleans()) and broker.later:
            broker.later.pop()()
        assert in_work <= broker.unacknowledged
    while broker.later:
        broker.later.pop()()
    assert broker.unacknowledged == set()
